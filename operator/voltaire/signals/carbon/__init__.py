"""Sources of carbon intensity, one module each.

- Written down: `static`, `config_map`, `trace` (with `table` and `tables`).
- Given by a provider: `electricity_maps`, `watttime`, `neso`, `rte`, `energy_charts`, `open_electricity`.
- Computed from what generates (`mix`, `factors`): `entsoe`, `eia`.
- From what a site already runs: `carbon_aware_sdk`, `azure_exporter`, `prometheus`.

Each is a `samples.CarbonSource`: asked for a time, it answers with samples on half-open intervals in UTC and
with the basis they have, or raises a `voltaire.signals.errors.SignalError`. None of them judges freshness or
order: `voltaire.signals.zone` does.
"""

"""Sources of carbon intensity: `static`, `config_map`, `trace`, `electricity_maps`.

Each is a `samples.CarbonSource`: asked for a time, it answers with samples on half-open intervals in UTC and
with the basis they have, or raises a `voltaire.signals.errors.SignalError`. None of them judges freshness or
order: `voltaire.signals.zone` does.
"""

"""Signals: what the grids and the batteries report, checked before anybody relies on it.

Door in: `build.build_zone_watcher` and `build.build_battery_watcher`, given a spec and `build.SignalDeps`.
Door out: `ZoneWatcher.poll` gives a `voltaire.api.values.ZoneSignal`, `BatteryWatcher.poll` a `BatteryState`;
both always answer, and say in `reason` and `message` why they know nothing when they do not.

- `carbon/`: one module per source of carbon intensity, all behind `carbon.samples.CarbonSource`.
- `zone.py`: one signal per grid zone out of its sources in order; `history.py`, `forecasting.py` and
  `accuracy.py` are its parts.
- `battery/`: one reader per interface, units and signs, the watcher; writers where a battery is controlled.
- `http.py`, `addresses.py`, `hosts.py`: the ways out to the network, and where they may not lead.
- `errors.py`: everything that can be wrong with a signal.

Nothing here knows Kubernetes: Secrets and ConfigMaps are read through callables that are passed in.
"""

"""Batteries.

Readers of a site, one for each interface: `prometheus`, `json_document`, `openems`, `sunspec`, `mqtt`,
`victron`, `vessim`. What they need of the wire: `modbus`, `mqtt_connection`, `mqtt_listener`, `json_path`,
`times`. `convert` brings units and signs to ours and refuses what cannot be, `sign_check` finds out a wrong
sign, `watcher` keeps the state, `build` makes a watcher out of a spec. `control` writes to a site.
"""

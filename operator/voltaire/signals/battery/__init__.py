"""Batteries: `prometheus` and `json_document` read a site, `convert` brings units and signs to ours and
refuses what cannot be, `watcher` keeps the state."""

"""Pure planning: `plan(snapshot, now) -> Plan`. No clock, no network, no Kubernetes."""

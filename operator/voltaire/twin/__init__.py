"""The digital twin: the operator's planner, hysteresis, budgets and ledger, driven by traces instead of
clusters."""

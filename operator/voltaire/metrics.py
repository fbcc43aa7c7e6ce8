"""Prometheus metrics. Gauges are set from the picture when it changes; a scrape reads memory only.

What is deleted leaves nothing behind: `forget` ends its series, counters too.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

WORKLOADS = Gauge("voltaire_workloads", "AIWorkloads by phase.", ["phase"])
INTENSITY = Gauge(
    "voltaire_grid_intensity_grams_per_kwh", "Carbon intensity now, gCO2eq/kWh.", ["zone", "signal"]
)
ZONE_FRESH = Gauge("voltaire_grid_zone_fresh", "1 while a fresh, believable value is known.", ["zone"])
FORECAST_ERROR = Gauge(
    "voltaire_forecast_error",
    "Mean absolute error of a forecast as a share of the mean: used, provider or own.",
    ["zone", "forecast", "lead_hours"],
)
ZONE_AGE = Gauge("voltaire_grid_zone_age_seconds", "Age of the value in use, from its start.", ["zone"])
SIGNAL_ANSWERS = Counter(
    "voltaire_signal_answers_total",
    "Answers of carbon sources by what became of them: Used, or the reason they were not.",
    ["zone", "source", "result"],
)
SIGNAL_REFUSED = Counter(
    "voltaire_signal_refused_total",
    "Values and whole answers of carbon sources that were not believed.",
    ["zone", "source", "reason"],
)
CLUSTER_REACHABLE = Gauge("voltaire_cluster_reachable", "1 while the member answers.", ["cluster"])
ACCELERATORS = Gauge("voltaire_accelerators", "Accelerators by type and state.", ["cluster", "type", "state"])
SOC = Gauge("voltaire_battery_soc", "State of charge, 0 to 1.", ["battery"])
STORED = Gauge(
    "voltaire_battery_stored_grams_per_kwh", "Intensity of the energy a battery holds.", ["battery"]
)
BATTERY_PLANNED = Gauge(
    "voltaire_battery_planned_kw", "Power the plan gives a battery now, kW; positive discharges.", ["battery"]
)
BATTERY_CONTROLLED = Gauge(
    "voltaire_battery_controlled", "1 while the site holds to what was written.", ["battery"]
)
BATTERY_STEPS = Counter(
    "voltaire_battery_control_steps_total", "Steps of control of batteries by result.", ["battery", "result"]
)
ACTIONS = Counter("voltaire_actions_total", "Requests to members.", ["cluster", "verb", "result"])
DECISIONS = Counter("voltaire_decisions_total", "Decisions that changed something.", ["action", "reason"])
MIGRATIONS = Counter("voltaire_migrations_total", "Migrations begun.")
PLAN_SECONDS = Histogram(
    "voltaire_plan_seconds", "Time one plan takes.", buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60)
)
PLAN_GRAMS = Gauge(
    "voltaire_plan_grams", "What the last plan costs: emissions, with lateness and changes at their prices."
)
PLAN_BOUND = Gauge("voltaire_plan_bound_grams", "What no plan of the same fleet can be below.")
PLAN_GAP = Gauge("voltaire_plan_gap", "Certified gap of the last plan: (grams - bound) / bound.")
PLAN_FAILURES = Counter("voltaire_plan_failures_total", "Plans that failed.")
STATUS_WRITES = Counter("voltaire_status_writes_total", "Status writes by kind.", ["kind", "result"])
LOOP_LAG = Histogram(
    "voltaire_event_loop_lag_seconds",
    "How late the event loop wakes.",
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
)
TASK_RESTARTS = Counter("voltaire_task_restarts_total", "Background tasks that failed.", ["task"])
LEADING = Gauge("voltaire_leading", "1 while this process leads.")
QUEUE = Gauge("voltaire_queue_length", "Workloads waiting for a step.")


def forget(**labels: str) -> None:
    """End every series that carries these labels: what they name is no more.

    A zone that two GridZones share, or a counter that begins again at 0 when a name comes back, is the
    caller's affair.
    """
    for metric in [one for one in globals().values() if isinstance(one, Counter | Gauge | Histogram)]:
        samples = [sample for family in metric.collect() for sample in family.samples]
        for values in {tuple(s.labels.values()) for s in samples if labels.items() <= s.labels.items()}:
            metric.remove(*values)

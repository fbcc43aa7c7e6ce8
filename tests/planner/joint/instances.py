"""Problems from a seed: clusters with a daily swing of intensity, gangs of log-normal length and slack."""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint import Battery, Cluster, Mode, Problem, Workload


def fleet(clusters: int, slots: int, slot_hours: float, capacity: int, rng: np.random.Generator,
          batteries: bool = False) -> tuple[Cluster, ...]:  # fmt: skip
    """Intensity: a level of 30 to 600 g/kWh, a daily swing of up to 40 %, slow noise. One accelerator
    type."""
    hours = np.arange(slots) * slot_hours
    made = []
    for c in range(clusters):
        level, swing, phase = rng.uniform(30, 600), rng.uniform(0.05, 0.4), rng.uniform(0, 24)
        noise = np.cumsum(rng.normal(0, 0.03, slots)) * np.sqrt(slot_hours)
        series = level * np.maximum(0.1, 1 + swing * np.sin(2 * np.pi * (hours + phase) / 24) + noise)
        peak = capacity * 0.7
        sun = np.maximum(0.0, np.sin(2 * np.pi * (hours - 6 + phase) / 24)) * peak * 0.3
        pack = Battery(
            "pack", peak, peak / 2, peak / 10, peak / 4, peak / 4, 0.97, 0.97, 5.0, float(series[0])
        )
        here = batteries and c % 2 == 0
        made.append(
            Cluster(
                f"c{c:03d}",
                {"a100": capacity},
                tuple(series.round(3)),
                {"a100": 0.7},
                pue=1.2,
                solar_kw=tuple(sun.round(3)) if here else (),
                solar_grams_per_kwh=40.0 if here else 0.0,
                batteries=(pack,) if here else (),
            )
        )
    return tuple(made)


def jobs(
    count: int, clusters: tuple[Cluster, ...], slots: int, slot_hours: float, rng: np.random.Generator
) -> list[Workload]:
    """Gangs of 1 to 64, 1 to 24 h, slack 10 to 300 %; 30 % run through, 20 % are bound to a third of the
    fleet. What waits at first is 30 % in a horizon of two days, and no more work in a longer one. Deadlines
    leave two slots besides, or rounding to slots would make some of them hopeless."""
    horizon = slots * slot_hours
    made, names = [], [c.name for c in clusters]
    later = 1.0 - 0.3 * min(1.0, 48.0 / horizon)
    for j in range(count):
        hours = float(np.clip(rng.lognormal(1.2, 0.9), 0.5, min(24.0, horizon / 2)))
        window = min(hours * (1 + rng.uniform(0.1, 3.0)), horizon)
        start = float(rng.uniform(0, horizon - window)) if rng.random() < later else 0.0
        size = float(rng.uniform(5, 500))
        bound = rng.random() < 0.2
        made.append(
            Workload(
                f"j{j:06d}",
                round(hours, 3),
                int(2 ** rng.integers(0, 7)),
                clusters=tuple(sorted(rng.choice(names, max(1, len(names) // 3), replace=False)))
                if bound
                else None,
                earliest_hours=round(start, 3),
                deadline_hours=round(start + window + 2 * slot_hours, 3),
                required=True,
                mode=Mode.NEVER if rng.random() < 0.3 else Mode.MIGRATE,
                lost_hours=0.05,
                restore_hours=0.05,
                transfer_hours=round(size / 450, 4),
                transfer_kwh=round(size * 0.06, 3),
                start_kwh=0.05,
            )
        )
    return made


def instance(count: int, clusters: int = 20, slots: int = 192, slot_hours: float = 0.25, load: float = 0.6,
             seed: int = 0, batteries: bool = False) -> Problem:  # fmt: skip
    """`load`: work over capacity, gang hours over accelerator hours."""
    rng = np.random.default_rng(seed)
    names = fleet(clusters, slots, slot_hours, 1, np.random.default_rng(seed))
    work = jobs(count, names, slots, slot_hours, rng)
    needed = sum(w.hours * w.accelerators for w in work) / load / (clusters * slots * slot_hours)
    capacity = max(64, int(np.ceil(needed)))
    rng = np.random.default_rng(seed)
    return Problem(
        slots, slot_hours, fleet(clusters, slots, slot_hours, capacity, rng, batteries), tuple(work)
    )

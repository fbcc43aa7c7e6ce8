"""From what was seen to figures, and to a table."""

from __future__ import annotations

import json
import os
import platform
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.machine import Use
from tests.bench.scrape import Scrape

OPERATOR, PLANNER = "hub/voltaire-operator", "hub/planner"
QUANTILES = (0.5, 0.95, 0.99)
_WRITING = {"POST", "PUT", "PATCH", "DELETE"}


def errors_in(log: Path) -> list[str]:
    """Lines that are errors or carry an exception, or that no logger wrote."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            found.append(line)
            continue
        if entry.get("level") in ("error", "critical") or "exception" in entry:
            found.append(line)
    return found


def operator_figures(seen: Scrape, own: Use, planner: Use, cpu: Mapping[str, float]) -> dict[str, Any]:
    """Of the operator's process and its planner's."""
    plans = seen.sum("voltaire_plan_seconds_count")
    return {
        "peak_rss_mb": own.peak_mb,
        "planner_peak_rss_mb": planner.peak_mb,
        "cpu_seconds": cpu[OPERATOR],
        "planner_cpu_seconds": cpu[PLANNER],
        "loop_lag_seconds": seen.quantiles("voltaire_event_loop_lag_seconds", QUANTILES),
        "plans": plans,
        "plan_seconds": seen.quantiles("voltaire_plan_seconds", QUANTILES),
        "plan_seconds_mean": seen.sum("voltaire_plan_seconds_sum") / plans if plans else None,
        "plan_failures": seen.sum("voltaire_plan_failures_total"),
        "task_restarts": seen.sum("voltaire_task_restarts_total"),
        "status_writes": {
            " ".join(key): count
            for key, count in seen.by("voltaire_status_writes_total", "kind", "result").items()
            if count
        },
        "requests": {
            " ".join(key): count
            for key, count in seen.by("voltaire_actions_total", "verb", "result").items()
            if count
        },
    }


def writes(before: Mapping[str, Scrape], after: Mapping[str, Scrape]) -> dict[str, float]:
    """Writes that the API servers were asked for, whoever asked, by verb and resource; members together."""
    found: dict[str, float] = defaultdict(float)
    for name, scrape in after.items():
        counted = scrape.minus(before[name]).by("apiserver_request_total", "verb", "resource", "subresource")
        where = "hub" if name == "hub" else "members"
        for (verb, resource, sub), count in counted.items():
            if verb in _WRITING and count:
                found[f"{where}: {verb} {resource}{f'/{sub}' if sub else ''}"] += count
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))


def summary(found: Mapping[str, Any]) -> str:
    """One line about the operator's part, while the plain client still works."""
    own, rate = found["operator"], found["placements_per_second"]
    lag = _quantiles(own["loop_lag_seconds"])
    took = f"{own['peak_rss_mb']:.0f} MB, {own['cpu_seconds']:.1f} CPU seconds"
    return f"{rate:.1f} placements/s, {took}, event-loop lag {lag}"


def by_program(cpu: Mapping[str, float]) -> dict[str, float]:
    """CPU seconds of the lab's programs, all clusters together."""
    found: dict[str, float] = defaultdict(float)
    for name, seconds in cpu.items():
        found[name.rpartition("/")[2]] += seconds
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))


def result(found: dict[str, Any], count: int) -> dict[str, Any]:
    """With the ratios, the machine, and what is wrong (an empty list where nothing is)."""
    operator, plain = found["operator"], found["plain"]
    rate = found["placements_per_second"]
    ratios = {name: rate / figures["workloads_per_second"] for name, figures in plain.items()}
    counted = ("logged_errors", "task_restarts", "plan_failures")
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    return {
        "workloads": count,
        "machine": machine,
        **found,
        "ratio_to_plain": ratios,
        "wrong": [f"{operator[name]:g} {name.replace('_', ' ')}" for name in counted if operator[name]],
    }


def table(result: dict[str, Any]) -> str:
    """For people."""
    operator, seconds, plain = result["operator"], result["seconds"], result["plain"]
    rows: list[tuple[str, str]] = [
        ("AIWorkloads", str(result["workloads"])),
        ("cores", str(result["machine"]["cores"])),
        ("created by the administrator", f"{seconds['created']:.1f} s"),
        ("all placed, Jobs created", f"{seconds['placed']:.1f} s"),
        ("all pods running", f"{seconds['pods_running']:.1f} s"),
        ("all statuses Running", f"{seconds['known_running']:.1f} s"),
        ("placements", f"{result['placements_per_second']:.1f} /s"),
    ]
    for name, figures in plain.items():
        told = f"{figures['workloads_per_second']:.1f} /s = {figures['writes_per_second']:.0f} writes/s"
        rows.append((f"plain client, {name.replace('_', ' ')}", told))
        rows.append(("  placements against it", f"{result['ratio_to_plain'][name]:.0%}"))
    rows += [
        ("operator: peak memory", f"{operator['peak_rss_mb']:.0f} MB"),
        ("  its planner's", f"{operator['planner_peak_rss_mb']:.0f} MB"),
        ("operator: CPU", f"{operator['cpu_seconds']:.1f} s"),
        ("  its planner's", f"{operator['planner_cpu_seconds']:.1f} s"),
        ("event-loop lag", _quantiles(operator["loop_lag_seconds"])),
        ("  an idle thread's beside it", _quantiles(result["idle_thread_lag_seconds"])),
        (f"{operator['plans']:.0f} plans took", _quantiles(operator["plan_seconds"])),
        ("status writes", _counts(operator["status_writes"])),
        ("requests to members", _counts(operator["requests"])),
        ("CPU seconds", ", ".join(f"{k} {v:.0f}" for k, v in result["cpu_seconds"].items())),
        ("writes served", ", ".join(f"{k} {v:.0f}" for k, v in list(result["writes"].items())[:14])),
        ("wrong", ", ".join(result["wrong"]) or "nothing"),
    ]
    return "\n".join(f"{name:<34} {value}" for name, value in rows)


def _quantiles(found: Mapping[str, float | None]) -> str:
    return ", ".join(
        f"{name} {'off the scale' if value is None else f'{1000 * value:.0f} ms'}"
        for name, value in found.items()
    )


def _counts(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {count:.0f}" for name, count in found.items()) or "none"

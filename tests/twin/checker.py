"""The identities of a twin's result, by arithmetic of this file's own: from the JSON alone."""

from __future__ import annotations

from typing import Any

TINY = 1e-6


def close(a: float, b: float) -> bool:
    return abs(a - b) <= TINY * max(1.0, abs(a), abs(b))


def check(result: dict[str, Any]) -> None:
    """Every identity of every policy; an AssertionError names what is broken."""
    for name, played in result["policies"].items():
        clusters = {c["name"]: c for c in result["clusters"]}
        for series in played["clusters"]:
            _check_site(result, clusters[series["name"]], series, played, name)
        for series in played["batteries"]:
            _check_battery(result, series, name)
        jobs = {job["id"]: job for job in result["jobs"]}
        assert [line["id"] for line in played["timelines"]] == list(jobs), name
        for line in played["timelines"]:
            _check_job(result, jobs[line["id"]], line, clusters, name)
        _check_capacity(jobs, clusters, played, name)
        _check_energy(result, jobs, played, name)
        _check_totals(result, played, name)


def _check_site(
    result: dict[str, Any], cluster: dict[str, Any], s: dict[str, Any], played: dict[str, Any], where: str
) -> None:
    hours = result["slotMinutes"] / 60
    here = {b["name"] for b in result["batteries"] if b["cluster"] == cluster["name"]}
    packs = [b for b in played["batteries"] if b["name"] in here]
    sun = [b["solarKWh"] for b in result["batteries"] if b["cluster"] == cluster["name"]]
    for k in range(result["slots"]):
        spot = (where, cluster["name"], k)
        facility = s["itKWh"][k] * cluster["pue"] + cluster["hostOverheadKW"] * hours
        assert close(s["facilityKWh"][k], facility), spot
        grid = sum(p["chargeGridKWh"][k] for p in packs)
        solar = sum(p["chargeSolarKWh"][k] for p in packs)
        given = s["gridKWh"][k] + s["solarUsedKWh"][k] + s["batteryKWh"][k]
        assert close(facility + grid + solar, given), spot
        assert close(s["grams"][k], s["gridKWh"][k] * cluster["gramsPerKWh"][k]), spot
        assert close(s["batteryKWh"][k], sum(p["dischargeKWh"][k] for p in packs)), spot
        assert s["batteryKWh"][k] <= facility + TINY, spot
        assert -TINY <= s["solarUsedKWh"][k] <= sum(row[k] for row in sun) + TINY, spot
        assert s["gridKWh"][k] >= -TINY, spot


def _check_battery(result: dict[str, Any], s: dict[str, Any], where: str) -> None:
    pack = next(b for b in result["batteries"] if b["name"] == s["name"])
    cluster = next(c for c in result["clusters"] if c["name"] == pack["cluster"])
    hours, soc, stored = result["slotMinutes"] / 60, pack["initialSocKWh"], pack["initialGramsPerKWh"]
    for k in range(result["slots"]):
        spot = (where, s["name"], k)
        charge, given = s["chargeGridKWh"][k] + s["chargeSolarKWh"][k], s["dischargeKWh"][k]
        assert min(charge, given) >= -TINY, spot
        assert charge <= pack["maxChargeKW"] * hours + TINY, spot
        assert given <= pack["maxDischargeKW"] * hours + TINY, spot
        gained = charge * pack["chargeEfficiency"]
        if gained > 0:
            grams = soc * stored + s["chargeGridKWh"][k] * cluster["gramsPerKWh"][k]
            stored = grams / (soc + gained)
        soc = soc + gained - given / pack["dischargeEfficiency"]
        assert close(s["socKWh"][k], soc), spot
        assert close(s["storedGramsPerKWh"][k], stored), spot
        assert pack["reserve"] * pack["capacityKWh"] - TINY <= soc <= pack["capacityKWh"] + TINY, spot


def _check_job(
    result: dict[str, Any], job: dict[str, Any], line: dict[str, Any], clusters: dict[str, Any], where: str
) -> None:
    spot, before, at, sent = (where, job["id"]), job["arrivalH"], None, 0.0
    for begin, end, cluster, kind in line["runs"]:
        assert before - TINY <= begin <= end, spot
        before = end
        if kind == "Transfer":
            sent = end - begin
            continue
        if job["residency"]:
            assert set(job["residency"]) & set(clusters[cluster]["jurisdictions"]), spot
        if at is not None:
            assert job["interruptible"], spot
            if cluster != at:
                assert sent >= job["checkpointGB"] / result["migration"]["gbPerHour"] - TINY, spot
        at, sent = cluster, 0.0
    worked = sum(end - begin for begin, end, _, kind in line["runs"] if kind == "Run")
    if line["doneH"] is not None:
        assert close(worked, job["durationH"] + line["lostH"]), spot
        assert close(line["doneH"], line["runs"][-1][1]), spot
    late = line["doneH"] is None or line["doneH"] > job["deadlineH"] + TINY
    assert line["missed"] == late, spot


def _check_capacity(
    jobs: dict[str, Any], clusters: dict[str, Any], played: dict[str, Any], where: str
) -> None:
    for name, cluster in clusters.items():
        runs = [
            (begin, end, jobs[line["id"]])
            for line in played["timelines"]
            for begin, end, at, kind in line["runs"]
            if at == name and kind != "Transfer"
        ]
        for moment in {begin for begin, _, _ in runs}:
            held = [job for begin, end, job in runs if begin <= moment + TINY < end]
            gangs = sum(job["accelerators"] for job in held)
            assert gangs <= sum(cluster["capacity"].values()), (where, name, moment)
            if cluster["powerLimitKW"] is not None:
                drawn = sum(job["kWPerAccelerator"] * job["accelerators"] for job in held)
                assert drawn * cluster["pue"] <= cluster["powerLimitKW"] + TINY, (where, name, moment)


def _check_energy(result: dict[str, Any], jobs: dict[str, Any], played: dict[str, Any], where: str) -> None:
    """IT energy is what the runs drew, and what the network's share amounts to."""
    clusters = {c["name"]: c for c in result["clusters"]}
    for series in played["clusters"]:
        drawn = sum(
            (end - begin) * jobs[line["id"]]["kWPerAccelerator"] * jobs[line["id"]]["accelerators"]
            for line in played["timelines"]
            for begin, end, at, kind in line["runs"]
            if at == series["name"] and kind != "Transfer"
        )
        network = sum(series["transferKWh"]) / clusters[series["name"]]["pue"]
        assert close(sum(series["itKWh"]), drawn + network), (where, series["name"])
    moved = sum(sum(series["transferKWh"]) for series in played["clusters"])
    assert moved <= played["summary"]["gbMoved"] * result["migration"]["kWhPerGB"] + TINY, where


def _check_totals(result: dict[str, Any], played: dict[str, Any], where: str) -> None:
    summary = played["summary"]
    assert close(summary["grams"], sum(sum(c["grams"]) for c in played["clusters"])), where
    assert summary["missed"] == sum(line["missed"] for line in played["timelines"]), where
    assert summary["violations"] == 0, where
    held = sum(
        b["socKWh"][-1] * b["storedGramsPerKWh"][-1] - first["initialSocKWh"] * first["initialGramsPerKWh"]
        for first, b in zip(result["batteries"], played["batteries"], strict=True)
    )
    assert close(summary["storedChangeGrams"], held), where
    shown = sum(sum(c["attributedGrams"]) for c in played["clusters"])
    assert close(summary["grams"], shown + held), where

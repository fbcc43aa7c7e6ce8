"""One receipt for each stay: opened when pods ran, closed once when they were proven gone.

A migration's transfer is billed to the stay it led to:

    transfer [kWh] = checkpoint [GB] x kWh/GB        at the mean of both ends' intensity when it began
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.aiworkload import Receipt
from voltaire.api.values import Series
from voltaire.ledger.energy import Bill, bill, hours

KEPT = 128


@dataclass(frozen=True, slots=True)
class Stay:
    """A copy whose pods run: where, since when, with how much IT power."""

    cluster: str
    epoch: int
    start: datetime
    power_kw: float


@dataclass(frozen=True, slots=True)
class Site:
    """What turns IT energy of a cluster into grams. `supply`: g/kWh that occurred, None if unknown."""

    pue: float
    supply: Series | None


Sites = Mapping[str, Site]


@dataclass(frozen=True, slots=True)
class Transfer:
    """What moving a checkpoint costs."""

    size_gb: float
    kwh_per_gb: float


def advance(
    receipts: Sequence[Receipt],
    stays: Iterable[Stay],
    ended: datetime,
    now: datetime,
    sites: Sites,
    transfer: Transfer,
) -> list[Receipt]:
    """The receipts as of `now`: one open for each running stay, all others closed.

    `ended`: when the stay that runs no longer was proven gone; a time before a receipt began is about another
    one. Doing it twice gives the same.
    """
    running = {(stay.cluster, stay.epoch): stay for stay in stays}
    done: list[Receipt] = []
    for receipt in receipts:
        if receipt.end is not None:
            done.append(receipt)
        elif (receipt.cluster, receipt.epoch) in running:
            running.pop((receipt.cluster, receipt.epoch))
            done.append(_billed(receipt, None, now, sites))
        else:
            end = min(ended, now) if ended >= receipt.start else now
            done.append(_billed(receipt, end, now, sites))
    for stay in sorted(running.values(), key=lambda stay: stay.epoch):
        if any((receipt.cluster, receipt.epoch) == (stay.cluster, stay.epoch) for receipt in done):
            continue
        done.append(_billed(_opened(stay, done, sites, transfer), None, now, sites))
    return _bounded(done)


def _opened(stay: Stay, earlier: Sequence[Receipt], sites: Sites, transfer: Transfer) -> Receipt:
    moved = Bill()
    if earlier and earlier[-1].cluster != stay.cluster and transfer.size_gb > 0:
        moved = _transfer_bill(earlier[-1].cluster, stay, sites, transfer)
    return Receipt(
        cluster=stay.cluster,
        epoch=stay.epoch,
        start=stay.start,
        power_kw=stay.power_kw,
        transfer_kwh=moved.energy_kwh,
        transfer_grams=moved.grams,
        energy_kwh=moved.energy_kwh,
        grams=moved.grams,
        unknown_kwh=moved.unknown_kwh,
    )


def _transfer_bill(origin: str, stay: Stay, sites: Sites, transfer: Transfer) -> Bill:
    energy = transfer.size_gb * transfer.kwh_per_gb
    supplies = (sites[name].supply for name in (origin, stay.cluster) if name in sites)
    ends = [value for supply in supplies if supply and (value := supply.at(stay.start)) is not None]
    if len(ends) < 2:
        return Bill(energy, 0.0, energy)
    return Bill(energy, energy * sum(ends) / 2, 0.0)


def _billed(receipt: Receipt, end: datetime | None, now: datetime, sites: Sites) -> Receipt:
    site = sites.get(receipt.cluster)
    if site is None or receipt.power_kw is None:  # its cluster is gone: what was billed stands
        return receipt.model_copy(update={"end": end})
    until = max(receipt.start, now if end is None else end)
    run = _run(receipt, receipt.power_kw * site.pue, site.supply, until)
    # A transfer without grams is one of unknown intensity (or of zero: then this errs on the safe side).
    unknown = receipt.transfer_kwh if receipt.transfer_grams == 0 else 0.0
    return receipt.model_copy(
        update={
            "end": end,
            "energy_kwh": run.energy_kwh + receipt.transfer_kwh,
            "grams": run.grams + receipt.transfer_grams,
            "unknown_kwh": run.unknown_kwh + unknown,
        }
    )


def _run(receipt: Receipt, facility_kw: float, supply: Series | None, until: datetime) -> Bill:
    """What the run has cost: from the supply where that is known since it began, which heals late values;
    else what was billed before stands, and only what came after is added."""
    if (supply is not None and supply.start <= receipt.start) or facility_kw == 0:
        return bill(facility_kw, supply, receipt.start, until)
    energy = receipt.energy_kwh - receipt.transfer_kwh
    billed = receipt.start + timedelta(hours=energy / facility_kw)
    moved = receipt.transfer_kwh if receipt.transfer_grams == 0 else 0.0
    kept = Bill(energy, receipt.grams - receipt.transfer_grams, max(0.0, receipt.unknown_kwh - moved))
    if billed <= until:
        return kept + bill(facility_kw, supply, billed, until)
    share = hours(receipt.start, until) / hours(receipt.start, billed)
    return Bill(kept.energy_kwh * share, kept.grams * share, kept.unknown_kwh * share)


def _bounded(receipts: list[Receipt]) -> list[Receipt]:
    """At most KEPT receipts; the oldest are merged into one, so that the sums stay right."""
    while len(receipts) > KEPT:
        first, second = receipts[0], receipts[1]
        merged = second.model_copy(
            update={
                "start": first.start,
                **{
                    name: getattr(first, name) + getattr(second, name)
                    for name in ("energy_kwh", "grams", "unknown_kwh", "transfer_kwh", "transfer_grams")
                },
                "power_kw": None,
            }
        )
        receipts = [merged, *receipts[2:]]
    return receipts


def total(receipts: Iterable[Receipt]) -> Bill:
    """The sum of receipts."""
    result = Bill()
    for receipt in receipts:
        result += Bill(receipt.energy_kwh, receipt.grams, receipt.unknown_kwh)
    return result


def running_seconds(receipts: Iterable[Receipt], now: datetime) -> float:
    """Seconds that copies ran in all."""
    return sum(((r.end or now) - r.start).total_seconds() for r in receipts)

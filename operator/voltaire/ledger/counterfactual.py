"""What the same work would have emitted without Voltaire: started on arrival at home, run through,
same power and PUE model, at the intensity that then really occurred there.

    hours at home = work done [s at throughput 1] / throughput at home / 3600
    grams         = bill(IT power x PUE, supply at home, arrival, arrival + hours)

It is computed for the work done so far, so it grows with the work and needs no forecast.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from voltaire.ledger.energy import Bill, bill
from voltaire.ledger.receipts import Site


def counterfactual(
    work_seconds: float, arrival: datetime, home: Site, power_kw: float, throughput: float = 1.0
) -> Bill | None:
    """The bill at home; None when it could not have run there (throughput 0)."""
    if throughput <= 0:
        return None
    end = arrival + timedelta(seconds=work_seconds / throughput)
    return bill(power_kw * home.pue, home.supply, arrival, end)


def saved_share(grams: float, counterfactual_grams: float) -> float | None:
    """Share saved; negative where Voltaire cost more; None where there is nothing to compare with."""
    if counterfactual_grams <= 0:
        return None
    return 1.0 - grams / counterfactual_grams


def saved_text(share: float | None) -> str | None:
    """For people: `37%`, `-4%`."""
    return None if share is None else f"{share:.0%}"

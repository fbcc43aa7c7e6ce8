"""What is expected of a signal where nobody says: learned from its past, judged by its errors. Pure.

Door in: `Forecaster.learn`, given a series of what occurred. Door out: `Forecaster.predict`, means for the
steps asked for, and `Forecaster.errors`, how wrong it has been by lead time.

- `grid.py`: any series on a grid of 5 to 60 minutes in UTC, gaps as NaN.
- `shapes.py`: what the days and weeks before say of each step.
- `features.py`: how those differ from the level now, for a moment and a lead time.
- `experts.py`: simple forecasts and a general blend, all weights on the same features.
- `learning.py`: the signal's own blend, and trust in each expert by its recent errors.
- `meter.py`: readings of a meter, a site's load for one.
- `solar.py`, `sun.py`: the power of a solar plant, by a forecast of how clear the sky is.
"""

from voltaire.forecast.forecaster import Forecaster

__all__ = ["Forecaster"]

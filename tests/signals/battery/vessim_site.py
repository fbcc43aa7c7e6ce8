"""Runs a Vessim simulation for a few seconds, with its API, and goes on answering: `vessim_site.py PORT`.

A data centre that draws 800 W beside 1,500 W of sun; the battery takes the rest.
"""

from __future__ import annotations

import sys
import time

import vessim as vs

STEPS = 3


class Api(vs.Api):  # type: ignore[misc]
    """Vessim's own, whose broker stays when the simulation is over, as where it runs by itself."""

    def finalize(self) -> None:
        pass


def main(port: int) -> None:
    environment = vs.Environment.live(step_size=1)
    environment.add_microgrid(
        name="dc1",
        actors=[vs.Actor(name="server", signal=-800.0), vs.Actor(name="pv", signal=1500.0)],
        dispatchables=[vs.SimpleBattery(name="bess", capacity=5000, initial_soc=0.6, min_soc=0.2)],
    )
    environment.add_controller(Api(broker_port=port, request_timeout=60.0))
    environment.run(until=STEPS)
    time.sleep(600)


if __name__ == "__main__":
    main(int(sys.argv[1]))

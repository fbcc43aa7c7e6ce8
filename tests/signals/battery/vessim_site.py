"""Runs a Vessim simulation for a few seconds and goes on answering: `python vessim_site.py PORT`.

A data centre that draws 800 W beside 1,500 W of sun; the battery takes the rest. Simulation and documents are
Vessim's own (`vs.Api` pushes them); only its broker is replaced by a small one that keeps the last document,
because the original needs a web framework that comes with an extra.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import vessim as vs

STEPS = 3


class Broker(BaseHTTPRequestHandler):
    """What `vessim._broker` does of a microgrid's state."""

    states: dict[str, Any] = {}  # noqa: RUF012 (shared by all requests, on purpose)

    def do_GET(self) -> None:
        if self.path == "/internal/commands":
            self._answer({"commands": []})
        else:
            state = self.states.get(self.path.removeprefix("/microgrids/"))
            self._answer(state or {"detail": "No data available"}, 200 if state else 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/internal/data/"):
            self.states[self.path.removeprefix("/internal/data/")] = body
        self._answer({"status": "ok"})

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def _answer(self, document: Any, status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Api(vs.Api):  # type: ignore[misc]
    """Vessim's own, with the small broker."""

    def _start_broker(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", self.broker_port), Broker)
        self.broker_url = f"http://127.0.0.1:{self.broker_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()


def main(port: int) -> None:
    environment = vs.Environment.live(step_size=1)
    environment.add_microgrid(
        name="dc1",
        actors=[vs.Actor(name="server", signal=-800.0), vs.Actor(name="pv", signal=1500.0)],
        dispatchables=[vs.SimpleBattery(name="bess", capacity=5000, initial_soc=0.6, min_soc=0.2)],
    )
    environment.add_controller(Api(broker_port=port))
    environment.run(until=STEPS)
    time.sleep(600)  # what a simulation that ended leaves behind


if __name__ == "__main__":
    main(int(sys.argv[1]))

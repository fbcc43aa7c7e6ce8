"""A real Prometheus server (`make packages` installs it) that scrapes one target every second."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.signals.battery.builders import free_port


@asynccontextmanager
async def prometheus_of(target: str, folder: Path) -> AsyncIterator[str]:
    """The address of a server that is ready and scrapes `target` (host:port)."""
    program = shutil.which("prometheus")
    assert program, "the tests run a real Prometheus: `make packages` installs it"
    config, port = folder / "prometheus.yml", free_port()
    config.write_text(
        "scrape_configs: [{job_name: site, scrape_interval: 1s, "
        f"static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=quiet,
        stderr=quiet,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        await _ready(url)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _ready(url: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            try:
                if (await client.get(f"{url}/-/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("Prometheus does not get ready")

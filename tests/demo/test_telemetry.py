import aiohttp

from tests.demo.builders import battery_spec
from voltaire.demo.telemetry import TelemetryServer


async def test_a_site_answers_on_loopback_until_it_is_stopped() -> None:
    assert battery_spec().telemetry.http is not None
    server = TelemetryServer({"california": lambda: {"battery": {"soc": 0.5}}})
    await server.start()
    url = server.url("california")
    try:
        assert url.startswith("http://127.0.0.1:")
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as answer:
                assert await answer.json() == {"battery": {"soc": 0.5}}
            async with session.get(server.url("elsewhere")) as answer:
                assert answer.status == 404
    finally:
        await server.stop()

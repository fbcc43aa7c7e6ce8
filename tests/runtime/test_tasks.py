"""Tasks that are ended do end, whatever they drop; of one name, the next begins when the last has."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from voltaire import tasks
from voltaire.runtime.keyed import Keyed, Work
from voltaire.tasks import end


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PATIENCE", 0.05)


async def deaf(times: int) -> str:
    """Drops this many cancellations."""
    for _ in range(times):
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            continue
    await asyncio.sleep(3600)
    return "never"


async def begun(times: int, name: str = "deaf") -> asyncio.Task[str]:
    task = asyncio.create_task(deaf(times), name=name)
    await asyncio.sleep(0)
    return task


async def test_a_cancellation_that_arrives_with_the_answer_is_repeated() -> None:
    answer = asyncio.get_running_loop().create_future()

    async def waiting() -> None:
        await asyncio.wait_for(answer, 60)
        await asyncio.sleep(3600)

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    answer.set_result(None)
    await end(task)
    assert task.cancelled()


@pytest.mark.parametrize("times", [0, 1, 4])
async def test_what_drops_cancellations_is_cancelled_again(times: int) -> None:
    task = await begun(times)
    await end(task)
    assert task.cancelled()


async def test_what_never_ends_is_left_behind_and_named() -> None:
    task = await begun(tasks.ATTEMPTS, "the deaf one")
    with capture_logs() as logs:
        await end(task)
    assert [(line["event"], line["task"]) for line in logs] == [("task does not end", "the deaf one")]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_tidying_up_is_not_disturbed() -> None:
    tidy: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.02)
            tidy.append(True)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await end(task)
    assert tidy == [True]


async def test_nothing_to_end_and_what_has_failed() -> None:
    async def failing() -> None:
        raise ValueError("bad")

    await end()
    await end(asyncio.create_task(failing()))


class Told:
    """What happened, in order."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def work(self, name: str, drops: int = 0) -> Work:
        async def run() -> None:
            self.said.append(f"{name} begins")
            try:
                await deaf(drops)
            finally:
                self.said.append(f"{name} ends")

        return run

    def farewell(self, name: str, seconds: float = 0.0) -> Work:
        async def run() -> None:
            await asyncio.sleep(seconds)
            self.said.append(f"farewell to {name}")

        return run


@pytest_asyncio.fixture
async def keyed() -> AsyncIterator[Keyed]:
    found = Keyed()
    yield found
    await found.close()


async def test_a_task_that_missed_its_cancellation_stops_at_a_checkpoint(keyed: Keyed) -> None:
    passed: list[int] = []

    async def work() -> None:
        keyed.checkpoint()
        passed.append(1)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        keyed.checkpoint()
        passed.append(2)

    keyed.replace("a", "1", work)
    await asyncio.sleep(0.01)
    keyed.replace("a", None, work)
    await asyncio.sleep(0.01)
    assert passed == [1]
    assert not keyed._past


async def test_the_next_begins_after_the_last_and_its_farewell(keyed: Keyed) -> None:
    told = Told()
    keyed.replace("a", "1", told.work("one", drops=1))
    await asyncio.sleep(0.01)
    keyed.replace("a", "2", told.work("two"), told.farewell("one", 0.02))
    assert keyed.wanted("a") == "2"
    keyed.replace("a", "3", told.work("three"), told.farewell("two"))
    await asyncio.sleep(0.3)
    assert told.said == ["one begins", "one ends", "farewell to one", "farewell to two", "three begins"]


async def test_what_works_from_the_same_is_left_alone(keyed: Keyed) -> None:
    told = Told()
    for _ in range(2):
        keyed.replace("a", "1", told.work("one"), told.farewell("one"))
        keyed.replace("b", None, told.work("none"), told.farewell("none"))
        await asyncio.sleep(0.01)
    assert told.said == ["one begins"]


async def test_one_that_is_slow_to_end_delays_no_other(keyed: Keyed) -> None:
    told = Told()
    keyed.replace("a", "1", told.work("one"))
    await asyncio.sleep(0.01)
    keyed.replace("a", None, told.work("none"), told.farewell("one", 60))
    keyed.replace("b", "1", told.work("other"))
    await asyncio.sleep(0.01)
    assert told.said == ["one begins", "one ends", "other begins"]
    assert keyed.wanted("a") is None


async def test_closing_ends_farewells_and_all_that_runs(keyed: Keyed) -> None:
    told = Told()
    keyed.replace("a", "1", told.work("one", drops=2))
    await asyncio.sleep(0.01)
    keyed.replace("a", "2", told.work("two"), told.farewell("one", 60))
    keyed.replace("b", "1", told.work("other", drops=1))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        await keyed.close()
    assert sorted(told.said) == ["one begins", "one ends", "other begins", "other ends"]
    assert len(asyncio.all_tasks()) == 1

"""The work queue: every key once, never twice at the same time, no later than asked."""

from __future__ import annotations

import asyncio

import pytest

from voltaire.executor.queue import KeyedQueue


async def take(queue: KeyedQueue, within: float = 1.0) -> str:
    async with asyncio.timeout(within):
        return await queue.take()


async def test_a_key_added_twice_comes_once() -> None:
    queue = KeyedQueue()
    queue.add("a")
    queue.add("a")
    assert await take(queue) == "a"
    queue.done("a")
    with pytest.raises(TimeoutError):
        await take(queue, 0.05)


async def test_a_key_added_while_worked_on_comes_again_only_after_it_is_done() -> None:
    queue = KeyedQueue()
    queue.add("a")
    assert await take(queue) == "a"
    queue.add("a")
    with pytest.raises(TimeoutError):
        await take(queue, 0.05)
    queue.done("a")
    assert await take(queue) == "a"


async def test_a_busy_key_does_not_hold_up_another() -> None:
    queue = KeyedQueue()
    queue.add("a")
    await take(queue)
    queue.add("a")
    queue.add("b")
    assert await take(queue) == "b"


async def test_an_earlier_wish_replaces_a_later_one_but_not_the_other_way_round() -> None:
    queue = KeyedQueue()
    queue.add("a", 60)
    queue.add("a", 0.01)
    queue.add("a", 30)
    assert await take(queue) == "a"
    assert len(queue) == 0


async def test_a_taker_that_waits_is_woken_by_a_new_key() -> None:
    queue = KeyedQueue()
    taker = asyncio.create_task(take(queue))
    await asyncio.sleep(0)
    queue.add("late")
    assert await taker == "late"

"""Listens to topics, for ever, and keeps the last message of each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import aiomqtt

from voltaire.api.battery_sources import Broker
from voltaire.clock import Clock
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.errors import NoData, SignalError, TimedOut, Unauthorized
from voltaire.signals.source_state import failure
from voltaire.tasks import end

# How long a new listener waits for the first messages; wall-clock seconds, as all here.
PATIENCE_SECONDS = 6.0
SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
MAX_PAYLOAD_BYTES = 1 << 18
_REFUSED = 128  # from here on, what a broker grants to a subscription is a refusal

Greet = Callable[[aiomqtt.Client], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived, and when, by our clock. `retained`: the broker kept it, for nobody knows how long."""

    payload: bytes
    retained: bool
    received: datetime


class Listener:
    """Connects at the first `messages`, and again whenever the connection breaks.

    `greet`, if given, is called once connected and then every `greet_seconds`. A retained message does not
    replace one that came live unless its topic is in `dated`: those carry their own time.
    """

    def __init__(
        self,
        broker: Broker,
        topics: Collection[str],
        brokers: Brokers,
        clock: Clock,
        *,
        dated: Collection[str] = (),
        greet: Greet | None = None,
        greet_seconds: float = 20.0,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._broker = broker
        self._topics = sorted(set(topics))
        self._brokers = brokers
        self._clock = clock
        self._dated = frozenset(dated)
        self._greet = greet
        self._greet_seconds = greet_seconds
        self._patience_seconds = patience_seconds
        self._messages: dict[str, Message] = {}
        self._error: SignalError | None = None
        self._changed = asyncio.Event()
        self._waited = False
        self._connected = False
        self._task: asyncio.Task[None] | None = None

    async def messages(self) -> dict[str, Message]:
        """The last message of every topic that has one. Waits a little for the first ones.

        Raises SignalError while there is no connection.
        """
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name=f"mqtt {self._broker.host}")
        if not self._waited:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience_seconds):
                    await self._first()
            self._waited = True
        if self._error is not None:
            raise self._error.with_traceback(None)
        if not self._connected:
            raise TimedOut(f"{self._broker.host} has not let us in yet")
        return dict(self._messages)

    async def aclose(self) -> None:
        """Stop listening."""
        if self._task is not None:
            await end(self._task)
            self._task = None

    async def _first(self) -> None:
        """Until every topic has a message, or there is no connection."""
        while self._error is None and len(self._messages) < len(self._topics):
            self._changed.clear()
            await self._changed.wait()

    async def _listen(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            try:
                async with self._brokers.connect(self._broker) as client:
                    await self._subscribe(client)
                    self._connected, self._error, pause = True, None, SHORTEST_PAUSE
                    await self._receive(client)
            except Exception as error:
                self._error = failure(error)
            else:
                self._error = NoData("the broker ended the connection")
            self._connected = False
            self._changed.set()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        """Raises Unauthorized where the broker does not let us read."""
        for topic in self._topics:
            granted = await client.subscribe(topic, qos=1)
            for code in granted:
                if getattr(code, "value", code) >= _REFUSED:
                    raise Unauthorized(f"the broker does not let us read the topic {topic}")

    async def _receive(self, client: aiomqtt.Client) -> None:
        greeting = asyncio.create_task(self._keep_greeting(client)) if self._greet is not None else None
        try:
            async for message in client.messages:
                self._keep(message)
        finally:
            if greeting is not None:
                await end(greeting)

    async def _keep_greeting(self, client: aiomqtt.Client) -> None:
        while self._greet is not None:
            await self._greet(client)
            await asyncio.sleep(self._greet_seconds)

    def _keep(self, message: aiomqtt.Message) -> None:
        topic, payload = str(message.topic), message.payload
        if not isinstance(payload, bytes):
            payload = b"" if payload is None else str(payload).encode()
        if message.retain and topic in self._messages and topic not in self._dated:
            return
        held = payload[: MAX_PAYLOAD_BYTES + 1]
        self._messages[topic] = Message(held, bool(message.retain), self._clock.now())
        self._changed.set()

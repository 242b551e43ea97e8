"""Group commit without Redis: who shares a transaction, and who pays for whose failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from redis.exceptions import ConnectionError as RedisAway

from router.hooks import committer
from router.hooks.committer import AT_MOST, Committer, NotKept, Unstorable
from workers.clock import DrivenClock
from workers.deliveries.intake import Received


def delivery(name: str, body: bytes = b"") -> Received:
    """One delivery, known by its id."""
    return Received(id=name, source="s", source_type="generic", received_at=1.0, body=body)


class Book:
    """What was written, and how writing goes wrong."""

    def __init__(self, refuse: Exception | None = None, poison: str = "") -> None:
        self.batches: list[list[str]] = []
        self.rung = 0
        self.refuse = refuse
        self.poison = poison
        self.gate = asyncio.Event()
        self.gate.set()
        self.committer = Committer(self.write, DrivenClock(1.0), self.ring)

    async def write(self, batch: Sequence[Received], _now: float) -> None:
        self.batches.append([one.id for one in batch])
        await self.gate.wait()
        if self.refuse is not None:
            raise self.refuse
        if self.poison in self.batches[-1]:
            raise TypeError(self.poison)

    def ring(self) -> None:
        self.rung += 1

    async def keep(self, received: Received) -> None:
        """Submit it and wait until its fate is told; what went wrong is raised."""
        fate: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.committer.submit(received, lambda wrong: fate.done() or fate.set_result(wrong))
        if (wrong := await fate) is not None:
            raise wrong

    async def hold(self, *names: str, body: bytes = b"") -> list[asyncio.Task[None]]:
        """Let deliveries wait for a write that is under way."""
        tasks = [asyncio.create_task(self.keep(delivery(name, body))) for name in names]
        for _ in range(3):
            await asyncio.sleep(0)
        return tasks


def test_alone_a_delivery_waits_for_nobody() -> None:
    """One delivery, one transaction, one bell."""

    async def story() -> None:
        book = Book()
        await book.keep(delivery("a"))
        assert book.batches == [["a"]]
        assert book.rung == 1

    asyncio.run(story())


def test_what_comes_during_a_write_goes_together_in_order() -> None:
    """The next transaction takes everything that gathered."""

    async def story() -> None:
        book = Book()
        book.gate.clear()
        tasks = await book.hold("a") + await book.hold("b", "c", "d")
        book.gate.set()
        await asyncio.gather(*tasks)
        assert book.batches == [["a"], ["b", "c", "d"]]

    asyncio.run(story())


def test_a_batch_is_bounded_by_number_and_by_bytes() -> None:
    """A storm becomes several transactions; one huge delivery goes alone."""

    async def story() -> None:
        book = Book()
        book.gate.clear()
        tasks = await book.hold("first")
        tasks += await book.hold(*(f"small {number}" for number in range(AT_MOST + 1)))
        tasks += await book.hold("huge 1", "huge 2", body=bytes(3 * 1024 * 1024))
        book.gate.set()
        await asyncio.gather(*tasks)
        assert [len(batch) for batch in book.batches] == [1, AT_MOST, 1, 1, 1]

    asyncio.run(story())


def test_a_refusal_of_redis_fails_the_whole_batch_and_rings_nothing() -> None:
    """Nobody is told 202 for what was not written."""

    async def story() -> None:
        book = Book(refuse=RedisAway("gone"))
        outcomes = await asyncio.gather(*await book.hold("a", "b"), return_exceptions=True)
        assert [type(one) for one in outcomes] == [NotKept, NotKept]
        assert book.rung == 0

    asyncio.run(story())


def test_after_a_refusal_the_next_delivery_is_kept() -> None:
    """An outage leaves nothing behind."""

    async def story() -> None:
        book = Book(refuse=RedisAway("gone"))
        with pytest.raises(NotKept):
            await book.keep(delivery("a"))
        book.refuse = None
        await book.keep(delivery("b"))

    asyncio.run(story())


def test_a_slow_redis_counts_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The most impatient sender waits a second."""
    monkeypatch.setattr(committer, "PATIENCE", 0.01)

    async def story() -> None:
        book = Book()
        book.gate.clear()
        outcomes = await asyncio.gather(*await book.hold("a", "b"), return_exceptions=True)
        assert [type(one) for one in outcomes] == [NotKept, NotKept]
        await book.committer.settle()
        assert book.batches == [["a", "b"]]
        assert book.rung == 0

    asyncio.run(story())


def test_one_sender_that_leaves_does_not_break_its_batch() -> None:
    """All of it is kept, also what nobody waits for any more."""

    async def story() -> None:
        book = Book()
        book.gate.clear()
        tasks = await book.hold("a") + await book.hold("b", "c")
        tasks[1].cancel()
        await asyncio.sleep(0)
        book.gate.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(outcomes[1], asyncio.CancelledError)
        assert book.batches == [["a"], ["b", "c"]]

    asyncio.run(story())


def test_one_delivery_that_cannot_be_written_down_does_not_take_its_neighbours() -> None:
    """It alone is told so; the others are kept one by one."""

    async def story() -> None:
        book = Book(poison="bad")
        book.gate.clear()
        tasks = await book.hold("a") + await book.hold("b", "bad", "c")
        book.gate.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in outcomes] == [type(None), type(None), Unstorable, type(None)]

    asyncio.run(story())


def test_an_answer_that_fails_is_no_failure_of_its_neighbours() -> None:
    """Whoever is told after it is told all the same, and the next batch is written."""

    async def story() -> None:
        book = Book()
        told: list[Exception | None] = []
        book.committer.submit(delivery("a"), lambda _: 1 / 0)
        book.committer.submit(delivery("b"), told.append)
        await book.committer.settle()
        await book.keep(delivery("c"))
        assert told == [None]
        assert book.batches == [["a", "b"], ["c"]]

    asyncio.run(story())


def test_too_much_waiting_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded: beyond, the sender waits."""
    monkeypatch.setattr(committer, "WAITING_AT_MOST", 4096)

    async def story() -> None:
        book = Book()
        book.gate.clear()
        tasks = await book.hold("a") + await book.hold("b")
        with pytest.raises(NotKept):
            await book.keep(delivery("c", bytes(4096)))
        book.gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(story())

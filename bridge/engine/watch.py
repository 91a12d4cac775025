"""One reader per network: observe, prove, check against the order, put in the inbox."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from hashlib import sha256

import structlog

from bridge.core.agreement import agreeing
from bridge.core.canonical import Value
from bridge.core.events import Fact
from bridge.core.ids import Cursor, EntryId, SettlementId, derived_id, findable, new_ulid
from bridge.engine.book import step
from bridge.engine.loop import Inbox
from bridge.notary.entries import Draft, Group
from bridge.notary.outcomes import Committed, Outcome, RefusedGroup
from bridge.notary.state.view import View
from bridge.ports import (
    Clock,
    Door,
    FinalityBroken,
    Notice,
    Observation,
    Page,
    Unavailable,
    Unproved,
)

log = structlog.stdlib.get_logger(__name__)

SILENCE_S = 60  # a reader that yields nothing that long is asked again from where it stands
BACK_OFF_S = (0.2, 0.5, 1, 2, 5, 10, 30)  # between tries at a network that is not there

Verify = Callable[[bytes], tuple[Fact, ...]]


class Heard:
    """One observation on its way into the ledger, with its reader's cursor."""

    asked = False

    def __init__(
        self, reader: str, seen: Observation, entropy: Callable[[int], bytes], clock: Clock
    ) -> None:
        self.reader = reader
        self._seen = seen
        self._entropy = entropy
        self._clock = clock
        self.taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def concerns(self) -> tuple[SettlementId, ...]:
        subject = self._seen.subject
        return (subject.settlement,) if isinstance(subject, Fact) else ()

    def build(self, view: View) -> Group | None:
        """Return evidence, step and bookings of a fact, or the bare cursor with what is kept."""
        fact = self._seen.subject if isinstance(self._seen.subject, Fact) else None
        settlement = view.settlement(fact.settlement) if fact is not None else None
        if fact is not None and settlement is None:
            log.error("fact.unowned", settlement_id=fact.settlement, network_id=fact.network)
        if fact is None or settlement is None:
            return self._bare() if self._seen.keep else None
        told = agreeing(settlement.order, fact, settlement.history)
        if told is not fact:
            log.error("fact.disputed", settlement_id=fact.settlement, network_id=fact.network)
        taken = step(view, settlement, told)
        if taken is None:
            return self._bare() if self._seen.keep else None
        evidence = Draft(
            id=derived_id(fact.settlement, "evidence", told.key),
            kind="evidence",
            body=self._body(told),
        )
        raw = self._seen.evidence
        proof: tuple[tuple[str, bytes | None], ...] = (
            ((f"bytes/{sha256(raw).hexdigest()}", raw),) if raw else ()
        )
        return Group(
            id=derived_id(fact.settlement, "heard", told.key),
            drafts=(evidence, *taken.drafts),
            side=(*proof, *self._kept()),
            spends=False,
        )

    def _bare(self) -> Group:
        name = EntryId(new_ulid(self._clock.now(), self._entropy(10)))
        return Group(
            id=name,
            drafts=(Draft(id=name, kind="evidence", body=self._body(None)),),
            side=self._kept(),
            spends=False,
        )

    def _body(self, fact: Fact | None) -> dict[str, Value]:
        body: dict[str, Value] = {
            "reader": self.reader,
            "cursor": self._seen.cursor,
            "keep": [
                {"key": key, "sha256": sha256(kept).hexdigest() if kept is not None else ""}
                for key, kept in self._seen.keep
            ],
        }
        if fact is not None:
            body["settlement"] = fact.settlement
            body["network"] = fact.network
            body["shows"] = type(fact).__name__
            body["sha256"] = sha256(self._seen.evidence).hexdigest()
            if self._seen.tx is not None and (named := findable((self._seen.tx,))):
                body["tx"] = named[0]
        return body

    def _kept(self) -> tuple[tuple[str, bytes | None], ...]:
        return tuple((f"kept/{self.reader}/{key}", kept) for key, kept in self._seen.keep)

    def settle(self, outcome: Outcome | None) -> None:
        """Acknowledge; a refused group is trouble that must not be passed over."""
        if isinstance(outcome, RefusedGroup):
            log.error("group.refused", code=outcome.code, why=outcome.sentence)
        settled = outcome is None or isinstance(outcome, Committed) or not self.concerns
        if not self.taken.done() and settled:
            self.taken.set_result(None)
        elif not self.taken.done():
            self.taken.set_exception(Untaken(str(outcome)))

    def fail(self, error: BaseException) -> None:
        """Pass the ledger's trouble to the reader."""
        if not self.taken.done():
            self.taken.set_exception(error)
            self.taken.exception()  # the loop raises it; the reader may be gone already


class Untaken(RuntimeError):
    """Raised where the ledger refused a final fact: a bug of ours, so the daemon stops."""


class Watch:
    """Reads one network while the daemon lives; one that is not there is waited for."""

    def __init__(
        self,
        reader: str,
        door: Door,
        verify: Verify,
        inbox: Inbox,
        *,
        clock: Clock,
        entropy: Callable[[int], bytes],
        noticed: Callable[[Notice], None],
        broken: Callable[[Door, FinalityBroken], Awaitable[None]],
    ) -> None:
        self.reader = reader
        self.down = ""  # why the network cannot be read, for `status`
        self._door = door
        self._verify = verify
        self._inbox = inbox
        self._clock = clock
        self._entropy = entropy
        self._noticed = noticed
        self._broken = broken

    async def run(self, since: Cursor) -> None:
        """Read for ever from `since`."""
        failures = 0
        while True:
            try:
                async for page in self._pages(since):
                    failures, self.down = 0, ""
                    since = await self._take(page, since)
            except (Unavailable, TimeoutError) as error:
                self._away(str(error) or "silent")
            except Unproved as error:
                log.error("evidence.unproved", network_id=self._door.id, why=str(error))  # noqa: TRY400
                self._away(f"evidence unproved: {error}")
            except FinalityBroken as error:
                log.error("network.frozen", network_id=self._door.id, why=str(error))  # noqa: TRY400
                self._away(f"finality broken: {error}")
                await self._broken(self._door, error)
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    def _away(self, why: str) -> None:
        if not self.down:
            log.warning("network.unavailable", network_id=self._door.id, why=why)
        self.down = why

    async def _pages(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield the door's pages; one that takes too long ends the reading, not the daemon."""
        async with aclosing(self._door.observe(since)) as reading:
            while True:
                try:
                    async with asyncio.timeout(SILENCE_S + self._door.finality_ms / 1000):
                        page = await anext(reading)
                except StopAsyncIteration:
                    return
                yield page

    async def _take(self, page: Page, since: Cursor) -> Cursor:
        """Prove and queue a page, and wait until all of it is committed."""
        waiting: list[asyncio.Future[None]] = []
        for seen in page:
            if isinstance(seen.subject, Notice):
                self._noticed(seen.subject)
            elif seen.subject not in self._verify(seen.evidence):
                raise Unproved(f"the evidence does not prove {seen.subject.key}")
            if isinstance(seen.subject, Fact) or seen.keep:
                item = Heard(self.reader, seen, self._entropy, self._clock)
                await self._inbox.put(item)
                waiting.append(item.taken)
        for taken in waiting:
            await taken
        return page[-1].cursor if page else since

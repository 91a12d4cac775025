"""Reading the bank: one message a page, in the order it was taken, resumable from any cursor.

A message is committed together with the last thing it tells, so a crash between two facts of one
message repeats the message and loses nothing. What it owes in answer is sent after the commit.
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256

from adapters.iso20022.agreement import Agreement
from adapters.iso20022.client import Channel
from adapters.iso20022.correlation import Disagreement
from adapters.iso20022.evidence import (
    Ours,
    bundle,
    concerning,
    message_in,
    retell,
    telling,
    terms_of,
)
from adapters.iso20022.inbox import Inbox
from adapters.iso20022.judging import Judged, Refusal
from adapters.iso20022.memo import Keep, Memo, deciding, keeping_held, keeping_in, numbered, waits
from adapters.iso20022.reading import Message, message_of
from adapters.iso20022.replying import Replies
from adapters.iso20022.signed import Signed, Signer, unframe
from adapters.iso20022.story import Told
from adapters.iso20022.write import BadMessage
from bridge.core.canonical import canonical
from bridge.core.events import Fact
from bridge.core.ids import BEGINNING, Cursor, Instant, SettlementId
from bridge.ports import Clock, FinalityBroken, Notice, Observation, Page, Unavailable, Uncertain

AGAIN_MS = 2_000  # until an answer that was not delivered is tried again
OVERDUE_MS = 60_000  # between two looks at what waits for its question
PEOPLE_S = 2  # between two looks for what people decided
IDLE_S = 20  # an empty page is told that often: below the engine's minute of silence
NOBODY = SettlementId("")  # whom a message concerns that is no alarm and about no payment of ours
_ANSWERS = frozenset({"pacs.002", "pain.002", "pacs.004", "camt.029", "admi.002"})


@dataclass(slots=True)
class _Heard:
    """What one message changes."""

    facts: list[tuple[Fact, bytes]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    about: set[SettlementId] = field(default_factory=set)
    broken: dict[SettlementId, str] = field(default_factory=dict)
    stories: dict[SettlementId, Told] = field(default_factory=dict)
    unmatched: bool = False  # something in it finds no question of ours


class Reader:
    """Makes pages of what is in the ledger and of what waits to be."""

    def __init__(
        self,
        memo: Memo,
        agreement: Agreement,
        inbox: Inbox,
        *,
        channel: Channel,
        signer: Signer,
        clock: Clock,
        answer_limit_ms: int,
    ) -> None:
        self._memo = memo
        self._agreement = agreement
        self._inbox = inbox
        self._channel = channel
        self._replies = Replies(agreement, signer, memo.kept)
        self._again_at = Instant(0)  # when answers that were not delivered are tried again
        self._overdue_at = Instant(0)  # when what waits for its question is looked at again
        self._alarmed: set[int] = set()  # parked messages that were reported
        self._clock = clock
        self._limit_ms = answer_limit_ms
        self._reported: set[SettlementId] = set()

    async def pages(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield pages after `since`, for ever; asking for the next acknowledges the one before.

        Errors: FinalityBroken, Unavailable.
        """
        at = _place(since)
        async for page in self._breaks(Cursor(str(at))):
            yield page
        for softened in self._softened(Cursor(str(at))):
            yield softened
        while True:
            if at < self._memo.head:
                at += 1
                page = self._replayed(at)
                if page:
                    yield page
                continue
            self._forget_committed()
            async for page in self._answered(Cursor(str(at))):
                yield page
            self._overdue()
            if self._inbox.notices:
                cursor = Cursor(str(at))
                yield (Observation(subject=self._inbox.notices.popleft(), cursor=cursor),)
                continue
            if self._inbox.again:
                parked = self._inbox.again.popleft()
                page, heard = self._taken_again(parked, at + 1)
            elif decided := self._memo.decided():
                digest, is_released = decided[0]
                if not is_released:
                    yield self._declined(digest, Cursor(str(at)))
                    continue
                page, heard = self._released(digest, at + 1)
            else:
                arrival = self._inbox.next()
                if arrival is None:
                    if not await self._stirred():
                        yield ()
                    continue
                page, heard = self._taken(at + 1, arrival.signed, arrival.judged, ())
            yield page
            if self._memo.head <= at:
                raise Unavailable("the ledger has not kept the page")
            at += 1
            self._forget_committed()
            for of, why in heard.broken.items():
                self._reported.add(of)
                raise FinalityBroken(why, of)

    async def _stirred(self) -> bool:
        """Wait until there is something to do; people stir nobody, so their word is looked for."""
        for _ in range(IDLE_S // PEOPLE_S):
            await self._inbox.stirred(PEOPLE_S)
            if self._inbox.notices or self._inbox.again or self._inbox.waiting:
                return True
            if self._memo.decided():
                return True
        return False

    async def _breaks(self, cursor: Cursor) -> AsyncGenerator[Page, None]:
        """Report what was broken and not yet heard of; forget what was."""
        for key in self._memo.kept.keys("broken/"):
            of = SettlementId(key.removeprefix("broken/"))
            why = (self._memo.kept.get(key) or b"").decode()
            if of not in self._reported:
                self._reported.add(of)
                raise FinalityBroken(why, of)
            notice = Notice(network=self._agreement.network, what="finality.broken", settlement=of)
            yield (Observation(subject=notice, cursor=cursor, keep=((key, None),)),)

    def _softened(self, cursor: Cursor) -> Iterator[Page]:
        """Have the ledger keep each softening with its signatures, once, before it is used."""
        for one in self._inbox.softenings:
            statement = one.statement()
            key = f"soft/{sha256(statement).hexdigest()}"
            if self._memo.kept.get(key) is not None:
                continue
            hands = [{"by": by.person, "signature": by.signature.hex()} for by in one.signatures]
            kept = statement + b"\n" + canonical({"signatures": hands})
            notice = Notice(
                network=self._agreement.network,
                what="rule.softened",
                settlement=NOBODY,
                detail=f"{one.rule} only {one.severity}s until {one.until}: {one.reason}",
            )
            yield (Observation(subject=notice, cursor=cursor, keep=((key, kept),)),)

    async def _answered(self, cursor: Cursor) -> AsyncGenerator[Page, None]:
        """Send what is owed in answer, and forget each once it was handed over."""
        while self._inbox.rejected:
            digest, error = self._inbox.rejected.popleft()
            with suppress(BadMessage, Unavailable, Uncertain):  # said once, as a courtesy
                signed = self._replies.rejecting(digest, error, self._clock.now())
                await self._channel.put(signed, signed.digest)
        if self._clock.now() < self._again_at:
            return
        for key in self._memo.kept.keys("owe/"):
            signed = unframe(self._memo.kept.get(key) or b"")
            try:
                await self._channel.put(signed, signed.digest)
            except (Unavailable, Uncertain):
                self._again_at = Instant(self._clock.now() + AGAIN_MS)
                return
            notice = Notice(network=self._agreement.network, what="answer.sent", settlement=NOBODY)
            yield (Observation(subject=notice, cursor=cursor, keep=((key, None),)),)

    def _overdue(self) -> None:
        """Report what has waited for its question too long, once in a process's life.

        All that waits is read for it, so it is looked at seldom: not with every message.
        """
        if self._clock.now() < self._overdue_at:
            return
        self._overdue_at = Instant(self._clock.now() + min(self._limit_ms, OVERDUE_MS))
        for number, since in self._memo.parked():
            if number not in self._alarmed and self._clock.now() - since > self._limit_ms:
                self._alarmed.add(number)
                self._inbox.alarm("message.unmatched", f"COR-003 message {number} has no question")

    def _forget_committed(self) -> None:
        """Acknowledge what the ledger has: also what an earlier reader left between two steps."""
        for arrival in tuple(self._inbox.waiting.values()):
            if self._memo.known(arrival.key) == arrival.signed.digest:
                self._inbox.committed(arrival, self._memo.head)

    def _replayed(self, number: int) -> Page:
        """What a message in the ledger told, told again; nothing is kept twice."""
        signed = self._memo.taken(number)
        message = message_of(signed.raw)
        heard = _Heard()
        for of in self._about(message, _Heard()):
            if number in self._memo.said(of):
                self._hear(of, number, signed, message, heard)
        before, here = Cursor(str(number - 1)), Cursor(str(number))
        told = [
            Observation(subject=fact, cursor=before, evidence=proof) for fact, proof in heard.facts
        ]
        if told:
            last = told.pop()
            told.append(Observation(subject=last.subject, cursor=here, evidence=last.evidence))
        return tuple(told)

    def _taken_again(self, parked: int, number: int) -> tuple[Page, _Heard]:
        """A message whose question has come is taken anew, under a number of its own."""
        signed = self._memo.taken(parked)
        message = message_of(signed.raw)
        keys = (numbered("park", parked), *waits(message, parked))
        judged = Judged(message, (), self._memo.ruleset(parked))
        also = tuple((key, None) for key in keys)
        return self._taken(number, signed, judged, also, may_park=False)

    def _released(self, digest: str, number: int) -> tuple[Page, _Heard]:
        """A message two people let pass is taken anew, as if nothing had held it."""
        held = self._memo.held(digest)
        signed = self._memo.taken(held)
        judged = Judged(message_of(signed.raw), (), self._memo.ruleset(held))
        return self._taken(number, signed, judged, deciding(digest))

    def _declined(self, digest: str, cursor: Cursor) -> Page:
        """A message two people refused never takes effect; the bank is told where it was agreed."""
        message = message_of(self._memo.taken(self._memo.held(digest)).raw)
        if self._agreement.reject and not message.kind.startswith("admi."):
            refusal = Refusal(("held, and refused by people",), message.id)
            self._inbox.rejected.append((digest, refusal))
        network = self._agreement.network
        notice = Notice(
            network=network, what="message.declined", settlement=NOBODY, detail=message.kind
        )
        return (Observation(subject=notice, cursor=cursor, keep=deciding(digest)),)

    def _taken(
        self, number: int, signed: Signed, judged: Judged, also: Keep, *, may_park: bool = True
    ) -> tuple[Page, _Heard]:
        """The page of one message: its facts, its notices, and with the last what is kept."""
        heard, message = _Heard(), judged.message
        if judged.held:
            detail = f"{message.kind}: {'; '.join(judged.held)}"
            heard.notices.append(
                Notice(network=self._agreement.network, what="message.held", detail=detail)
            )
        else:
            heard.about = self._about(message, heard)
        for of in sorted(heard.about):
            self._hear(of, number, signed, message, heard)
        keep = (*keeping_in(number, signed, judged, heard.about), *also)
        keep += tuple((f"broken/{of}", why.encode()) for of, why in heard.broken.items())
        now = self._clock.now()
        if judged.held:
            keep += keeping_held(number, signed, judged, now)
        else:
            keep += self._replies.to(signed, message, heard.stories, now)
        for of, told in heard.stories.items():
            keep += self._replies.decided(of, told, now)
        if heard.unmatched and not heard.about and may_park:
            keep += self._parked(number, message, heard)
        return self._page(number, heard, keep), heard

    def _parked(self, number: int, message: Message, heard: _Heard) -> Keep:
        now = str(self._clock.now()).encode()
        waiting = tuple((key, b"1") for key in waits(message, number))
        if message.kind[:8] not in _ANSWERS:
            return waiting  # others' business on our account is nothing to be alarmed by
        notice = Notice(network=self._agreement.network, what="message.parked", detail=message.kind)
        heard.notices.append(notice)
        return (*waiting, (numbered("park", number), now))

    def _page(self, number: int, heard: _Heard, keep: Keep) -> Page:
        before, here = Cursor(str(number - 1)), Cursor(str(number))
        said = [Observation(subject=notice, cursor=before) for notice in heard.notices]
        told = [
            Observation(subject=fact, cursor=before, evidence=proof) for fact, proof in heard.facts
        ]
        if not told:
            about = min(heard.about, default=None)
            notice = Notice(
                network=self._agreement.network,
                what="message.taken",
                settlement=NOBODY if about is None else about,
            )
            told = [Observation(subject=notice, cursor=before)]
        last = told.pop()
        told.append(
            Observation(subject=last.subject, cursor=here, evidence=last.evidence, keep=keep)
        )
        return (*said, *told)

    def _about(self, message: Message, heard: _Heard) -> set[SettlementId]:
        """The payments of ours a message is about; what finds none, and what contradicts itself."""
        found: set[SettlementId] = set()
        for statement in () if message.is_copy else message.statements:
            try:
                of = self._memo.settlements(statement)
            except Disagreement as error:
                self._disagrees(message, error, heard)
                continue
            if of is None:
                heard.unmatched = True
            else:
                found.add(of)
        agreed: set[SettlementId] = set()
        for of in found:
            mine = self._memo.ours(of)
            try:
                if mine is not None and concerning(message, mine):
                    agreed.add(of)
            except Disagreement as error:
                self._disagrees(message, error, heard)
        return agreed

    def _disagrees(self, message: Message, error: Disagreement, heard: _Heard) -> None:
        detail = f"COR-002 {message.kind}: {error}"
        network = self._agreement.network
        heard.notices.append(Notice(network=network, what="message.disagrees", detail=detail))

    def _hear(
        self, of: SettlementId, number: int, signed: Signed, message: Message, heard: _Heard
    ) -> None:
        mine = self._memo.ours(of)
        assert mine is not None, "a message is about a payment we asked for"
        numbers = [one for one in self._memo.said(of) if one < number]
        frames = [self._memo.taken(one) for one in numbers]
        terms = terms_of(self._agreement.pinned(), mine)
        before = [message_in(one.raw) for one in frames]
        was = retell(terms, mine, before)
        now = retell(terms, mine, [message], was)
        heard.stories[of] = now
        fresh = now.facts[len(was.facts) :]
        if fresh:
            heard_of = zip([*frames, signed], [*before, message], strict=True)
            theirs = telling(terms, mine, ((one.frame, said) for one, said in heard_of))
            proof = bundle(of, self._own_frames(mine), theirs)
            heard.facts += [(fact, proof) for fact in fresh]
        heard.notices += self._remarks(of, was, now)
        if now.broken and not was.broken:
            heard.broken[of] = now.broken

    def _own_frames(self, mine: Ours) -> list[bytes]:
        sent = (self._memo.sent(one.message) for one in mine.asked)
        return [one.frame for one in sent if one is not None]

    def _remarks(self, of: SettlementId, was: Told, now: Told) -> list[Notice]:
        """What people should know: a new status, and whatever is no progress."""
        network = self._agreement.network
        made = [
            Notice(network=network, what=what, settlement=of)
            for what in now.remarks[len(was.remarks) :]
        ]
        if now.status != was.status:
            made.append(
                Notice(network=network, what="payment.status", settlement=of, detail=now.status)
            )
        return made


def _place(cursor: Cursor) -> int:
    if cursor == BEGINNING:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise Unavailable(f"{cursor[:80]!r} is no cursor of this rail")
    return int(cursor)

"""What a person asks, on its way through the inbox, and what is said when it cannot be."""

import asyncio
from collections.abc import Callable

from bridge.core.ids import EntryId, PersonId, SettlementId
from bridge.core.registers import Person
from bridge.core.settlement import Settlement
from bridge.engine.admission import Declined
from bridge.engine.loop import Inbox
from bridge.notary.entries import Group, Request
from bridge.notary.outcomes import Committed, Conflict, Outcome, RefusedGroup, Replayed
from bridge.notary.state.view import View
from bridge.ports import Clock

Build = Callable[[View], Group | None]


class Asked:
    """A question with the group that answers it, drawn when its turn comes.

    `asked` False: nobody waits who could ask again, so it waits for a ledger that has no room.
    """

    reader = ""

    def __init__(
        self, concerns: tuple[SettlementId, ...], build: Build, *, asked: bool = True
    ) -> None:
        self.concerns = concerns
        self.asked = asked
        self._build = build
        self.taken: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()

    def build(self, view: View) -> Group | None:
        """Return the group, or tell whoever asks why there is none."""
        try:
            return self._build(view)
        except Declined as declined:
            if not self.taken.done():
                self.taken.set_exception(declined)
            return None

    def settle(self, outcome: Outcome | None) -> None:
        """Tell whoever asked."""
        if not self.taken.done():
            self.taken.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        """Pass the trouble on."""
        if not self.taken.done():
            self.taken.set_exception(error)
            self.taken.exception()  # who asked may be gone


async def ask(
    inbox: Inbox, concerns: tuple[SettlementId, ...], build: Build
) -> Committed | Replayed:
    """Return the committed group. Errors: Declined, with nothing written."""
    item = Asked(concerns, build)
    await inbox.put(item)
    outcome = await item.taken
    match outcome:
        case Committed() | Replayed():
            return outcome
        case Conflict():
            raise Declined(
                "LQ-CONFLICT",
                "that id is in the ledger with other content",
                status=409,
                loc="id",
                remedy="make a new id for new content",
            )
        case RefusedGroup(code=code, sentence=sentence):
            raise Declined(
                f"LQ-LEDGER-{code}",
                f"the ledger refuses it: {sentence}",
                status=409,
                remedy="look at the state it meets, then ask for something it allows",
            )
        case _:
            raise Declined(
                "LQ-MOVED-ON",
                "the settlement moved on meanwhile",
                status=409,
                remedy="look again, then ask again",
            )


def asked_before(view: View, asked: Request) -> EntryId | None:
    """Return the id the same request made before, or None.

    Errors: Declined where the key was used for another body.
    """
    kept = view.text("request", f"{asked.principal}/{asked.route}/{asked.key}")
    if not kept:
        return None
    made, _, body = kept.partition(" ")
    if body != asked.body:
        raise Declined(
            "LQ-IDEMPOTENCY",
            "that Idempotency-Key was used for another body",
            status=409,
            loc="Idempotency-Key",
            remedy="use a new key for a new request",
        )
    return EntryId(made)


def found_settlement(view: View, of: str) -> Settlement:
    """Return a settlement. Errors: Declined, 404."""
    settlement = view.settlement(of)
    if settlement is None:
        raise Declined(
            "LQ-NOT-FOUND",
            f"there is no settlement {of}",
            status=404,
            loc="id",
            remedy="lianqiao ls settlements",
        )
    return settlement


def serving_person(view: View, person: PersonId, clock: Clock) -> Person:
    """Return a person who serves now. Errors: Declined, 403."""
    row, now = view.person(person), clock.now()
    if row is None or row.since > now or (row.until is not None and row.until <= now):
        raise Declined(
            "LQ-PERSON-UNKNOWN",
            f"{person} is not in the person register, or not now",
            status=403,
            loc="person",
            remedy="an admin proposes the person; another approves",
        )
    return row

"""What waits for a person: found among the young proposals, however many there ever were."""

from collections.abc import Iterator

from bridge.api.routes import Room
from bridge.api.shown import proposal_view
from bridge.core.ids import ulid_of
from bridge.engine.proposals import EXPIRES_MS, OF_SETTLEMENT
from bridge.notary.state.rows import ProposalRow
from schemas.answers import ProposalView

PAGE = 500


def open_since(room: Room) -> str:
    """Return the key after which every open proposal lies.

    One is open for a day, or clears the hold of a settlement under way and has its time.
    """
    under_way = room.ring.journal.view.open_settlements()
    oldest = room.clock.now() - EXPIRES_MS - 1
    begun = min((one.order.created for one in under_way), default=oldest)
    return ulid_of(max(0, min(oldest, begun) - 1).to_bytes(6, "big") + bytes(10))


def state_of(room: Room, row: ProposalRow) -> str:
    """Return how a proposal stands now: once its settlement is at rest, nothing is to decide."""
    state = row.shown(room.clock.now())
    if state == "open" and row.subject in OF_SETTLEMENT:
        settlement = room.ring.journal.view.settlement(row.target)
        if settlement is not None and settlement.at_rest:
            return "void"
    return state


def view_of(room: Room, row: ProposalRow) -> ProposalView:
    """Return a proposal as it stands now."""
    return proposal_view(row, state_of(room, row))


def open_proposals(room: Room, *, about: str = "") -> Iterator[ProposalRow]:
    """Yield the proposals that may still be decided, all of them or those about one target."""
    after = open_since(room)
    while page := room.ring.journal.view.scan("proposal", after, PAGE):
        after = page[-1][0]
        for _, row in page:
            if not isinstance(row, ProposalRow) or about not in {"", row.target}:
                continue
            if state_of(room, row) == "open":
                yield row

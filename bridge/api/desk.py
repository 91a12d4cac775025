"""Proposals and what is decided of them; freezes and pauses, which one person may do at once."""

from base64 import b64decode
from binascii import Error as BadBase64
from typing import cast

from bridge.api.problems import Trouble
from bridge.api.routes import (
    MAKERS,
    NAME,
    PAGED,
    READERS,
    STOPPERS,
    ULID,
    Answer,
    Call,
    Route,
)
from bridge.api.shown import freeze_view, held_view, register_view
from bridge.api.waiting import open_since, state_of, view_of
from bridge.core.canonical import Value
from bridge.core.ids import EntryId, LaneId, NetworkId
from bridge.engine.held import held
from bridge.notary.state.rows import ProposalRow
from schemas.answers import FreezeView, HeldPage, ProposalPage, ProposalView, RegisterView
from schemas.api import DecisionBody, FreezeBody, ProposalBody, ReasonBody

ONE = f"/v1/proposals/{{id:{ULID}}}"
SCANS = 50  # pages looked through for one page of a filtered list


async def propose(call: Call) -> Answer:
    """Write a proposal; a second person decides."""
    body = call.read(ProposalBody)
    row = await call.room.ring.people.propose(
        body.subject,
        body.target,
        cast("Value", body.payload),
        maker=call.caller.person,
        reason=body.reason,
        asked=call.asked,
        documents=tuple(map(_document, body.documents)),
    )
    return view_of(call.room, row)


def _document(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except BadBase64:
        raise Trouble(
            422,
            "LQ-BODY",
            "documents: not base64",
            remedy="RFC 4648, section 4, with padding",
            flaws=((("body", "documents"), "not_base64"),),
        ) from None


async def listed(call: Call) -> Answer:
    """List proposals, oldest first: all, or one state's."""
    view, limit = call.room.ring.journal.view, call.limit
    wanted, after = call.query.get("state", "all"), call.after()
    if wanted == "open":
        after = after or open_since(call.room)
    found: list[ProposalRow] = []
    for _ in range(SCANS):
        page = view.scan("proposal", after, 500)
        for _, row in page:
            if not isinstance(row, ProposalRow):
                continue
            if wanted in {"all", state_of(call.room, row)}:
                found.append(row)
        if len(found) > limit or len(page) < 500:
            after = ""
            break
        after = page[-1][0]
    last = found[limit - 1].id if len(found) > limit else after
    shown = tuple(view_of(call.room, row) for row in found[:limit])
    return ProposalPage(items=shown, next=call.next(last) if last else None)


async def one(call: Call) -> Answer:
    """Show a proposal, with the exact bytes its checkers sign."""
    row = call.room.ring.people.proposal(EntryId(call.id))
    return view_of(call.room, row)


async def held_things(call: Call) -> Answer:
    """List what doors hold for people, by network and name."""
    ring, limit = call.room.ring, call.limit
    networks = [watch.reader for watch in ring.watches]
    found = held(ring.journal, map(NetworkId, networks), call.after(), limit + 1)
    more = call.next(found[limit - 1].target) if len(found) > limit else None
    return HeldPage(items=tuple(map(held_view, found[:limit])), next=more)


async def _decide(call: Call, says: str) -> Answer:
    body = call.read(DecisionBody)
    row = await call.room.ring.people.decide(
        EntryId(call.id),
        says,
        person=call.caller.person,
        reason=body.reason,
        signature=bytes.fromhex(body.signature),
        asked=call.asked,
    )
    return view_of(call.room, row)


async def approve(call: Call) -> Answer:
    """Approve a proposal with the caller's own signature."""
    return await _decide(call, "approve")


async def refuse(call: Call) -> Answer:
    """Refuse a proposal with the caller's own signature."""
    return await _decide(call, "refuse")


async def freeze(call: Call) -> Answer:
    """Freeze a settlement, party, asset, lane or network, at once."""
    body = call.read(FreezeBody)
    row = await call.room.ring.people.freeze(
        body.scope, person=call.caller.person, reason=body.reason, asked=call.asked
    )
    return freeze_view(body.scope, row)


async def pause(call: Call) -> Answer:
    """Shut a lane for new orders, at once; opening it takes two."""
    await call.room.ring.people.pause(
        LaneId(call.id),
        person=call.caller.person,
        reason=call.read(ReasonBody).reason,
        asked=call.asked,
    )
    row = call.room.ring.journal.view.lane(call.id)
    assert row is not None, f"{call.id} was paused a moment ago"
    return register_view("lane", row)


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST", path="/v1/proposals", name="propose", says="Propose what takes two people.",
        answer=propose, roles=MAKERS, takes=ProposalBody, gives=ProposalView, status=202,
        write=True,
    ),
    Route(
        method="GET", path="/v1/proposals", name="listProposals", says="Proposals, oldest first.",
        answer=listed, roles=READERS, gives=ProposalPage,
        query={**PAGED, "state": "all|open|done|refused|void|lapsed"},
    ),
    Route(
        method="GET", path=ONE, name="readProposal", says="A proposal and what is signed of it.",
        answer=one, roles=READERS, gives=ProposalView,
    ),
    Route(
        method="POST", path=f"{ONE}:approve", name="approveProposal",
        says="Approve, with the caller's own signature.", answer=approve, roles=MAKERS,
        takes=DecisionBody, gives=ProposalView, write=True,
    ),
    Route(
        method="POST", path=f"{ONE}:refuse", name="refuseProposal",
        says="Refuse, with the caller's own signature.", answer=refuse, roles=MAKERS,
        takes=DecisionBody, gives=ProposalView, write=True,
    ),
    Route(
        method="GET", path="/v1/held", name="listHeld",
        says="What doors hold until two people decide.", answer=held_things, roles=READERS,
        gives=HeldPage, query=PAGED,
    ),
    Route(
        method="POST", path="/v1/freezes", name="freeze", says="Freeze a scope, at once.",
        answer=freeze, roles=STOPPERS, takes=FreezeBody, gives=FreezeView, status=201, write=True,
    ),
    Route(
        method="POST", path=f"/v1/lanes/{{id:{NAME}}}:pause", name="pauseLane",
        says="Shut a lane for new orders, at once.", answer=pause, roles=STOPPERS,
        takes=ReasonBody, gives=RegisterView, write=True,
    ),
)  # fmt: skip

"""Settlements: asked for, looked at, and what people bring to them or want done with them."""

import asyncio
from collections.abc import Iterator

from bridge.api.events import of_all, of_one
from bridge.api.listing import listed
from bridge.api.orders import consent_of, order_request, paper_of
from bridge.api.problems import Trouble
from bridge.api.routes import (
    DESK,
    NAME,
    OPERATORS,
    PAGED,
    READERS,
    ULID,
    Answer,
    Call,
    Route,
)
from bridge.api.shown import (
    json_of,
    owed_view,
    sent_view,
    settlement_view,
)
from bridge.api.times import instant, time_text
from bridge.api.waiting import open_proposals, view_of
from bridge.core.booking import pending_id
from bridge.core.canonical import Value, parse
from bridge.core.ids import AccountId
from bridge.core.order import SettlementOrder
from bridge.core.parties import Personal
from bridge.core.place import Place
from bridge.core.settlement import Settlement, Stage
from bridge.engine.asking import found_settlement
from bridge.ports import AdapterError, Door
from schemas.answers import (
    CheckView,
    Consents,
    DecisionView,
    Done,
    Findings,
    Posting,
    Postings,
    ProposalView,
    Sent,
    SettlementPage,
    SettlementView,
    Simulation,
)
from schemas.api import TIME, ConsentBody, OrderBody, PaperBody, ReasonBody, ResumeBody, ThawBody

ONE = f"/v1/settlements/{{id:{ULID}}}"
ASKED_S = 10  # of one network, in a simulation
# of a chain, an account and its nonce there, or the id of a message to a bank
TX = "[A-Za-z0-9._-]{1,128}(?:/[0-9]{1,20})?"
UETR = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


async def send(call: Call) -> Answer:
    """Write an order; it waits for its holder's consent."""
    request = order_request(call.read(OrderBody))
    return sent_view(await call.room.ring.desk.send(request, call.caller.person, call.asked))


async def simulate(call: Call) -> Answer:
    """Say what an order would meet; nothing is written."""
    desk = call.room.ring.desk
    admitted = desk.admitted(order_request(call.read(OrderBody)), call.caller.person)
    order = admitted.order
    checks: list[CheckView] = []
    for network, door in _doors(call, order):
        checks += await _asked(network, door, order, dict(admitted.personal))
    return Simulation(
        settlement=order.id,
        uetr=order.uetr,
        terms=order.terms,
        consents=tuple(map(owed_view, desk.consents_owed(order))),
        checks=tuple(checks),
    )


def _doors(call: Call, order: SettlementOrder) -> Iterator[tuple[str, Door | None]]:
    doors = call.room.ring.doors
    yield order.origin.network, doors.origins.get(order.origin.network)
    yield order.destination.network, doors.destinations.get(order.destination.network)
    if order.payment is not None:
        yield order.payment.rail, doors.rails.get(order.payment.rail)


async def _asked(
    network: str, door: Door | None, order: SettlementOrder, names: dict[str, Personal]
) -> list[CheckView]:
    if door is None:
        return [CheckView(network=network, what="reachable", answer="no", why="no adapter is open")]
    try:
        async with asyncio.timeout(ASKED_S):
            checks = await door.preflight(order, names)
    except (AdapterError, TimeoutError) as error:
        why = str(error) or f"no answer in {ASKED_S} s"
        return [CheckView(network=network, what="reachable", answer="unknown", why=why)]
    return [
        CheckView(network=network, what=one.what, answer=one.answer.value, why=one.why)
        for one in checks
    ]


def _found(call: Call) -> Settlement:
    return found_settlement(call.room.ring.journal.view, call.id)


async def one(call: Call) -> Answer:
    """Show a settlement: stage, stop, what it waits for, when it came through each stage."""
    return _shown(call, _found(call))


async def by_uetr(call: Call) -> Answer:
    """Show the settlement of a UETR."""
    view = call.room.ring.journal.view
    of = view.text("uetr", call.path["uetr"])
    return _shown(call, found_settlement(view, of or call.path["uetr"]))


async def by_transaction(call: Call) -> Answer:
    """Show the settlement for which a transaction or a message was made ready to be sent."""
    view, name = call.room.ring.journal.view, call.path["tx"]
    of = view.text("tx", name) or view.text("tx", name.lower())  # hex is pasted in either case
    return _shown(call, found_settlement(view, of or name))


def _shown(call: Call, settlement: Settlement) -> SettlementView:
    return settlement_view(
        call.room.ring,
        settlement,
        _proposals(call, settlement),
        findings=bool(call.caller.roles & DESK),
    )


def _proposals(call: Call, settlement: Settlement) -> tuple[str, ...]:
    """Return the open proposals about a settlement."""
    if settlement.at_rest:
        return ()
    about = settlement.order.id
    return tuple(row.id for row in open_proposals(call.room, about=about))


async def events(call: Call) -> Answer:
    """Tell what happens to a settlement as it happens; Last-Event-ID resumes."""
    return await of_one(call, _found(call).order.id)


async def every_event(call: Call) -> Answer:
    """Tell what happens to all settlements, or to one lane's; Last-Event-ID resumes."""
    lane, since = call.query.get("lane", ""), call.query.get("since")
    if lane and call.room.ring.journal.view.lane(lane) is None:
        raise Trouble(
            404,
            "LQ-NOT-FOUND",
            f"there is no lane {lane}",
            remedy="lianqiao ls lanes",
            flaws=((("query", "lane"), "unknown"),),
        )
    begins = None if since is None else instant(since, "since", where="query")
    return await of_all(call, lane, begins)


async def postings(call: Call) -> Answer:
    """Show what a settlement holds back, posted or gave up, in double entry."""
    settlement = _found(call)
    order, view, now = settlement.order, call.room.ring.journal.view, call.room.clock.now()
    here = Place(order.fingerprint, order.origin.network).account
    debits = [here, *(AccountId(held.account) for held in settlement.reservations)]
    found: list[Posting] = []
    for debit in debits:
        transfer = pending_id(settlement, debit)
        row = view.pending(transfer)
        if row is None:
            continue
        state = row.shown(now) or "pending"
        assert state in {"pending", "posted", "voided", "expired"}, state
        found.append(
            Posting.model_validate(
                {
                    "transfer": transfer,
                    "debit": row.debit,
                    "credit": row.credit,
                    "unit": row.unit,
                    "units": str(row.units),
                    "state": state,
                }
            )
        )
    return Postings(items=tuple(found))


async def findings(call: Call) -> Answer:
    """Tell the desk what policy found; everyone else reads that it is pending."""
    settlement = _found(call)
    if not call.caller.roles & DESK:
        return Findings(state="pending", decisions=())
    journal, told = call.room.ring.journal, list[DecisionView]()
    for stage in (Stage.SCREENING, Stage.RESCREENING, Stage.RECHECKING):
        row = journal.view.decision(settlement.order.id, stage.value)
        entry = journal.entry(row.n) if row is not None else None
        if row is None or entry is None:
            continue
        beside = journal.side(row.findings)
        value: Value = {} if beside is None else parse(beside)
        told.append(
            DecisionView(
                stage=stage.value,
                outcome=row.outcome,
                pack=row.pack,
                at=time_text(entry.t),
                n=str(row.n),
                findings=json_of(value),
            )
        )
    return Findings(state="told", decisions=tuple(told))


async def consents(call: Call) -> Answer:
    """Show whose consent is owed, the exact bytes, and which were given."""
    settlement = _found(call)
    order, view = settlement.order, call.room.ring.journal.view
    given = tuple(net for net in order.consents if view.consent(order.id, net) is not None)
    owed = call.room.ring.desk.consents_owed(order)
    return Consents(terms=order.terms, owed=tuple(map(owed_view, owed)), given=given)


async def consent(call: Call) -> Answer:
    """Bring a holder's consent."""
    words = consent_of(call.id, call.read(ConsentBody))
    done = await call.room.ring.desk.give_consent(words, call.asked)
    return Done(id=done.id, stage=done.stage)


async def paper(call: Call) -> Answer:
    """Bring a signed statement the order waits for."""
    done = await call.room.ring.desk.give_paper(paper_of(call.id, call.read(PaperBody)), call.asked)
    return Done(id=done.id, stage=done.stage)


async def _propose(call: Call, subject: str, payload: Value, reason: str) -> Answer:
    row = await call.room.ring.people.propose(
        subject, call.id, payload, maker=call.caller.person, reason=reason, asked=call.asked
    )
    return view_of(call.room, row)


async def cancel(call: Call) -> Answer:
    """Propose that a settlement is given back; a second person decides."""
    return await _propose(call, "settlement.cancel", {}, call.read(ReasonBody).reason)


async def recall(call: Call) -> Answer:
    """Propose that a payment is asked back; a second person decides."""
    return await _propose(call, "settlement.recall", {}, call.read(ReasonBody).reason)


async def thaw(call: Call) -> Answer:
    """Propose that a frozen settlement goes on or is given back; a second person decides."""
    body = call.read(ThawBody)
    return await _propose(call, "settlement.thaw", {"way": body.way}, body.reason)


async def resume(call: Call) -> Answer:
    """Propose the stage a suspended settlement is put in; a second person decides."""
    body = call.read(ResumeBody)
    if body.to not in {stage.value for stage in Stage}:
        raise Trouble(
            422,
            "LQ-RESUME-TO",
            f"{body.to} is no stage",
            remedy=f"one of {', '.join(stage.value for stage in Stage)}",
            flaws=((("body", "to"), "unknown"),),
        )
    payload: Value = {"to": body.to, "freezes": list(body.freezes)}
    return await _propose(call, "settlement.resume", payload, body.reason)


def _proposing(verb: str, answer: str, model: type[ReasonBody | ThawBody | ResumeBody]) -> Route:
    return Route(
        method="POST",
        path=f"{ONE}:{verb}",
        name=f"{verb}Settlement",
        says=answer,
        answer={"cancel": cancel, "recall": recall, "thaw": thaw, "resume": resume}[verb],
        roles=OPERATORS | {"compliance", "approver"},
        takes=model,
        gives=ProposalView,
        status=202,
        write=True,
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST", path="/v1/settlements", name="sendSettlement", says="Send an order.",
        answer=send, roles=OPERATORS, takes=OrderBody, gives=Sent, status=201, write=True,
    ),
    Route(
        method="POST", path="/v1/settlements:simulate", name="simulateSettlement",
        says="What an order would meet; nothing is written.",
        answer=simulate, roles=OPERATORS, takes=OrderBody, gives=Simulation,
    ),
    Route(
        method="GET", path="/v1/settlements", name="listSettlements",
        says="Settlements, oldest first or newest; with begins, one page of those whose name does.",
        answer=listed, roles=READERS, gives=SettlementPage,
        query={
            **PAGED, "state": "open|all", "order": "oldest|newest", "begins": "[0-9A-Za-z-]{4,36}"
        },
    ),
    Route(
        method="GET", path=ONE, name="readSettlement", says="Where a settlement stands.",
        answer=one, roles=READERS, gives=SettlementView,
    ),
    Route(
        method="GET", path=f"/v1/uetrs/{{uetr:{UETR}}}", name="readUetr",
        says="The settlement of a UETR.", answer=by_uetr, roles=READERS, gives=SettlementView,
    ),
    Route(
        method="GET", path=f"/v1/transactions/{{tx:{TX}}}", name="readTransaction",
        says="The settlement a transaction of a chain, or a message to a bank, was sent for.",
        answer=by_transaction, roles=READERS, gives=SettlementView,
    ),
    Route(
        method="GET", path=f"{ONE}/events", name="followSettlement",
        says="CloudEvents of a settlement, as server-sent events; Last-Event-ID resumes.",
        answer=events, roles=READERS, media="text/event-stream",
    ),
    Route(
        method="GET", path="/v1/events", name="followSettlements",
        says="CloudEvents of all settlements, from now or `since` on; Last-Event-ID resumes.",
        answer=every_event, roles=READERS, media="text/event-stream",
        query={"lane": NAME, "since": TIME.strip("^$")},
    ),
    Route(
        method="GET", path=f"{ONE}/postings", name="readPostings",
        says="Its postings.", answer=postings, roles=READERS, gives=Postings,
    ),
    Route(
        method="GET", path=f"{ONE}/findings", name="readFindings",
        says="What policy found; told to the desk only.",
        answer=findings, roles=READERS, gives=Findings,
    ),
    Route(
        method="GET", path=f"{ONE}/consents", name="readConsents",
        says="Whose consent is owed, and the exact bytes.",
        answer=consents, roles=READERS, gives=Consents,
    ),
    Route(
        method="POST", path=f"{ONE}/consents", name="giveConsent", says="A holder's consent.",
        answer=consent, roles=OPERATORS, takes=ConsentBody, gives=Done, status=201, write=True,
    ),
    Route(
        method="POST", path=f"{ONE}/papers", name="givePaper",
        says="A signed statement the order waits for.",
        answer=paper, roles=OPERATORS, takes=PaperBody, gives=Done, status=201, write=True,
    ),
    _proposing("cancel", "Propose that it is given back.", ReasonBody),
    _proposing("recall", "Propose that its payment is asked back.", ReasonBody),
    _proposing("thaw", "Propose that it goes on or is given back after a freeze.", ThawBody),
    _proposing("resume", "Propose the stage it is put in after a contradiction.", ResumeBody),
)  # fmt: skip

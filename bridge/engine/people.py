"""What takes two people, and what one person may do at once.

What loosens takes two: a maker and a checker, who signs with their own key. What tightens, a
freeze or a pause, takes one and works at once.
"""

from collections.abc import Callable
from hashlib import sha256

import structlog

from bridge.core.canonical import Value
from bridge.core.events import FreezeOrdered
from bridge.core.ids import (
    EntryId,
    Instant,
    LaneId,
    NetworkId,
    PersonId,
    SettlementId,
    derived_id,
    new_ulid,
)
from bridge.core.settlement import Settlement
from bridge.engine.admission import Declined, scopes_of
from bridge.engine.asking import (
    Asked,
    ask,
    asked_before,
    found_settlement,
    serving_person,
)
from bridge.engine.book import step
from bridge.engine.held import check_held, decided
from bridge.engine.loop import Inbox
from bridge.engine.proposals import (
    EXPIRES_MS,
    OF_SETTLEMENT,
    answer_of,
    approval_form,
    carried,
    check_shape,
    moved,
    proposal_draft,
    with_commitments,
)
from bridge.engine.rows import check_row, check_scope, check_still
from bridge.notary.entries import Draft, Group, Request
from bridge.notary.journal import Journal
from bridge.notary.projection import Projection
from bridge.notary.register_forms import lane_form
from bridge.notary.state.proposals import CLEAR, SUBJECTS, THAW
from bridge.notary.state.rows import FreezeRow, ProposalRow
from bridge.notary.state.view import View
from bridge.ports import Clock

log = structlog.stdlib.get_logger(__name__)

DESK = NetworkId("desk:people")  # where a fact comes from that people said
SCOPES = frozenset({"settlement", "party", "asset", "lane", "network"})


class People:
    """Proposals, approvals, freezes and pauses. Errors: Declined, of every write; none written."""

    def __init__(
        self, journal: Journal, inbox: Inbox, clock: Clock, entropy: Callable[[int], bytes]
    ) -> None:
        self._journal = journal
        self._inbox = inbox
        self._clock = clock
        self._entropy = entropy

    async def propose(
        self,
        subject: str,
        target: str,
        payload: Value,
        *,
        maker: PersonId,
        reason: str,
        asked: Request,
        documents: tuple[bytes, ...] = (),
    ) -> ProposalRow:
        """Write a proposal that one more person has to check; documents lie beside, by hash."""
        check_shape(subject, target, payload)
        if known := asked_before(self._journal.view, asked):
            return self.proposal(known)
        serving_person(self._journal.view, maker, self._clock)
        if subject in OF_SETTLEMENT:
            found_settlement(self._journal.view, target)
        name = EntryId(new_ulid(self._clock.now(), self._entropy(10)))
        leaf, beside = with_commitments(name, subject, payload, self._entropy)
        check_row(self._journal.view, subject, target, leaf)
        check_held(self._journal.view, self._journal, subject, target, leaf)
        draft = proposal_draft(
            name,
            subject=subject,
            target=target,
            payload=leaf,
            maker=maker,
            reason=reason,
            expires=Instant(self._clock.now() + EXPIRES_MS),
            request=asked,
        )
        papers = tuple((f"bytes/{sha256(one).hexdigest()}", one) for one in documents)
        await self._ask((), lambda _: Group(id=name, drafts=(draft,), side=(*beside, *papers)))
        return self.proposal(name)

    async def decide(
        self,
        proposal: EntryId,
        says: str,
        *,
        person: PersonId,
        reason: str,
        signature: bytes,
        asked: Request,
    ) -> ProposalRow:
        """Write a checker's word and, in the same group, what it carries out.

        `says`: approve or refuse, as signed.
        """
        if asked_before(self._journal.view, asked):
            return self.proposal(proposal)
        row = self.proposal(proposal)
        self._may_check(row, person)
        of = (SettlementId(row.target),) if row.subject in OF_SETTLEMENT else ()

        def build(view: View) -> Group:
            effect = self._effect(view, row, says)
            body = approval_form(
                row,
                person=person,
                says=says,
                reason=reason,
                signature=signature,
                state="done" if says == "approve" else "refused",
            )
            name = derived_id(SettlementId(proposal), "approval", person, says)
            word = Draft(id=name, kind="approval", body=body, request=asked)
            side = (*moved(row, says, self._journal.sides), *decided(row, says))
            return Group(id=name, drafts=(word, *effect), side=side, spends=False)

        await self._ask(of, build)
        closed = self.proposal(proposal)
        log.info("proposal.carried_out", proposal=proposal, outcome=closed.state)
        return closed

    def proposal(self, name: EntryId) -> ProposalRow:
        """Return a proposal. Errors: Declined, 404."""
        row = self._journal.view.proposal(name)
        if row is None:
            raise Declined(
                "LQ-NOT-FOUND",
                f"there is no proposal {name}",
                status=404,
                loc="id",
                remedy="lianqiao ls approvals",
            )
        return row

    def _may_check(self, row: ProposalRow, person: PersonId) -> None:
        """Say in words what the ledger would refuse with a number."""
        now = self._clock.now()
        checker = serving_person(self._journal.view, person, self._clock)
        shown = row.shown(now)
        if shown != "open":
            raise Declined(
                "LQ-PROPOSAL-CLOSED",
                f"the proposal is {shown}",
                status=409,
                loc="id",
                remedy="propose it again",
            )
        if person == row.maker:
            raise Declined(
                "LQ-MAKER-CHECKER",
                "who made a proposal cannot check it",
                status=403,
                loc="person",
                remedy="ask another person with the role",
            )
        if row.subject in {THAW, "settlement.resume", CLEAR}:
            maker = found_settlement(self._journal.view, row.target).order.maker
            if maker in ({person} if row.subject == CLEAR else {person, row.maker}):
                raise Declined(
                    "LQ-MAKER-CHECKER",
                    "who made the order has no word in lifting its stop",
                    status=403,
                    loc="person",
                    remedy="other persons are needed",
                )
        role = SUBJECTS[row.subject]
        if not checker.holds(role, now):
            raise Declined(
                "LQ-ROLE",
                f"checking {row.subject} needs the role {role}",
                status=403,
                loc="person",
                remedy=f"ask a person who is {role}; an admin grants roles",
            )

    def _effect(self, view: View, row: ProposalRow, says: str) -> tuple[Draft, ...]:
        """Return what a checker's word carries out; a word without effect is declined."""
        if row.subject not in OF_SETTLEMENT:
            if says != "approve":
                return ()
            check_still(self._journal, row)
            check_row(self._journal.view, row.subject, row.target, row.payload)
            check_held(view, self._journal, row.subject, row.target, row.payload)
            return carried(row)
        settlement = found_settlement(view, row.target)
        answer = answer_of(row, says, settlement)
        if answer is None:
            return ()
        if row.subject == THAW and _frozen_since(self._journal.view, settlement, row):
            raise Declined(
                "LQ-FROZEN-SINCE",
                "another freeze was ordered after this thaw was asked for",
                status=409,
                loc="id",
                remedy="look at that order, then propose the thaw anew",
            )
        taken = step(view, settlement, answer, row.id)
        if taken is None:
            raise Declined(
                "LQ-NO-EFFECT",
                f"it came too late: the settlement is {settlement.stage.value}, "
                f"{settlement.stop.value if settlement.stop else 'under no stop'}",
                status=409,
                loc="id",
                remedy=f"lianqiao trace {settlement.order.id} shows what can still be done",
            )
        return taken.drafts

    async def freeze(
        self, scope: str, *, person: PersonId, reason: str, asked: Request
    ) -> FreezeRow:
        """Freeze a settlement, party, asset, lane or network, at once; thawing takes two."""
        kind, _, rest = scope.partition("/")
        if kind not in SCOPES or not rest:
            raise Declined(
                "LQ-SCOPE",
                f"{scope[:80]!r} is no scope",
                status=400,
                loc="scope",
                remedy="settlement/ID, party/ID, asset/ID, lane/ID or network/ID",
            )
        if not asked_before(self._journal.view, asked):
            serving_person(self._journal.view, person, self._clock)
            if kind == "settlement":
                found_settlement(self._journal.view, rest)
            else:
                check_scope(self._journal.view, kind, rest)
            name = EntryId(new_ulid(self._clock.now(), self._entropy(10)))
            body: dict[str, Value] = {"scope": scope, "by": person, "reason": reason}
            draft = Draft(id=name, kind="freeze", body=body, request=asked)
            await self._ask((), lambda _: Group(id=name, drafts=(draft,)))
        await self.enforce_freezes()
        row = self._journal.view.freeze(scope)
        assert row is not None, f"{scope} was frozen a moment ago"
        return row

    async def enforce_freezes(self) -> None:
        """Say every standing freeze to each open settlement in its scope that has not heard it.

        Called after a freeze and at start, so that a crash between the two loses nothing.
        """
        view = self._journal.view
        for settlement in view.open_settlements():
            for scope in self._scopes(view, settlement):
                row = view.freeze(scope)
                if row is not None:
                    of = settlement.order.id
                    await self._say(FreezeOrdered(settlement=of, network=DESK, order=row.id))

    async def _say(self, fact: FreezeOrdered) -> None:
        def build(view: View) -> Group | None:
            settlement = view.settlement(fact.settlement)
            taken = step(view, settlement, fact) if settlement is not None else None
            if taken is None:
                return None
            name = derived_id(fact.settlement, "said", fact.key)
            return Group(id=name, drafts=taken.drafts, spends=False)

        item = Asked((fact.settlement,), build, asked=False)
        await self._inbox.put(item)
        await item.taken

    @staticmethod
    def _scopes(view: View, settlement: Settlement) -> tuple[str, ...]:
        order = settlement.order
        lane = view.lane(order.lane)
        assert lane is not None, f"{order.id}: its lane is gone from the register"
        parties = (order.originator.party, order.beneficiary.party)
        paid = order.payment is not None
        wider = scopes_of(lane, order.instrument.asset, parties, paid=paid)
        return (f"settlement/{order.id}", *wider)

    async def pause(self, lane: LaneId, *, person: PersonId, reason: str, asked: Request) -> None:
        """Shut a lane for new orders, at once; opening it again takes two."""
        if asked_before(self._journal.view, asked):
            return
        serving_person(self._journal.view, person, self._clock)
        row = self._journal.view.lane(lane)
        if row is None:
            raise Declined(
                "LQ-LANE-UNKNOWN",
                f"there is no lane {lane}",
                status=404,
                loc="lane",
                remedy="lianqiao ls lanes",
            )
        name = EntryId(new_ulid(self._clock.now(), self._entropy(10)))
        body: dict[str, Value] = {**lane_form(row), "paused": reason, "by": person}
        draft = Draft(id=name, kind="lane", body=body, request=asked)
        await self._ask((), lambda _: Group(id=name, drafts=(draft,)))

    async def _ask(
        self, concerns: tuple[SettlementId, ...], build: Callable[[View], Group | None]
    ) -> None:
        await ask(self._inbox, concerns, build)


def _frozen_since(view: Projection, settlement: Settlement, row: ProposalRow) -> bool:
    """Tell whether the freeze was ordered after the proposal: the ledger's order, not a clock's."""
    numbers = view.numbers((settlement.frozen_by, row.id))
    return numbers.get(settlement.frozen_by, -1) > numbers[row.id]

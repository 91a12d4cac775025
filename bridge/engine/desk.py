"""The desk where people ask: orders, consents, papers, proposals, freezes.

What loosens takes two people, what tightens takes one and works at once. Every write goes through
the inbox, is drawn from the committed state, and is repeatable by its idempotency key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from bridge.core.consent import Consent, Paper
from bridge.core.events import ConsentGiven, Fact, PaperGiven, PaperRefused
from bridge.core.ids import (
    Digest,
    EntryId,
    NetworkId,
    PartyId,
    PersonId,
    SettlementId,
    Uetr,
    derived_id,
)
from bridge.core.order import SettlementOrder
from bridge.core.parties import Personal
from bridge.core.registers import Lane, Shut
from bridge.engine.admission import Admitted, Declined, OrderRequest, admit
from bridge.engine.asking import ask, asked_before, found_settlement
from bridge.engine.book import step
from bridge.engine.ceilings import Ceilings
from bridge.engine.loop import Inbox
from bridge.engine.perform import Doors
from bridge.notary.entries import Draft, Group, Request
from bridge.notary.journal import Journal
from bridge.notary.keys import verify_ed25519
from bridge.notary.state.view import View
from bridge.ports import Answered, Clock, ConsentOwed

log = structlog.stdlib.get_logger(__name__)

DESK = NetworkId("desk:people")  # where a fact comes from that people said


@dataclass(frozen=True, slots=True)
class Sent:
    """What answers an order: its ids, its terms, and whose consent is owed where."""

    settlement: SettlementId
    uetr: Uetr
    terms: Digest
    consents: tuple[ConsentOwed, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What answers a consent or a paper."""

    id: EntryId
    stage: str
    replayed: bool


class Desk:
    """Everything people can ask of the ring. Errors: Declined, of every write, nothing written."""

    def __init__(
        self,
        journal: Journal,
        inbox: Inbox,
        doors: Doors,
        clock: Clock,
        *,
        fingerprint_key: bytes,
        shut: Callable[[Lane], Shut | None] = lambda _: None,
        ceilings: Ceilings | None = None,
    ) -> None:
        self._journal = journal
        self._shut = shut
        self._ceilings = ceilings
        self._inbox = inbox
        self._doors = doors
        self._clock = clock
        self._key = fingerprint_key

    def admitted(self, request: OrderRequest, maker: PersonId) -> Admitted:
        """Return the order a request asks for, as the registers stand; writes nothing."""
        lane = self._journal.view.lane(request.lane)
        if lane is not None and (shut := self._shut(lane)):
            raise Declined(
                shut.code, f"lane {lane.id} is shut: {shut.why}", loc="lane", remedy=shut.remedy
            )
        now = self._clock.now()
        taken = admit(
            self._journal.view,
            request,
            maker=maker,
            now=now,
            key=self._key,
            names=self._names(request),
        )
        if self._ceilings is not None:
            self._ceilings.admit(self._journal.view, request, now)
        return taken

    def consents_owed(self, order: SettlementOrder) -> tuple[ConsentOwed, ...]:
        """Return whose word an order needs, and exactly what they sign."""
        open_doors = (self._doors.origins.get(network) for network in order.consents)
        return tuple(door.consent_owed(order) for door in open_doors if door is not None)

    async def send(self, request: OrderRequest, maker: PersonId, asked: Request) -> Sent:
        """Write the order; it is PROPOSED until every consent is there."""
        if known := asked_before(self._journal.view, asked):
            return self._sent(SettlementId(known), replayed=True)

        def build(view: View) -> Group:
            if view.settlement(request.id) is not None:
                raise Declined(
                    "LQ-ID-SPENT",
                    "a settlement of that id exists already",
                    status=409,
                    loc="id",
                    remedy="make a new id for a new order; repeat one with its Idempotency-Key",
                )
            taken = self.admitted(request, maker)
            if self._ceilings is not None:
                self._ceilings.count(request)
            draft = Draft(
                id=EntryId(request.id),
                kind="order",
                body={"order": taken.order.leaf(), "uetr": taken.order.uetr},
                request=asked,
            )
            return Group(
                id=EntryId(request.id),
                drafts=(draft,),
                side=personal_side(request.id, taken.personal),
            )

        await ask(self._inbox, (request.id,), build)
        log.info("order.admitted", settlement_id=request.id)
        return self._sent(request.id, replayed=False)

    def _sent(self, of: SettlementId, *, replayed: bool) -> Sent:
        settlement = found_settlement(self._journal.view, of)
        order = settlement.order
        return Sent(of, order.uetr, order.terms, self.consents_owed(order), replayed)

    async def give_consent(self, consent: Consent, asked: Request) -> Done:
        """Write a holder's consent that its network says holds."""
        if known := asked_before(self._journal.view, asked):
            return self._done(known, consent.settlement, replayed=True)
        settlement = found_settlement(self._journal.view, consent.settlement)
        order = settlement.order
        if consent.terms != order.terms or consent.network not in order.consents:
            raise Declined(
                "LQ-CONSENT-OTHER",
                "this consent is under other terms, or for a network that needs none",
                loc="terms",
                remedy=f"lianqiao consent show {order.id} prints what has to be signed",
            )
        door = self._doors.origins.get(consent.network)
        if door is None:
            raise Declined(
                "LQ-NETWORK-AWAY",
                f"no adapter is open for {consent.network}",
                status=503,
                loc="network",
                remedy="lianqiao status",
            )
        if consent.kind == "custody" and not self._agreement(order, consent.network):
            raise Declined(
                "LQ-CUSTODY-NONE",
                f"{order.originator.party} has no custody agreement for {consent.network}",
                loc="kind",
                remedy="enter the agreement's digest in the party register, two persons approve",
            )
        check = await door.consent_holds(order, consent)
        if check.answer is Answered.UNKNOWN:
            raise Declined(
                "LQ-NETWORK-AWAY",
                f"whether the consent holds is not known: {check.why}",
                status=503,
                loc="network",
                remedy=f"bring it again once {consent.network} answers: lianqiao status",
            )
        if check.answer is not Answered.YES:
            raise Declined(
                "LQ-CONSENT-BAD",
                f"the consent does not hold: {check.why}",
                loc="signature",
                remedy=f"lianqiao consent show {order.id} prints the exact bytes to sign",
            )
        fact = ConsentGiven(settlement=order.id, network=consent.network, by=consent.by)
        draft_id = derived_id(order.id, "consent", consent.network, consent.signature.hex())
        draft = Draft(id=draft_id, kind="consent", body=consent.leaf(), request=asked)
        return await self._fact(fact, draft)

    def _agreement(self, order: SettlementOrder, network: NetworkId) -> str:
        """Return the digest of the agreement that stands for the holder's word, or nothing."""
        party = self._journal.view.party(order.originator.party)
        return dict(party.custody).get(network, "") if party is not None else ""

    async def give_paper(self, paper: Paper, asked: Request) -> Done:
        """Write a signed statement the order waits for."""
        if known := asked_before(self._journal.view, asked):
            return self._done(known, paper.settlement, replayed=True)
        order = found_settlement(self._journal.view, paper.settlement).order
        wanted = {(one.kind, one.key) for one in order.conditions}
        if paper.terms != order.terms or (paper.kind, paper.key) not in wanted:
            raise Declined(
                "LQ-PAPER-OTHER",
                "the order waits for no such paper under these terms and that key",
                loc="paper.kind",
                remedy=f"lianqiao trace {order.id} names the papers it waits for",
            )
        if not verify_ed25519(paper.key, paper.message(), paper.signature):
            raise Declined(
                "LQ-PAPER-BAD",
                "the paper's signature is not its key's",
                loc="signature",
                remedy="sign the canonical bytes of the member `paper` under its prefix",
            )
        said = PaperGiven if paper.says == "given" else PaperRefused
        fact = said(settlement=order.id, network=DESK, kind=paper.kind)
        draft_id = derived_id(order.id, "paper", paper.kind, paper.says)
        draft = Draft(id=draft_id, kind="paper", body=paper.leaf(), request=asked)
        return await self._fact(fact, draft)

    async def _fact(self, fact: Fact, draft: Draft) -> Done:
        def build(view: View) -> Group | None:
            settlement = view.settlement(fact.settlement)
            taken = step(view, settlement, fact) if settlement is not None else None
            if taken is None:
                raise Declined(
                    "LQ-GIVEN-ALREADY", "it was given already", status=409, remedy="nothing to do"
                )
            return Group(id=draft.id, drafts=(draft, *taken.drafts), spends=False)

        await ask(self._inbox, (fact.settlement,), build)
        return self._done(draft.id, fact.settlement, replayed=False)

    def _done(self, name: EntryId, of: SettlementId, *, replayed: bool) -> Done:
        settlement = found_settlement(self._journal.view, of)
        return Done(name, settlement.stage.value, replayed)

    def _names(self, request: OrderRequest) -> dict[PartyId, str]:
        names: dict[PartyId, str] = {}
        for party in (request.originator.party, request.beneficiary.party):
            kept = self._journal.side(f"personal/party/{party}/name")
            names[party] = kept[32:].decode() if kept is not None else ""
        return names


def personal_side(
    of: SettlementId, values: Mapping[str, Personal]
) -> tuple[tuple[str, bytes | None], ...]:
    """Return the side values of an order's personal data: salt, then the value in UTF-8."""
    return tuple(
        (f"personal/{of}/{place}", value.salt + value.value.encode())
        for place, value in values.items()
    )


def disclosed(journal: Journal, order: SettlementOrder) -> dict[str, Personal]:
    """Return the personal values of an order that have not been erased, by their place."""
    prefix = f"personal/{order.id}/"
    return {
        key.removeprefix(prefix): Personal(kept[32:].decode(), kept[:32])
        for key, kept in journal.sides(prefix).items()
    }

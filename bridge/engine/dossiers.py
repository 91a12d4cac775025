"""The dossier is gathered, the judge is asked, and what it says is written as one decision.

Everything a rule may look at is read here, with its date: doors by preflight, lists, quotas, rates,
papers, freezes, what people decided. Names are looked up and left behind: the dossier holds hashes.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from hmac import new as hmac_new

import structlog

from bridge.core.ids import Instant, PartyId, derived_id
from bridge.core.instrument import normal_number
from bridge.core.order import SettlementOrder
from bridge.core.registers import Party
from bridge.core.settlement import Settlement
from bridge.engine.decisions import cleared_by_people, judged, written
from bridge.engine.errands import Screened
from bridge.engine.figures import amounts, legal_date, quotas
from bridge.engine.lists import InForce, Shelf
from bridge.engine.perform import Doors
from bridge.engine.preflights import here, preflight, unknown
from bridge.notary.journal import Journal
from bridge.notary.projection import Projection
from bridge.notary.state.proposals import CLEAR
from bridge.notary.state.view import View
from bridge.policy.dossier import (
    RECHECKING,
    RESCREENING,
    SCREENING,
    Approval,
    Datum,
    Dossier,
    Hit,
    Looked,
    Preflight,
    Quota,
)
from bridge.policy.verdict import Verdict
from bridge.ports import Clock, Disclosed
from bridge.screening.match import Subject, id_key, normal_name

log = structlog.stdlib.get_logger(__name__)

VALID_MS = 600_000  # a decision is written at once: one that waits longer is judged again
OWNERS_DEEP = 3  # owners of owners that are looked up; deeper is for people


class DossierScreening:
    """Answers every Screen the machine owes. `key` names persons without showing them."""

    def __init__(
        self,
        journal: Journal,
        doors: Doors,
        clock: Clock,
        *,
        disclosed: Callable[[SettlementOrder], Disclosed],
        key: bytes,
    ) -> None:
        self._journal = journal
        self._doors = doors
        self._clock = clock
        self._disclosed = disclosed
        self._key = key
        self._shelf = Shelf(journal)

    async def screen(self, settlement: Settlement, tries: int) -> Screened:
        """Return policy's answer; `tries` counts how often its reservation no longer fitted.

        Errors: Unavailable where a door is away: nobody is asked to decide what time will tell.
        """
        order, point = settlement.order, settlement.stage.value
        names = self._disclosed(order)
        asked = point == SCREENING
        checks = here(await preflight(self._doors, order, names)) if asked else ()
        lane = self._journal.view.lane(order.lane)
        now = self._clock.now()
        force = await self._shelf.in_force(self._journal.view, lane.pack if lane else "", now)
        dossier = self._gather(settlement, force, now, names=names, checks=checks, tries=tries)
        verdict = judged(order, dossier, force)
        log.info(
            "policy.decided", settlement_id=order.id, stage=point, outcome=verdict.outcome.word
        )
        return written(settlement, dossier, verdict, force)

    async def judged(self, order: SettlementOrder, settlement: Settlement) -> Verdict:
        """Return what policy would say of an order that is not written: for `simulate`."""
        names = self._disclosed(order)
        checks = unknown(await preflight(self._doors, order, names))
        lane = self._journal.view.lane(order.lane)
        now = self._clock.now()
        force = await self._shelf.in_force(self._journal.view, lane.pack if lane else "", now)
        dossier = self._gather(settlement, force, now, names=names, checks=checks, tries=0)
        return judged(order, dossier, force)

    def _gather(
        self,
        settlement: Settlement,
        force: InForce,
        now: Instant,
        *,
        names: Disclosed,
        checks: tuple[Preflight, ...],
        tries: int,
    ) -> Dossier:
        order, view, point = settlement.order, self._journal.view, settlement.stage.value
        if point not in {SCREENING, RESCREENING, RECHECKING}:
            point = SCREENING
        pack = force.pack
        today = legal_date(now, pack.zone if pack is not None else "UTC")
        direction = _direction(view, order)
        papers = _papers(settlement)
        facts = self._facts(view, order, now, direction, papers)
        counted: dict[str, Quota] = {}
        ends: Instant | None = None
        if pack is not None:
            wanted = pack.facts | {ask.fact for rule in pack.rules for ask in rule.quotas}
            facts = {name: value for name, value in facts.items() if name in wanted}
            facts |= amounts(view, order, wanted, today)
            facts |= {n: n[9:] in papers for n in wanted if n.startswith("document.")}
            if point == SCREENING:
                asks = (ask for rule in pack.rules for ask in rule.quotas)
                counted, ends = quotas(view, asks, facts, now)
        until = Instant(now + VALID_MS)
        return Dossier(
            point=point,
            at=now,
            date=today,
            valid_until=until if ends is None else min(until, ends),
            direction=direction,
            facts=facts,
            looked=self._looked(view, order, names, force),
            quotas=counted,
            checks=checks,
            documents=papers,
            references=_references(order),
            freezes=_freezes(view, order, point),
            people=_people(view, settlement),
            decided=settlement.decided,
            cleared=cleared_by_people(self._journal, settlement),
            tries=tries,
        )

    def _facts(
        self,
        view: View,
        order: SettlementOrder,
        now: Instant,
        direction: str,
        papers: tuple[str, ...],
    ) -> dict[str, Datum]:
        """Return the facts of the order and its two sides, but for amounts."""
        enters, _, leaves = direction.partition("-")
        facts: dict[str, Datum] = {
            "direction": direction,
            "purpose": order.purpose,
            "bop_code": order.bop_code,
            "payment.asked": order.payment is not None,
            "payment.direction": f"{leaves}-{enters}",
            "instrument.kind": order.instrument.kind.value,
            "instrument.profile": order.instrument.profile,
            "instrument.issuer": order.instrument.issuer,
            "units": order.units,
            "origin.network": order.origin.network,
            "origin.class": order.origin.network.partition(":")[0],
            "destination.network": order.destination.network,
            "destination.class": order.destination.network.partition(":")[0],
            "lane": order.lane,
            "documents": tuple({"kind": kind} for kind in papers),
        }
        if order.payment is not None:
            facts["payment.currency"] = order.payment.amount.currency.code
        if order.instrument.maturity is not None:
            facts["instrument.life"] = _instant(order.instrument.maturity) - now
        sides = (("payee", order.originator.party), ("payer", order.beneficiary.party))
        rows: list[Mapping[str, str]] = []
        for role, name in sides:
            party = view.party(name)
            if party is not None:
                facts |= self._side(role, party)
                where = party.jurisdiction.code
                rows.append({"role": role, "kind": party.kind, "jurisdiction": where})
        if len(rows) == len(sides):
            facts["parties"] = tuple(rows)
        return facts

    def _side(self, role: str, party: Party) -> dict[str, Datum]:
        number = self._personal(party.id, "person_id")
        return {
            f"{role}.party": party.id,
            f"{role}.kind": party.kind,
            f"{role}.jurisdiction": party.jurisdiction.code,
            f"{role}.has_lei": party.lei is not None,
            f"{role}.custody": bool(party.custody),
            f"{role}.person_id": self._person(number) if number else None,
        }

    def _person(self, number: str) -> str:
        said = b"lianqiao person v1\n" + id_key(number).encode()
        return hmac_new(self._key, said, sha256).hexdigest()

    def _personal(self, party: PartyId, member: str) -> str:
        return _plainly(self._journal.side(f"personal/party/{party}/{member}"))

    def _looked(
        self, view: View, order: SettlementOrder, names: Disclosed, force: InForce
    ) -> Looked:
        """Look everybody of the order up in every list of the pack."""
        hits: list[Hit] = []
        roles: list[str] = []
        unread: list[str] = []
        for role, subject, needs_name in self._subjects(view, order, names):
            roles.append(role)
            if needs_name and not any(normal_name(name) for name in subject.names):
                unread.append(role)
            for state, index in force.lists:
                hits += [
                    Hit(
                        role=role,
                        list=state.name,
                        entry=match.entry,
                        entry_hash=match.entry_hash,
                        by=match.by,
                    )
                    for match in index.matches(subject)
                ]
        return Looked(
            lists=tuple(state for state, _ in force.lists),
            roles=tuple(roles),
            unread=tuple(unread),
            hits=tuple(hits),
        )

    def _subjects(
        self, view: View, order: SettlementOrder, names: Disclosed
    ) -> Iterator[tuple[str, Subject, bool]]:
        """Yield everybody of the order by role, and whether they are looked up by name."""

        def said(place: str) -> str:
            return names[place].value if place in names else ""

        sides = (
            ("originator", order.originator.party, order.originator.account),
            ("beneficiary", order.beneficiary.party, order.beneficiary.account),
        )
        for role, name, account in sides:
            party = view.party(name)
            found = self._subject(party, name)
            own = Subject(
                names=tuple({said(f"{role}.name"), *found.names}),
                ids=found.ids,
                wallets=tuple({account, *found.wallets}),
            )
            yield role, own, True
            yield from self._owners(view, role, party)
        yield "issuer", Subject(ids=(order.instrument.issuer,)), False
        if order.payment is not None:
            for role in ("debtor", "creditor"):
                place = f"payment.{role}"
                who = Subject(names=(said(place),), ids=(said(f"{place}_account"),))
                yield role, who, True
            for role, agent in (
                ("debtor_agent", order.payment.debtor_agent),
                ("creditor_agent", order.payment.creditor_agent),
            ):
                yield role, Subject(ids=(agent.bic, agent.lei or "")), False

    def _owners(
        self, view: View, role: str, party: Party | None
    ) -> Iterator[tuple[str, Subject, bool]]:
        level: list[Party | None] = [party]
        seen: set[PartyId] = set()
        for _ in range(OWNERS_DEEP):
            above = [name for one in level if one is not None for name in one.owners]
            level = []
            for name in above:
                if name not in seen:
                    seen.add(name)
                    level.append(view.party(name))
                    yield f"{role}.owner", self._subject(level[-1], name), True

    def _subject(self, party: Party | None, name: PartyId) -> Subject:
        if party is None:
            return Subject()
        place = f"personal/party/{name}/"
        kept = self._journal.sides(place)
        number = _plainly(kept.get(place + "person_id"))
        return Subject(
            names=(_plainly(kept.get(place + "name")),),
            ids=(party.lei or "", party.uscc, party.bic or "", number),
            wallets=tuple(wallet.account for wallet in party.wallets),
        )


def _plainly(kept: bytes | None) -> str:
    """A personal value without its salt; nothing where it was never given or is erased."""
    return "" if kept is None else kept[32:].decode()


def _direction(view: View, order: SettlementOrder) -> str:
    """The jurisdiction the asset leaves and the one it enters, as the register has them."""
    sides = (view.party(order.originator.party), view.party(order.beneficiary.party))
    return "-".join(party.jurisdiction.code for party in sides if party is not None)


def _papers(settlement: Settlement) -> tuple[str, ...]:
    """The kinds of paper that are there: what the order cites, and what was given since."""
    cited = settlement.order.references.leaf().keys()
    given = (key.rpartition("/")[2] for key in settlement.history if key.startswith("PaperGiven/"))
    return tuple(sorted({*cited, *given}))


def _references(order: SettlementOrder) -> tuple[tuple[str, str], ...]:
    """A number is its sender's own, so it is told from another's by the sender's id."""
    return tuple(
        (kind, sha256(f"{order.originator.party}\n{normal_number(str(text))}".encode()).hexdigest())
        for kind, text in order.references.leaf().items()
    )


def _freezes(view: View, order: SettlementOrder, point: str) -> tuple[str, ...]:
    """What is given back touches its holder, the asset and where it lies; nobody else."""
    scopes = [
        f"lane/{order.lane}",
        f"asset/{order.instrument.asset}",
        f"network/{order.origin.network}",
        f"party/{order.originator.party}",
    ]
    if point != RECHECKING:
        scopes += [f"network/{order.destination.network}", f"party/{order.beneficiary.party}"]
    if point != RECHECKING and order.payment is not None:
        scopes.append(f"network/{order.payment.rail}")
    return tuple(scope for scope in scopes if view.freeze(scope) is not None)


def _people(view: Projection, settlement: Settlement) -> tuple[Approval, ...]:
    """Who cleared a hold of this order, with the roles they hold."""
    of, found = settlement.order.id, dict[str, Approval]()
    names = [derived_id(of, CLEAR, str(visit)) for visit in range(settlement.visit)]
    view.prefetch(("proposal", name) for name in names)
    for proposal in names:
        row = view.proposal(proposal)
        if row is None or row.state != "done":
            continue
        for name in row.approvals:
            person = view.person(name)
            if person is not None:
                found[name] = Approval(name, person.roles)
    return tuple(found[name] for name in sorted(found))


def _instant(day: str) -> Instant:
    return Instant(int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 1000)

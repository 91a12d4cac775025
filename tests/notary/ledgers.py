"""What the ledger's tests share: a clock one sets, two people with keys, a settlement told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge.core.act import act_for
from bridge.core.booking import Account, Op, Transfer, booking
from bridge.core.canonical import Value, digest
from bridge.core.effects import (
    AssignAsset,
    BurnAsset,
    Effect,
    InstructPayment,
    LockAsset,
    MintAsset,
    Screen,
    verb_of,
)
from bridge.core.events import Decided, Event
from bridge.core.ids import (
    AccountId,
    Digest,
    EntryId,
    Instant,
    PersonId,
    SettlementId,
    derived_id,
    new_ulid,
)
from bridge.core.money import Units
from bridge.core.parties import Commitment, personal
from bridge.core.registers import Person
from bridge.core.settlement import MACHINE, Settlement, advance, due, proposed
from bridge.notary.entries import Draft, Expect, Group
from bridge.notary.event_forms import event_form
from bridge.notary.register_forms import person_form
from bridge.notary.state.accounts import transfer_body
from bridge.notary.state.proposals import approval_message, signed_body
from bridge.notary.state.row_forms import account_form
from bridge.notary.state.rows import ProposalRow
from tests.strategies import NOW, SEED, make_event, make_order

LI, WANG, ZHAO = PersonId("li.wei"), PersonId("wang.fang"), PersonId("zhao.min")


@dataclass
class SetClock:
    """A clock that shows what the test set."""

    time: int = NOW

    def now(self) -> Instant:
        return Instant(self.time)


def key_of(person: str) -> Ed25519PrivateKey:
    """A person's key, the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(person.encode()).digest())


def person(name: PersonId, *roles: str) -> Person:
    """A person of the register."""
    return Person(
        id=name,
        name=Commitment(Digest(sha256(name.encode()).hexdigest())),
        key=key_of(name).public_key().public_bytes_raw().hex(),
        roles=roles or ("operator", "approver", "compliance", "admin"),
        since=Instant(0),
    )


def ulid(number: int, now: int = NOW) -> EntryId:
    """The test's n-th id."""
    return EntryId(new_ulid(Instant(now), number.to_bytes(10, "big")))


def group(number: int, *drafts: Draft, side: Sequence[tuple[str, bytes | None]] = ()) -> Group:
    """A group with the test's n-th id."""
    return Group(id=ulid(number, NOW - 1), drafts=drafts, side=tuple(side))


def draft(number: int, kind: str, body: Mapping[str, Value]) -> Draft:
    """An entry with the test's n-th id."""
    return Draft(id=ulid(number), kind=kind, body=body)


def genesis() -> Group:
    """The first group: three people."""
    people = (person(LI), person(WANG), person(ZHAO))
    drafts = [
        draft(2**64 + i, p, person_form(r))
        for i, (p, r) in enumerate(("person", q) for q in people)
    ]
    return group(2**64, *drafts)


SUBJECT_OF = {"pack": "pack.publish", "rate": "rates.import", "opening": "quota.opening"}


def target_of(kind: str, body: Mapping[str, Value]) -> str:
    """What a pack, rate or opening is about, as its proposal names it."""
    if kind == "rate":
        return f"{body['base']}/{body['quote']}"
    return str(body["account" if kind == "opening" else "name"])


def proposal_row(
    name: EntryId, subject: str, target: str, payload: Value, *, maker: str = LI, now: int = NOW
) -> ProposalRow:
    """A proposal that lapses in a second and needs one person beside its maker."""
    row = ProposalRow(
        id=name,
        subject=subject,
        target=target,
        payload=payload,
        bytes_sha256=Digest(""),
        maker=PersonId(maker),
        reason="a test",
        needs=1,
        approvals=(),
        state="open",
        expires=Instant(now + 1000),
    )
    return replace(row, bytes_sha256=Digest(digest(signed_body(row))))


def proposal_body(row: ProposalRow) -> dict[str, Value]:
    """The entry that makes it."""
    return {**signed_body(row), "bytes_sha256": row.bytes_sha256, "needs": str(row.needs)}


def word(
    row: ProposalRow, who: str, says: str = "approve", *, signer: str = ""
) -> tuple[str, dict[str, Value]]:
    """A person's word on it, as kind and body."""
    signature = key_of(signer or who).sign(approval_message(row, says)).hex()
    return "approval", {
        "proposal": row.id,
        "person": who,
        "says": says,
        "reason": "seen",
        "signature": signature,
        "state": "done" if says == "approve" else "refused",
    }


def by_two(
    name: Callable[[], EntryId], kind: str, body: Mapping[str, Value], *, now: int = NOW
) -> tuple[Draft, ...]:
    """A pack, rate or opening as two people put it in force: proposed, approved, carried out."""
    made = name()
    row = proposal_row(made, SUBJECT_OF[kind], target_of(kind, body), body, now=now)
    said = word(row, WANG)
    return (
        Draft(id=made, kind="proposal", body=proposal_body(row)),
        Draft(id=name(), kind=said[0], body=said[1]),
        Draft(id=name(), kind=kind, body=body),
    )


def account(name: str, *, covered: bool = False, limit: int | None = None) -> dict[str, Value]:
    """The body that opens an account."""
    held = None if limit is None else Units(limit)
    return account_form(
        Account(id=AccountId(name), unit="gold", code="test", covered=covered, limit=held)
    )


def transfer(
    op: str, debit: str, credit: str, units: int, *, of: str | None = None, due: int | None = None
) -> dict[str, Value]:
    """The body of a transfer of gold."""
    moved = Transfer(
        id=EntryId(""),
        op=Op(op),
        debit=AccountId(debit),
        credit=AccountId(credit),
        unit="gold",
        units=Units(units),
        of=None if of is None else EntryId(of),
    )
    return transfer_body(moved, None if due is None else Instant(due))


@dataclass
class Teller:
    """Tells one settlement to a ledger, group by group, as the ring would."""

    number: int
    settlement: Settlement = field(init=False)
    groups: list[Group] = field(default_factory=list)

    def __post_init__(self) -> None:
        order = make_order(self.number)
        self.settlement = proposed(order)
        body: dict[str, Value] = {"order": order.leaf(), "uetr": order.uetr}
        name = personal("Seller Co", SEED, "originator.name")
        side = ((f"personal/{order.id}/originator.name", name.salt + name.value.encode()),)
        self._tell("order", self._draft("order", "order", body), side=side, expect=False)

    def _id(self, *parts: str) -> EntryId:
        return derived_id(self.settlement.order.id, *parts)

    def _draft(self, name: str, kind: str, body: Mapping[str, Value]) -> Draft:
        return Draft(id=self._id(kind, name), kind=kind, body=body)

    def _tell(
        self,
        name: str,
        *drafts: Draft,
        side: tuple[tuple[str, bytes | None], ...] = (),
        expect: bool = True,
    ) -> None:
        now = Expect(
            settlement=self.settlement.order.id,
            visit=self.settlement.visit,
            stop=self.settlement.stop,
        )
        made = Group(
            id=self._id("group", name), drafts=drafts, side=side, expect=(now,) if expect else ()
        )
        self.groups.append(made)

    def saga(self, event: Event) -> tuple[Settlement, dict[str, Value]]:
        """The settlement after `event`, and the entry that says so."""
        before, after = self.settlement, advance(self.settlement, event)
        return after, {
            "settlement": before.order.id,
            "machine": MACHINE,
            "from": before.stage.value,
            "event": event_form(event),
            "to": after.stage.value,
            "visit": str(after.visit),
            "stop": "" if after.stop is None else after.stop.value,
        }

    def hear(self, event: Event, *, network: str = "") -> None:
        """One event: its decision or evidence, the step, and what the step books."""
        name = f"{type(event).__name__}/{self.settlement.visit}"
        drafts: list[Draft] = []
        side: tuple[tuple[str, bytes | None], ...] = ()
        if isinstance(event, Decided):
            body = self.decision(type(event).__name__)
            event = make_decided(event, Digest(digest(body)))
            drafts.append(self._draft(name, "decision", body))
            side = ((f"bytes/{body['findings']}", b"findings"),)
        elif network:
            raw = f"evidence {name}".encode()
            proof = sha256(raw).hexdigest()
            shown: dict[str, Value] = {
                "settlement": self.settlement.order.id,
                "network": network,
                "shows": type(event).__name__,
                "sha256": proof,
                "cursor": str(self.settlement.visit),
                "reader": network,
                "keep": [],
            }
            drafts.append(self._draft(name, "evidence", shown))
            side = ((f"bytes/{proof}", raw),)
        after, body = self.saga(event)
        drafts.append(self._draft(name, "saga", body))
        booked = booking(self.settlement, after, issue=Units(100) if after.booked else None)
        for opened in booked.accounts:
            drafts.append(self._draft(f"{name}/{opened.id}", "account", account_form(opened)))
        for moved in booked.transfers:
            drafts.append(Draft(id=moved.id, kind="transfer", body=transfer_body(moved)))
        self._tell(name, *drafts, side=side)
        self.settlement = after

    def decision(self, event: str) -> dict[str, Value]:
        """What policy said in this visit."""
        outcomes = {"PolicyCleared": "clear", "PolicyHeld": "hold", "PolicyBlocked": "block"}
        return {
            "settlement": self.settlement.order.id,
            "visit": str(self.settlement.visit),
            "stage": self.settlement.stage.value,
            "body_hash": self.settlement.order.terms,
            "pack": "11" * 32,
            "rules": ["screening@1"],
            "outcome": outcomes.get(event, "reject"),
            "dossier": "22" * 32,
            "findings": sha256(b"findings").hexdigest(),
            "valid_until": str(NOW + 10**9),
        }

    def perform(self, effect: Effect) -> None:
        """The act, then the bytes about to be sent."""
        assert not isinstance(effect, Screen), "policy answers a screen"
        verb, visit = verb_of(effect), str(self.settlement.visit)
        if not isinstance(effect, LockAsset | InstructPayment):
            act = act_for(effect, evidence=Digest("33" * 32))  # type: ignore[arg-type]  # no payment
            body: dict[str, Value] = {"act": act.body(), "visit": visit}
            self._tell(f"act/{verb}/{visit}", self._draft(f"{verb}/{visit}", "act", body))
            self.settlement = self.settlement.with_act(verb)
        sent = f"bytes of {verb}".encode()
        body = {
            "settlement": self.settlement.order.id,
            "verb": verb.value,
            "attempt": "0",
            "network": "memory:shenzhen",
            "tx": f"tx-{verb}",
            "items": [sha256(sent).hexdigest()],
            "visit": visit,
            "signatures": [{"kind": "ed25519", "signer": "aa" * 32, "signature": "bb" * 64}] * 3,
        }
        side = ((f"bytes/{sha256(sent).hexdigest()}", sent),)
        self._tell(
            f"prepared/{verb}/{visit}", self._draft(f"{verb}/{visit}", "prepared", body), side=side
        )
        self.settlement = self.settlement.with_prepared(verb)


def make_decided(event: Decided, verdict: Digest) -> Decided:
    """The same word of policy, naming its decision."""
    return replace(event, verdict=verdict)


_FACT_OF: Mapping[type, str] = {
    LockAsset: "AssetLocked",
    MintAsset: "AssetMinted",
    InstructPayment: "PaymentSettled",
    BurnAsset: "AssetBurned",
    AssignAsset: "AssetAssigned",
}


def settled(number: int) -> list[Group]:
    """The groups of a settlement that goes well, from order to SETTLED."""
    teller = Teller(number)
    order = teller.settlement.order
    teller.hear(make_event("ConsentGiven", order, 0), network=order.origin.network)
    while (effect := due(teller.settlement)) is not None:
        visit = teller.settlement.visit
        if isinstance(effect, Screen):
            teller.hear(make_event("PolicyCleared", order, visit))
        else:
            teller.perform(effect)
            fact = make_event(_FACT_OF[type(effect)], order, visit)
            teller.hear(fact, network=getattr(fact, "network"))  # noqa: B009 the types differ
    return teller.groups


def whose(groups: Sequence[Group]) -> SettlementId:
    """The settlement a told story is about."""
    return groups[1].expect[0].settlement

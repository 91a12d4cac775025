"""What takes two people: the subjects, who may check them, and what carrying them out writes.

Maker is never checker, by person. A proposal is carried out exactly once, in the group that holds
the deciding approval.
"""

from collections.abc import Callable, Mapping

from bridge.core.canonical import Value, digest
from bridge.core.events import (
    Answer,
    Cancelled,
    GiveBack,
    GoOn,
    HoldCleared,
    HoldDeclined,
    RecallDecided,
    Resolved,
)
from bridge.core.ids import EntryId, Instant, PersonId, SettlementId, derived_id
from bridge.core.parties import personal
from bridge.core.settlement import Settlement
from bridge.engine.admission import Declined
from bridge.notary.entries import Draft, Request
from bridge.notary.state.rows import ProposalRow

EXPIRES_MS = 24 * 3_600_000  # an approval of yesterday's facts is worth little
CLEAR = "settlement.clear"

SUBJECTS: Mapping[str, str] = {  # subject -> the role whose holder may check it
    "settlement.cancel": "approver",
    "settlement.recall": "approver",
    CLEAR: "compliance",
    "settlement.thaw": "compliance",
    "settlement.resume": "approver",
    "lane.open": "approver",
    "register.party": "approver",
    "register.asset": "approver",
    "register.lane": "approver",
    "register.person": "admin",
    "freeze.lift": "compliance",
    "rates.import": "compliance",
    "quota.opening": "compliance",
    "pack.publish": "compliance",
    "list.release": "compliance",
}
ENTRY_OF: Mapping[str, str] = {  # subject -> the kind of entry its payload is the body of
    "lane.open": "lane",
    "register.party": "party",
    "register.asset": "asset",
    "register.lane": "lane",
    "register.person": "person",
    "rates.import": "rate",
    "quota.opening": "opening",
    "pack.publish": "pack",
    "list.release": "list",
}
PERSONAL: Mapping[str, tuple[str, ...]] = {  # members that stand in the leaf as commitments
    "register.party": ("name", "person_id"),
    "register.person": ("name",),
}
OF_SETTLEMENT = frozenset(name for name in SUBJECTS if name.startswith("settlement."))


def clearing(settlement: Settlement, now: Instant) -> Draft:
    """Return the proposal that entering HELD opens, in the name of the order's maker."""
    order = settlement.order
    return proposal_draft(
        derived_id(order.id, CLEAR, str(settlement.visit)),
        subject=CLEAR,
        target=order.id,
        payload={"visit": str(settlement.visit)},
        maker=order.maker,
        reason="held by policy",
        expires=Instant(max(order.deadline, now + EXPIRES_MS)),
    )


def answer_of(row: ProposalRow, says: str, settlement: Settlement) -> Answer | None:
    """Return what a decided proposal says to the machine, stamped with the visit it meets."""
    if says == "refuse":
        return HoldDeclined(visit=settlement.visit) if row.subject == CLEAR else None
    make = _ANSWERS.get(row.subject) if says == "approve" else None
    return make(settlement.visit, row.payload) if make is not None else None


def _thaw(visit: int, payload: Value) -> Answer:
    return GoOn(visit=visit) if member(payload, "way") == "go_on" else GiveBack(visit=visit)


def _resume(visit: int, payload: Value) -> Answer:
    freezes = payload.get("freezes") if isinstance(payload, Mapping) else None
    listed = freezes if isinstance(freezes, list | tuple) else ()
    named = tuple(one for one in listed if isinstance(one, str))
    return Resolved(visit=visit, to=member(payload, "to"), freezes=named)


_ANSWERS: Mapping[str, Callable[[int, Value], Answer]] = {
    "settlement.cancel": lambda visit, _: Cancelled(visit=visit),
    "settlement.recall": lambda visit, _: RecallDecided(visit=visit),
    CLEAR: lambda visit, _: HoldCleared(visit=visit),
    "settlement.thaw": _thaw,
    "settlement.resume": _resume,
}


def carried(row: ProposalRow) -> tuple[Draft, ...]:
    """Return the entries that carry out an approved proposal that is no settlement's."""
    name = derived_id(SettlementId(row.id), "carried")
    if row.subject == "freeze.lift":
        return (Draft(id=name, kind="thaw", body={"scope": row.target}),)
    assert isinstance(row.payload, Mapping), f"{row.id}: its shape was checked when proposed"
    return (Draft(id=name, kind=ENTRY_OF[row.subject], body=row.payload),)


def check_shape(subject: str, target: str, payload: Value) -> None:
    """Raise Declined where a proposal is not what its subject carries."""
    if subject not in SUBJECTS or subject == CLEAR:
        raise Declined(
            "LQ-SUBJECT-UNKNOWN",
            f"{subject[:64]!r} is not a subject people propose",
            status=400,
            loc="subject",
            remedy=f"one of {', '.join(sorted(set(SUBJECTS) - {CLEAR}))}",
        )
    if subject == "settlement.thaw" and member(payload, "way") not in {"go_on", "give_back"}:
        raise Declined(
            "LQ-THAW-WAY",
            "a thaw says which way: go_on or give_back",
            status=400,
            loc="payload.way",
            remedy="lianqiao thaw ID --go-on, or --give-back",
        )
    if subject == "settlement.resume" and not member(payload, "to"):
        raise Declined(
            "LQ-RESUME-TO",
            "a resolution names the stage the settlement is put in",
            status=400,
            loc="payload.to",
            remedy="lianqiao resume ID --to STAGE",
        )
    if subject in ENTRY_OF and not isinstance(payload, Mapping):
        raise Declined(
            "LQ-PAYLOAD",
            f"{subject} carries the register's row",
            status=400,
            loc="payload",
            remedy=f"send the {ENTRY_OF[subject]} as an object",
        )
    if subject.startswith(("register.", "lane.")) and member(payload, "id") != target:
        raise Declined(
            "LQ-TARGET",
            "target and payload.id name two things",
            status=400,
            loc="target",
            remedy="name the row's own id",
        )


def with_commitments(
    subject: str, target: str, payload: Value, entropy: Callable[[int], bytes]
) -> tuple[Value, tuple[tuple[str, bytes | None], ...]]:
    """Return the payload with its personal values as salted commitments, and what lies beside."""
    members = PERSONAL.get(subject, ())
    if not members or not isinstance(payload, Mapping):
        return payload, ()
    body: dict[str, Value] = dict(payload)
    side: list[tuple[str, bytes | None]] = []
    kind = ENTRY_OF[subject]
    for name in members:
        value = body.get(name)
        if isinstance(value, str):
            said = personal(value, entropy(32), name)
            body[name] = {"h": said.commitment.h}
            side.append((f"personal/{kind}/{target}/{name}", said.salt + value.encode()))
    accounts = body.get("accounts") if kind == "party" else None
    if isinstance(accounts, list | tuple):
        committed: list[Value] = []
        for place, value in enumerate(accounts):
            if not isinstance(value, str):
                committed.append(value)
                continue
            said = personal(value, entropy(32), "accounts")
            committed.append(said.commitment.h)
            key = f"personal/{kind}/{target}/accounts/{place}"
            side.append((key, said.salt + value.encode()))
        body["accounts"] = committed
    return body, tuple(side)


def member(payload: Value, name: str) -> str:
    """Return a member of a payload that is text, or nothing."""
    value = payload.get(name, "") if isinstance(payload, Mapping) else ""
    return value if isinstance(value, str) else ""


def proposal_draft(
    name: EntryId,
    *,
    subject: str,
    target: str,
    payload: Value,
    maker: PersonId,
    reason: str,
    expires: Instant,
    request: Request | None = None,
) -> Draft:
    """Return the entry of a proposal that needs one person beside its maker."""
    signed: dict[str, Value] = {
        "id": name,
        "subject": subject,
        "target": target,
        "payload": payload,
        "maker": maker,
        "reason": reason,
        "expires": str(expires),
    }
    body = {**signed, "bytes_sha256": digest(signed), "needs": "1"}
    return Draft(id=name, kind="proposal", body=body, request=request)


def approval_form(
    row: ProposalRow, *, person: PersonId, says: str, reason: str, signature: bytes, state: str
) -> dict[str, Value]:
    """Return the body of a checker's word and what it makes of the proposal."""
    return {
        "proposal": row.id,
        "person": person,
        "says": says,
        "reason": reason,
        "signature": signature.hex(),
        "state": state,
    }

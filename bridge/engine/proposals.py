"""What takes two people: the subjects, who may check them, and what carrying them out writes.

Maker is never checker, by person. A proposal is carried out exactly once, in the group that holds
the deciding approval.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeAlias

from bridge.core.canonical import Value, canonical, digest
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
from bridge.notary.state.proposals import CLEAR, HELD, PEOPLE, SUBJECTS
from bridge.notary.state.rows import ProposalRow

EXPIRES_MS = 24 * 3_600_000  # an approval of yesterday's facts is worth little
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
    if row.subject == HELD:
        way = sha256(member(row.payload, "way").encode()).hexdigest()
        body: dict[str, Value] = {
            "reader": PEOPLE,
            "cursor": row.id,
            "keep": [{"key": row.target, "sha256": way}],
        }
        return (Draft(id=name, kind="evidence", body=body),)
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


Side: TypeAlias = tuple[tuple[str, bytes | None], ...]


def with_commitments(
    name: EntryId, subject: str, payload: Value, entropy: Callable[[int], bytes]
) -> tuple[Value, Side]:
    """Return the payload with its personal values as salted commitments, and what lies beside.

    It lies under the proposal's own id: what the register's rows say is nobody's word alone.
    Errors: Declined where a personal value is no text: it would stand in the leaf.
    """
    members = PERSONAL.get(subject, ())
    if not members or not isinstance(payload, Mapping):
        return payload, ()
    body: dict[str, Value] = dict(payload)
    side: list[tuple[str, bytes | None]] = []
    for place in members:
        value = body.get(place)
        if isinstance(value, str):
            said = personal(value, entropy(32), place)
            body[place] = {"h": said.commitment.h}
            side.append((f"personal/proposal/{name}/{place}", said.salt + value.encode()))
        elif value is not None and not _is_commitment(value):
            raise _plain(place)
    accounts = body.get("accounts") if subject == "register.party" else None
    if accounts is not None and not isinstance(accounts, list | tuple):
        raise _plain("accounts")
    if accounts is not None:
        committed: list[Value] = []
        for at, value in enumerate(accounts):
            if not isinstance(value, str):
                raise _plain("accounts")
            said = personal(value, entropy(32), "accounts")
            committed.append(said.commitment.h)
            key = f"personal/proposal/{name}/accounts/{at}"
            side.append((key, said.salt + value.encode()))
        body["accounts"] = committed
    return body, tuple(side)


def _is_commitment(value: Value) -> bool:
    held = value.get("h") if isinstance(value, Mapping) and len(value) == 1 else None
    return isinstance(held, str) and re.fullmatch("[0-9a-f]{64}", held) is not None


def _plain(place: str) -> Declined:
    return Declined(
        "LQ-PAYLOAD",
        f"{place} holds a personal value that is no text",
        status=400,
        loc=f"payload.{place}",
        remedy="send it as a text, accounts as a list of texts",
    )


def moved(row: ProposalRow, says: str, sides: Callable[[str], Mapping[str, bytes]]) -> Side:
    """Return what a checker's word does beside the ledger: a row's values come into force with it.

    What was proposed lies under the proposal no longer; of the row before only what the new row
    commits to as well is left.
    """
    if row.subject not in PERSONAL:
        return ()
    waits = f"personal/proposal/{row.id}/"
    proposed = sides(waits)
    side: dict[str, bytes | None] = dict.fromkeys(proposed)
    if says == "approve":
        there = f"personal/{ENTRY_OF[row.subject]}/{row.target}/"
        named = canonical(row.payload).decode()
        gone = (key for key, kept in sides(there).items() if _sha(kept) not in named)
        side |= dict.fromkeys(gone)
        side |= {there + key.removeprefix(waits): kept for key, kept in proposed.items()}
    return tuple(side.items())


def _sha(kept: bytes) -> str:
    return sha256(kept).hexdigest()


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

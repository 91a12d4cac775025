"""Proposals: made by one person, decided by others over their own keys, carried out once.

The group that holds the deciding approval holds what it carries out; nothing else may do it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bridge.core.canonical import Value, canonical, digest
from bridge.core.ids import Digest, EntryId, Instant, PersonId
from bridge.core.registers import Person
from bridge.notary.entries import Entry
from bridge.notary.reading import BadForm, integer, text
from bridge.notary.state.refusals import REFUSED, Code, Refusal
from bridge.notary.state.rows import ProposalRow
from bridge.notary.state.view import Changes, View

APPROVAL_PREFIX: Final = b"lianqiao approval v1\n"
REFUSAL_PREFIX: Final = b"lianqiao refusal v1\n"
CLEAR: Final = "settlement.clear"
THAW: Final = "settlement.thaw"
HELD: Final = "held.decide"  # what a door holds for people
PEOPLE: Final = "desk:people"  # whose word on it is kept as a reader's is
SUBJECTS: Final[Mapping[str, str]] = {  # subject -> the role whose holder may check it
    "settlement.cancel": "approver",
    "settlement.recall": "approver",
    CLEAR: "compliance",
    THAW: "compliance",
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
    HELD: "approver",
}
_PROPOSAL: Final = frozenset(
    "id subject target payload maker reason expires bytes_sha256 needs".split()
)
_APPROVAL: Final = frozenset("proposal person says reason signature state".split())
NOTHING: Final[Mapping[str, Value]] = {}
_STATES: Final = {"approve": frozenset({"open", "done", "void"}), "refuse": frozenset({"refused"})}


def signed_body(row: ProposalRow) -> dict[str, Value]:
    """Return what every approval signs: change a byte of it and the approvals are void."""
    return {
        "id": row.id,
        "subject": row.subject,
        "target": row.target,
        "payload": row.payload,
        "maker": row.maker,
        "reason": row.reason,
        "expires": str(row.expires),
    }


def approval_message(row: ProposalRow, says: str) -> bytes:
    """Return the bytes a person's Ed25519 key signs to approve or to refuse."""
    prefix = APPROVAL_PREFIX if says == "approve" else REFUSAL_PREFIX
    return prefix + canonical(signed_body(row))


def proposed(view: View, entry: Entry) -> Changes | Refusal:
    """Write down what a person wants done; at least one more has to say so too."""
    row = _row(entry.id, entry.body)
    maker = view.person(row.maker)
    if maker is None or not _serves(maker, entry.t):
        return REFUSED[Code.PERSON_UNKNOWN]
    if row.expires <= entry.t:
        return REFUSED[Code.PROPOSAL_EXPIRED]
    return (("proposal", entry.id, row),)


def _row(name: EntryId, body: Mapping[str, Value]) -> ProposalRow:
    if body.keys() ^ _PROPOSAL or body["id"] != name:
        raise BadForm(f"proposal: the members {sorted(body)}, its id that of the entry")
    row = ProposalRow(
        id=name,
        subject=text(body, "subject"),
        target=text(body, "target"),
        payload=body["payload"],
        bytes_sha256=Digest(text(body, "bytes_sha256")),
        maker=PersonId(text(body, "maker")),
        reason=text(body, "reason"),
        needs=integer(body, "needs"),
        approvals=(),
        state="open",
        expires=Instant(integer(body, "expires")),
    )
    if row.needs < 1 or row.bytes_sha256 != digest(signed_body(row)):
        raise BadForm("proposal: its hash is of something else, or it needs nobody")
    return row


def approved(view: View, entry: Entry) -> Changes | Refusal:
    """Take one person's word on a proposal, if it is theirs to give."""
    body = entry.body
    says, state = text(body, "says"), text(body, "state")
    if body.keys() ^ _APPROVAL or state not in _STATES.get(says, ()):
        raise BadForm(f"approval: {says!r} to {state!r} with {sorted(body)}")
    person, row = view.person(text(body, "person")), view.proposal(text(body, "proposal"))
    if person is None or not _serves(person, entry.t):
        return REFUSED[Code.PERSON_UNKNOWN]
    if row is None:
        return REFUSED[Code.PROPOSAL_UNKNOWN]
    if not person.holds(SUBJECTS.get(row.subject, ""), entry.t):
        return REFUSED[Code.ROLE_MISSING]
    if row.state != "open":
        return REFUSED[Code.PROPOSAL_CLOSED]
    if person.id == row.maker:
        return REFUSED[Code.MAKER_IS_CHECKER]
    if person.id in row.approvals:
        return REFUSED[Code.ALREADY_APPROVED]
    if not _signed(person, row, says, text(body, "signature")):
        return REFUSED[Code.SIGNATURE_BAD]
    if row.expires <= entry.t:
        return REFUSED[Code.PROPOSAL_EXPIRED]
    if row.subject == HELD and says == "approve" and view.text("kept", f"{PEOPLE}/{row.target}"):
        return REFUSED[Code.PROPOSAL_CLOSED]  # another proposal has decided it
    approvals = (*row.approvals, person.id)
    if says == "approve" and (state == "open") != (len(approvals) < row.needs):
        return REFUSED[Code.NOT_APPROVED]
    if state == "open":
        return (("proposal", row.id, replace(row, approvals=approvals)),)
    closed = replace(row, approvals=approvals, state=state, carried=entry.start)
    return (("proposal", row.id, closed), ("carried", row.target, row.id))


def _serves(person: Person, now: Instant) -> bool:
    return person.since <= now and (person.until is None or now < person.until)


def _signed(person: Person, row: ProposalRow, says: str, signature: str) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(person.key))
        key.verify(bytes.fromhex(signature), approval_message(row, says))
    except (ValueError, InvalidSignature):
        return False
    return True


def not_carried(
    view: View,
    entry: Entry,
    target: str,
    *subjects: str,
    asks: Mapping[str, Value] = NOTHING,
    people: int = 2,
    beside: str = "",
    state: str = "done",
) -> Refusal | None:
    """Say why `entry` may not do what takes people: None where its own group decided just that.

    `subjects`, `asks`: what the proposal was about, and what its payload must have asked for.
    `people`: how many different persons stand behind it; `beside` is one whose word counts for
    nothing here, such as who made the order.
    """
    row = view.proposal(view.text("carried", target))
    if row is None or row.carried != entry.start or row.state != state:
        return REFUSED[Code.NOT_APPROVED]
    payload = row.payload if isinstance(row.payload, Mapping) else NOTHING
    if row.subject not in subjects or any(payload.get(k) != v for k, v in asks.items()):
        return REFUSED[Code.OTHER_PROPOSAL]
    behind = {row.maker, *row.approvals} - {beside}
    return None if len(behind) >= people else REFUSED[Code.NOT_APPROVED]

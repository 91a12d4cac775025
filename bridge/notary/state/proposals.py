"""Proposals: made by one person, approved by others over their own keys, carried out once."""

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
from bridge.notary.state.view import NOTHING_CHANGES, Change, Changes, View

APPROVAL_PREFIX: Final = b"lianqiao approval v1\n"
_PROPOSAL: Final = frozenset(
    "subject target payload bytes_sha256 maker reason role needs expires".split()
)
_APPROVAL: Final = frozenset({"proposal", "person", "says", "signature"})
_SAYS: Final = frozenset({"approved", "refused", "withdrawn"})


def proposal_digest(subject: str, target: str, payload: Value) -> Digest:
    """Return the hash of what is proposed: what every approval signs."""
    return Digest(digest({"subject": subject, "target": target, "payload": payload}))


def proposal_body(
    *,
    subject: str,
    target: str,
    payload: Value,
    maker: PersonId,
    reason: str,
    role: str,
    needs: int,
    expires: Instant,
) -> dict[str, Value]:
    """Return the body of a proposal's entry. `needs`: how many must approve beside the maker."""
    return {
        "subject": subject,
        "target": target,
        "payload": payload,
        "bytes_sha256": proposal_digest(subject, target, payload),
        "maker": maker,
        "reason": reason,
        "role": role,
        "needs": str(needs),
        "expires": str(expires),
    }


def approval_message(proposal: str, bytes_sha256: str, says: str) -> bytes:
    """Return the bytes a person's Ed25519 key signs to approve, refuse or withdraw."""
    body: dict[str, Value] = {"proposal": proposal, "bytes_sha256": bytes_sha256, "says": says}
    return APPROVAL_PREFIX + canonical(body)


def approval_body(proposal: str, person: PersonId, says: str, signature: bytes) -> dict[str, Value]:
    """Return the body of an approval's entry."""
    return {
        "proposal": proposal,
        "person": person,
        "says": says,
        "signature": signature.hex(),
    }


def proposed(view: View, entry: Entry) -> Changes | Refusal:
    """Write down what a person wants done; one that needs nobody else is approved at once."""
    body = entry.body
    if body.keys() != _PROPOSAL:
        raise BadForm(f"proposal: the members {sorted(body)}")
    payload, needs = body["payload"], integer(body, "needs")
    row = ProposalRow(
        id=entry.id,
        subject=text(body, "subject"),
        target=text(body, "target"),
        payload=payload,
        bytes_sha256=Digest(text(body, "bytes_sha256")),
        maker=PersonId(text(body, "maker")),
        reason=text(body, "reason"),
        role=text(body, "role"),
        needs=needs,
        approvals=(),
        state="open" if needs else "approved",
        expires=Instant(integer(body, "expires")),
    )
    if needs < 0 or row.bytes_sha256 != proposal_digest(row.subject, row.target, payload):
        raise BadForm("proposal: its hash is of something else, or it needs fewer than nobody")
    maker = view.person(row.maker)
    if maker is None or not _serves(maker, entry.t):
        return REFUSED[Code.PERSON_UNKNOWN]
    return (("proposal", entry.id, row),)


def approved(view: View, entry: Entry) -> Changes | Refusal:
    """Take one person's word on a proposal, if it is theirs to give."""
    body = entry.body
    if body.keys() != _APPROVAL or text(body, "says") not in _SAYS:
        raise BadForm(f"approval: the members {sorted(body)}")
    person, row = view.person(text(body, "person")), view.proposal(text(body, "proposal"))
    says = text(body, "says")
    if person is None or not _serves(person, entry.t):
        return REFUSED[Code.PERSON_UNKNOWN]
    if row is not None and says != "withdrawn" and not person.holds(row.role, entry.t):
        return REFUSED[Code.ROLE_MISSING]
    if row is None:
        return REFUSED[Code.PROPOSAL_UNKNOWN]
    if row.state != "open" and not (says == "withdrawn" and row.state == "approved"):
        return REFUSED[Code.PROPOSAL_CLOSED]
    if (person.id == row.maker) != (says == "withdrawn"):
        return REFUSED[Code.MAKER_IS_CHECKER]
    if person.id in row.approvals:
        return REFUSED[Code.ALREADY_APPROVED]
    if not _signed(person, row, says, text(body, "signature")):
        return REFUSED[Code.SIGNATURE_BAD]
    if row.expires <= entry.t:
        return REFUSED[Code.PROPOSAL_EXPIRED]
    return (("proposal", row.id, _after(row, person.id, says)),)


def _after(row: ProposalRow, person: PersonId, says: str) -> ProposalRow:
    if says == "refused":
        return replace(row, state="refused")
    if says == "withdrawn":
        return replace(row, state="void")
    approvals = (*row.approvals, person)
    return replace(
        row, approvals=approvals, state="approved" if len(approvals) >= row.needs else "open"
    )


def _serves(person: Person, now: Instant) -> bool:
    return person.since <= now and (person.until is None or now < person.until)


def _signed(person: Person, row: ProposalRow, says: str, signature: str) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(person.key))
        key.verify(bytes.fromhex(signature), approval_message(row.id, row.bytes_sha256, says))
    except (ValueError, InvalidSignature):
        return False
    return True


def carried_out(
    view: View, entry: Entry, target: str, *, people: int, beside: str = ""
) -> tuple[Change, ...] | Refusal:
    """Mark the proposal an entry carries out as done, once; or say why it may not.

    `people`: how many different persons must stand behind it, its maker and `beside` not counted
    twice: `beside` is a person whose word counts for nothing here, such as who made the order.
    """
    if "proposal" not in entry.body:
        return REFUSED[Code.NOT_APPROVED] if people else NOTHING_CHANGES
    row = view.proposal(EntryId(text(entry.body, "proposal")))
    if row is None:
        return REFUSED[Code.PROPOSAL_UNKNOWN]
    again = row.state == "done" and row.carried == entry.start
    if row.state not in {"open", "approved"} and not again:
        return REFUSED[Code.PROPOSAL_CLOSED]
    if row.expires <= entry.t and not again:
        return REFUSED[Code.PROPOSAL_EXPIRED]
    behind = {row.maker, *row.approvals} - {beside}
    if row.state == "open" or len(behind) < people:
        return REFUSED[Code.NOT_APPROVED]
    if row.target != target:
        return REFUSED[Code.OTHER_PROPOSAL]
    if again:
        return NOTHING_CHANGES
    return (("proposal", row.id, replace(row, state="done", carried=entry.start)),)

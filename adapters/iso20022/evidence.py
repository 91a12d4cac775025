"""What is kept as proof of a fact: our own signed messages and the bank's, byte for byte.

A bundle is one line of canonical JSON (settlement, sizes, how many are ours) and then the frames.
`verify` reads it with nothing but the words pinned in a verifier's own settings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from adapters.iso20022.agreement import Instruct, Proof
from adapters.iso20022.codec import (
    CAMT_056,
    CAMT_057,
    INSTRUCTIONS,
    PACS_009,
    PACS_028,
    Instruction,
    instruction_of,
    short_id,
)
from adapters.iso20022.correlation import Asked, Disagreement, find
from adapters.iso20022.reading import Message, References, Resolved, Statement, Status, message_of
from adapters.iso20022.signed import BadSignature, unframe, verified
from adapters.iso20022.story import REJECTED, UNTOLD, Terms, Told, begin, hear
from adapters.iso20022.write import BadMessage, checked
from bridge.core.canonical import NotCanonical, Value, canonical, parse
from bridge.core.events import Fact
from bridge.core.ids import BadId, NetworkId, SettlementId, settlement_id, uetr_of
from bridge.ports import Unproved

SCHEMA = "lianqiao.iso20022.evidence/1"
PAY, COVER, NOTICE, RECALL, QUESTION, REPLY = "P", "V", "N", "C", "Q", "A"  # letters of our ids
EVIDENCE_MAX = 64 * 1024 * 1024  # bytes: six of the largest messages, where some KiB are usual
REMEMBERED_MAX = 65_536  # bytes of a message whose reading is remembered
_AT = 26  # where the letter stands: after the settlement


@dataclass(frozen=True, slots=True)
class Ours:
    """Every message of ours about one payment: what may be answered, and which recalls."""

    instruction: Instruction
    asked: tuple[Asked, ...]
    recalls: Mapping[str, int] = field(default_factory=dict)

    def by_uetr(self, uetr: str) -> tuple[Asked, ...]:
        """Return every message about a UETR."""
        return tuple(one for one in self.asked if one.uetr == uetr)

    def by_message(self, message: str) -> tuple[Asked, ...]:
        """Return what was asked by a message."""
        return tuple(one for one in self.asked if one.message == message)

    def by_instruction(self, instruction: str) -> tuple[Asked, ...]:
        """Return what was asked under an InstrId."""
        return tuple(one for one in self.asked if one.instruction == instruction)

    def by_transaction(self, transaction: str) -> tuple[Asked, ...]:
        """Return what was asked under a TxId."""
        return tuple(one for one in self.asked if one.transaction == transaction)


def letter_of(message: str) -> str:
    """Return what kind of message of ours an id names; empty for an id of others."""
    return message[_AT : _AT + 1]


def attempt_of(message: str) -> int:
    """Return the attempt a recall's id names."""
    return int(message[_AT + 1 :].partition(".")[0])


def ours(instruct: Instruct, named: Iterable[str], instruction: Instruction) -> Ours:
    """Return what we asked about one payment, from the ids of our messages."""
    asked: list[Asked] = []
    recalls: dict[str, int] = {}
    kinds = {COVER: PACS_009, NOTICE: CAMT_057, RECALL: CAMT_056, QUESTION: PACS_028}
    for name in named:
        letter = letter_of(name)
        leg = short_id(instruction.settlement, "cover" if letter == COVER else "pay")
        asked.append(
            Asked(
                message=name,
                kind=kinds.get(letter, INSTRUCTIONS[instruct]),
                uetr=instruction.uetr,
                instruction=leg if letter in {PAY, COVER} else "",
                transaction=instruction.settlement if letter in {PAY, COVER} else "",
            )
        )
        if letter == RECALL:
            recalls[name] = attempt_of(name)
    return Ours(instruction, tuple(asked), recalls)


def concerning(message: Message, mine: Ours) -> list[Statement]:
    """Return the statements of a message that are about one payment of ours.

    What is said of a recall, a cover or a question as a message is not said of the payment.
    Errors: Disagreement.
    """
    found: list[Statement] = []
    if message.is_copy:
        return found
    for statement in message.statements:
        matched = find(statement.about, mine)
        answers = isinstance(statement, Resolved) and statement.case in mine.recalls
        if answers and not matched and statement.about != References():
            raise Disagreement("the case is ours, what it is said of is not")
        if _is_superseded(statement, mine):
            continue
        if answers or any(letter_of(one.message) == PAY for one in matched):
            found.append(statement)
    return found


def _is_superseded(statement: Statement, mine: Ours) -> bool:
    """Whether it rejects an instruction that was replaced: the later one may still be paid."""
    return (
        isinstance(statement, Status)
        and statement.code in REJECTED
        and letter_of(statement.about.message) == PAY
        and statement.about.message != mine.instruction.message_id
    )


def retell(terms: Terms, mine: Ours, messages: Iterable[Message], told: Told | None = None) -> Told:
    """Return where a payment stands after these messages, in their order, and those `told` before.

    Errors: Disagreement.
    """
    told = begin() if told is None else told
    for message in messages:
        said = concerning(message, mine)
        told = hear(told, terms, mine.instruction, said, message.created or UNTOLD)
    return told


def telling(
    terms: Terms, mine: Ours, messages: Iterable[tuple[bytes, Message]]
) -> tuple[bytes, ...]:
    """Return the frames of the messages that changed what is proved; the others prove nothing.

    A statement of the whole day that repeats a booking is large and full of other people's
    business: what a notice has proved already, it is no evidence of.
    Errors: Disagreement.
    """
    told, kept = begin(), []
    for frame, message in messages:
        before = told
        said = concerning(message, mine)
        told = hear(told, terms, mine.instruction, said, message.created or UNTOLD)
        told = replace(told, remarks=())
        if told != before:
            kept.append(frame)
    return tuple(kept)


def bundle(settlement: SettlementId, own: Iterable[bytes], theirs: Iterable[bytes]) -> bytes:
    """Return the evidence of a payment: our frames, then the bank's, in their order."""
    mine, bank = list(own), list(theirs)
    head = {
        "schema": SCHEMA,
        "settlement": settlement,
        "ours": str(len(mine)),
        "sizes": [str(len(frame)) for frame in (*mine, *bank)],
    }
    return canonical(head) + b"\n" + b"".join((*mine, *bank))


def verify(evidence: bytes, pinned: Value) -> tuple[Fact, ...]:
    """Return every fact a bundle proves to who holds the pinned words.

    Errors: Unproved, naming the step: the bundle, a signature, a message, its references.
    """
    if len(evidence) > EVIDENCE_MAX:
        raise Unproved(f"bundle: larger than {EVIDENCE_MAX} bytes")
    try:
        settlement, own, theirs = _unbundled(evidence)
        ours_keys, bank_keys = _keys(pinned, "own"), _keys(pinned, "bank")
        mine = _own_words(pinned, settlement, [verified(unframe(f), ours_keys).raw for f in own])
        said = [message_in(verified(unframe(frame), bank_keys).raw) for frame in theirs]
        return retell(terms_of(pinned, mine), mine, said).facts
    except (BadSignature, BadMessage, Disagreement, BadId) as error:
        raise Unproved(str(error)) from error


def terms_of(pinned: Value, mine: Ours) -> Terms:
    """Return by what a story is read, from the pinned words and what we asked.

    Errors: Unproved.
    """
    return Terms(
        network=NetworkId(_text(pinned, "network")),
        proof=Proof(_text(pinned, "proof")),
        customer=_text(pinned, "instruct") == Instruct.PAIN_001,
        account=_text(pinned, "account"),
        recalls=mine.recalls,
    )


def message_in(raw: bytes) -> Message:
    """Return what a message says, as `message_of` does; what was read is remembered."""
    return _read_again(raw) if len(raw) <= REMEMBERED_MAX else message_of(raw)


@lru_cache(256)  # the rail, the watcher and every notary read the same bytes
def _read_again(raw: bytes) -> Message:
    return message_of(raw)


@lru_cache(256)
def instruction_in(raw: bytes) -> Instruction:
    """Return what an instruction of ours asks for; what was read is remembered."""
    return instruction_of(raw)


def _own_words(pinned: Value, settlement: SettlementId, raws: list[bytes]) -> Ours:
    """What we asked, as our own signed messages have it."""
    instruct = Instruct(_text(pinned, "instruct"))
    instructions: list[Instruction] = []
    named: list[str] = []
    for raw in raws:
        name = own_id(raw)
        named.append(name)
        if letter_of(name) == PAY:
            instructions.append(instruction_in(raw))
    if not instructions:
        raise Unproved("bundle: no instruction of ours")
    mine = instructions[-1]
    if mine.settlement != settlement or mine.uetr != uetr_of(settlement):
        raise Unproved("instruction: not of this settlement")
    return ours(instruct, named, mine)


@lru_cache(256)
def own_id(raw: bytes) -> str:
    """Return the id of a message of ours.

    Errors: BadMessage.
    """
    found = checked(raw, _OWN)
    assert found.document is not None
    body = found.document.children[0]
    return body.value("GrpHdr/MsgId") or body.value("Assgnmt/Id")


_OWN = ("head.001.001.02", *INSTRUCTIONS.values(), CAMT_056, CAMT_057, PACS_028)


def _unbundled(evidence: bytes) -> tuple[SettlementId, list[bytes], list[bytes]]:
    line, _, rest = evidence.partition(b"\n")
    try:
        head = parse(line)
    except NotCanonical as error:
        raise Unproved("bundle: its head is not canonical") from error
    if not isinstance(head, Mapping) or set(head) != {"schema", "settlement", "ours", "sizes"}:
        raise Unproved("bundle: its head has other members")
    sizes = head["sizes"]
    if _text(head, "schema") != SCHEMA or isinstance(sizes, str | bool | Mapping):
        raise Unproved("bundle: of another kind")
    frames: list[bytes] = []
    for size in sizes:
        length = _whole(size)
        frames.append(rest[:length])
        rest = rest[length:]
    if rest or any(len(frame) != _whole(size) for frame, size in zip(frames, sizes, strict=True)):
        raise Unproved("bundle: its sizes are not those of its parts")
    count = _whole(head["ours"])
    if not 0 < count < len(frames):
        raise Unproved("bundle: one side says nothing")
    return settlement_id(_text(head, "settlement")), frames[:count], frames[count:]


def _whole(value: Value) -> int:
    if not isinstance(value, str) or not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Unproved("bundle: no whole number")
    return int(value)


def _text(value: Value, name: str) -> str:
    found = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(found, str):
        raise Unproved(f"{name}: no text")
    return found


def _keys(pinned: Value, name: str) -> dict[str, str]:
    listed = pinned.get(name) if isinstance(pinned, Mapping) else None
    if listed is None or isinstance(listed, str | bool | Mapping):
        raise Unproved(f"{name}: no keys are pinned")
    return {_text(one, "key"): _text(one, "public") for one in listed}

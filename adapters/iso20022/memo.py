"""What the rail asks the ledger to keep, and how it finds it again.

out/ID        a message of ours, framed, kept before it is sent    uetr/U, instr/I   its settlement
in/N          a message of others, framed, in the order it was taken    head         the last N
said/S/N      message N is about settlement S                      park/N            it waits
dup/KEY       the digest of a message by its key                   broken/S          to be told
rules/N       the digest of the rules it was judged by
soft/D        a rule made lighter, and who signed it, by its digest
held/D        why a message waits for people, by its digest, and its number
people/D      what two of them said of it
owe/ID        an answer of ours that is to be sent                 call/S            who recalls
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from adapters.iso20022.agreement import Agreement
from adapters.iso20022.codec import Instruction, short_id
from adapters.iso20022.correlation import Disagreement
from adapters.iso20022.evidence import COVER, PAY, Ours, instruction_in, letter_of, ours
from adapters.iso20022.judging import Judged
from adapters.iso20022.reading import Message, Resolved, Statement
from adapters.iso20022.signed import Signed, unframe
from bridge.core.canonical import canonical, parse
from bridge.core.ids import Instant, SettlementId, uetr_of
from bridge.ports import HELD_KEY, PEOPLE_KEY, RELEASED, Kept

Keep = tuple[tuple[str, bytes | None], ...]
_DIGITS = 12
_ID = 26  # characters of a settlement


@dataclass(frozen=True, slots=True)
class Memo:
    """A reading of what was kept. It holds nothing itself."""

    kept: Kept
    agreement: Agreement

    @property
    def head(self) -> int:
        """The number of the last message taken."""
        found = self.kept.get("head")
        return int(found) if found else 0

    def taken(self, number: int) -> Signed:
        """Return the message of that number."""
        frame = self.kept.get(numbered("in", number))
        assert frame is not None, f"message {number} is gone"
        return unframe(frame)

    def ruleset(self, number: int) -> str:
        """Return the digest of the rules a message was judged by."""
        return (self.kept.get(numbered("rules", number)) or b"").decode()

    def known(self, key: str) -> str | None:
        """Return the digest of what came before under a message's key, as `repeat_key` has it."""
        found = self.kept.get(f"dup/{key}")
        return found.decode() if found is not None else None

    def own(self, settlement: SettlementId) -> tuple[str, ...]:
        """Return the ids of our messages about a settlement, in their order."""
        return tuple(key.removeprefix("out/") for key in self.kept.keys(f"out/{settlement}"))

    def sent(self, message: str) -> Signed | None:
        """Return a message of ours."""
        frame = self.kept.get(f"out/{message}")
        return unframe(frame) if frame is not None else None

    def ours(self, settlement: SettlementId) -> Ours | None:
        """Return what we asked about a settlement, or None where we instructed nothing."""
        named = self.own(settlement)
        paid = [name for name in named if letter_of(name) == PAY]
        if not paid:
            return None
        return ours(self.agreement.instruct, named, self.instruction(paid[-1]))

    def instruction(self, message: str) -> Instruction:
        """Return what an instruction of ours asks for."""
        sent = self.sent(message)
        assert sent is not None, f"{message} is gone"
        return instruction_in(sent.raw)

    def said(self, settlement: SettlementId) -> tuple[int, ...]:
        """Return the numbers of the messages about a settlement, in their order."""
        keys = self.kept.keys(f"said/{settlement}/")
        return tuple(int(key.rpartition("/")[2]) for key in keys)

    def held(self, digest: str) -> int:
        """Return the number of a message that waits for people."""
        said = parse(self.kept.get(HELD_KEY + digest) or b"")
        assert isinstance(said, Mapping), "a word about what is not held"
        return int(str(said["number"]))

    def decided(self) -> tuple[tuple[str, bool], ...]:
        """Return the digests people have decided on and we have not, and which are released."""
        held = {key.removeprefix(HELD_KEY) for key in self.kept.keys(HELD_KEY)}
        if not held:
            return ()  # every message asks this, and what people ever said is never forgotten
        told = (key.removeprefix(PEOPLE_KEY) for key in self.kept.keys(PEOPLE_KEY))
        return tuple(
            (digest, self.kept.get(PEOPLE_KEY + digest) == RELEASED)
            for digest in told
            if digest in held
        )

    def waiting_for(self, settlement: SettlementId) -> tuple[int, ...]:
        """Return the numbers of the messages that wait for what we asked of a settlement."""
        found: set[int] = set()
        for name in (
            uetr_of(settlement),
            short_id(settlement, "pay"),
            short_id(settlement, "cover"),
            *self.own(settlement),
        ):
            keys = self.kept.keys(f"wait/{name}/")
            found |= {int(key.rpartition("/")[2]) for key in keys}
        return tuple(sorted(found))

    def parked(self) -> tuple[tuple[int, int], ...]:
        """Return what waits for its question: number, and since when."""
        return tuple(
            (int(key.rpartition("/")[2]), int(self.kept.get(key) or b"0"))
            for key in self.kept.keys("park/")
        )

    def settlements(self, statement: Statement) -> SettlementId | None:
        """Return the settlement a statement is about, by whatever key finds it.

        Errors: Disagreement where two keys find two.
        """
        about = statement.about
        found: set[str] = set()
        for key in (f"uetr/{about.uetr}", f"instr/{about.instruction}"):
            value = self.kept.get(key)
            if value is not None:
                found.add(value.decode())
        named = [about.message]
        if isinstance(statement, Resolved):
            named.append(statement.case)
        found |= {name[:_ID] for name in named if name and self.kept.get(f"out/{name}") is not None}
        if len(about.transaction) == _ID and self.own(SettlementId(about.transaction)):
            found.add(about.transaction)
        if len(found) > 1:
            raise Disagreement("its keys lead to different payments")
        return SettlementId(found.pop()) if found else None


def numbered(what: str, number: int) -> str:
    """Return the key of the n-th, so that keys sort as numbers do."""
    return f"{what}/{number:0{_DIGITS}}"


def waits(message: Message, number: int) -> tuple[str, ...]:
    """Return the keys under which a message waits for the question it answers."""
    named: set[str] = set()
    for statement in message.statements:
        about = statement.about
        named |= {about.uetr, about.message, about.instruction}
    return tuple(numbered(f"wait/{name}", number) for name in sorted(named - {""}))


def repeat_key(message: Message) -> str:
    """Return what a message is known by: who sent it, its id, its definition."""
    return sha256(f"{message.sender}\n{message.id}\n{message.kind}".encode()).hexdigest()


def keeping_out(settlement: SettlementId, uetr: str, sent: Mapping[str, Signed]) -> Keep:
    """Return what is kept of messages of ours before they are sent."""
    keep: list[tuple[str, bytes | None]] = [
        (f"out/{name}", signed.frame) for name, signed in sent.items()
    ]
    keep.append((f"uetr/{uetr}", settlement.encode()))
    for leg, letter in (("pay", PAY), ("cover", COVER)):
        if any(letter_of(name) == letter for name in sent):
            keep.append((f"instr/{short_id(settlement, leg)}", settlement.encode()))
    return tuple(keep)


def keeping_held(number: int, signed: Signed, judged: Judged, now: Instant) -> Keep:
    """Return what people are asked of a message that is held; its rules and places, no value."""
    said = {
        "what": judged.message.kind,
        "why": "; ".join(judged.held),
        "number": str(number),
        "since": str(now),
    }
    return ((HELD_KEY + signed.digest, canonical(said)),)


def deciding(digest: str) -> Keep:
    """Return what is forgotten once the word of people was acted on."""
    return ((HELD_KEY + digest, None),)


def keeping_in(number: int, signed: Signed, judged: Judged, about: set[SettlementId]) -> Keep:
    """Return what is kept of a message of others, with the rules it was judged by."""
    message = judged.message
    return (
        (numbered("in", number), signed.frame),
        (numbered("rules", number), judged.ruleset.encode()),
        ("head", str(number).encode()),
        (f"dup/{repeat_key(message)}", signed.digest.encode()),
        *((numbered(f"said/{one}", number), b"1") for one in sorted(about)),
    )

"""What we owe in answer: to who recalls, to who asks. Never more than the ledger proves.

An answer is written into the ledger with the message it answers and sent after the commit; one that
was not delivered is sent again from there.
Source: notes on ISO 20022, table 7.2, the last rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.iso20022 import inquiry
from adapters.iso20022.agreement import Agreement
from adapters.iso20022.codec import short_id
from adapters.iso20022.judging import Refusal
from adapters.iso20022.memo import Keep
from adapters.iso20022.reading import Message, RecallAsked, References, StatusAsked
from adapters.iso20022.signed import Signed, Signer
from adapters.iso20022.story import Told
from bridge.core.canonical import canonical, parse
from bridge.core.events import PaymentRejected, PaymentReturned, PaymentSettled
from bridge.core.ids import Instant, SettlementId, uetr_of
from bridge.ports import Kept

REFUSED, GRANTED, WAIT = "RJCR", "CNCL", "PDCR"
NO_ORIGINAL, TOO_LATE = "NOOR", "AGNT"  # reasons of a refusal: not ours to know, and not undone
SETTLED, REJECTED, OPEN = "ACSC", "RJCT", "PDNG"


@dataclass(frozen=True, slots=True)
class Replies:
    """Writes answers under one agreement."""

    agreement: Agreement
    signer: Signer
    kept: Kept

    def to(
        self, signed: Signed, message: Message, stories: Mapping[SettlementId, Told], at: Instant
    ) -> Keep:
        """Return the answers a message is owed, and who waits for one, as they are kept."""
        keep: list[tuple[str, bytes | None]] = []
        known = {str(uetr_of(of)): of for of in stories}
        for count, statement in enumerate(() if message.is_copy else message.statements):
            name = f"{short_id(SettlementId(signed.digest), 'answer')}A{count:03}"
            of = known.get(statement.about.uetr)
            told = stories[of] if of is not None else None
            if isinstance(statement, RecallAsked):
                word = _word(told)
                keep.append(self._recalled(name, statement.about, statement.case, word, at))
                if word[0] == WAIT and of is not None:
                    keep.append((f"call/{of}", _call(statement)))
            elif isinstance(statement, StatusAsked) and told is not None:
                raw = inquiry.status(self.agreement, name, at, statement.about, _state(told))
                keep.append((f"owe/{name}", self.signer.sign(raw).frame))
        return tuple(keep)

    def rejecting(self, digest: str, error: Refusal, at: Instant) -> Signed:
        """Return the admi.002 to a message that left no trace here; it leaves none either."""
        name = f"{short_id(SettlementId(digest), 'reject')}A000"
        raw = inquiry.rejection(
            self.agreement,
            name,
            at,
            reference=error.reference or digest,
            findings=error.findings,
        )
        return self.signer.sign(raw)

    def decided(self, of: SettlementId, told: Told, at: Instant) -> Keep:
        """Return the last word to who recalled a payment, once a fact has decided it."""
        call = self.kept.get(f"call/{of}")
        code, reason = _word(told)
        if call is None or code == WAIT:
            return ()
        said = parse(call)
        assert isinstance(said, Mapping), "we wrote it"
        about = References(
            uetr=str(said["uetr"]),
            message=str(said["message"]),
            message_name=str(said["name"]),
            instruction=str(said["instruction"]),
        )
        name = f"{short_id(of, 'last word')}A001"
        last = self._recalled(name, about, str(said["case"]), (code, reason), at)
        return (last, (f"call/{of}", None))

    def _recalled(
        self, name: str, about: References, case: str, word: tuple[str, str], at: Instant
    ) -> tuple[str, bytes | None]:
        code, reason = word
        raw = inquiry.answer(
            self.agreement, name, at, about=about, case=case, code=code, reason=reason
        )
        return f"owe/{name}", self.signer.sign(raw).frame


def _word(told: Told | None) -> tuple[str, str]:
    """What may be said to who recalls: nothing is undone from the proof of cash on."""
    if told is None:
        return REFUSED, NO_ORIGINAL
    if told.has(PaymentRejected, PaymentReturned):
        return GRANTED, ""
    if told.has(PaymentSettled):
        return REFUSED, TOO_LATE
    return WAIT, ""


def _state(told: Told) -> str:
    if told.has(PaymentRejected, PaymentReturned):
        return REJECTED
    return SETTLED if told.has(PaymentSettled) else OPEN


def _call(asked: RecallAsked) -> bytes:
    about = asked.about
    return canonical(
        {
            "case": asked.case,
            "uetr": about.uetr,
            "message": about.message,
            "name": about.message_name,
            "instruction": about.instruction,
        }
    )

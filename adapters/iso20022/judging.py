"""The rules of the market over every message: what is refused, what is held, what is read.

Ours are judged before they may leave, stricter than others'. The digest of the rules in force is
kept with each message taken, so that its verdict can be run again.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from adapters.iso20022.agreement import Agreement
from adapters.iso20022.reading import ASKS_US, Message, said
from adapters.iso20022.write import BadMessage
from bridge.core.ids import Instant
from bridge.ports import Clock
from schemas.iso20022 import judge as market
from schemas.iso20022.findings import Agreement as Agreed
from schemas.iso20022.findings import Outcome, Verdict
from schemas.iso20022.profiles import Profile, profile
from schemas.iso20022.softening import Softening
from schemas.iso20022.weights import Severity

FINDINGS_MAX = 20  # said to who brought a message
_BESIDE = ("admi.002.001.01", "admi.007.001.01")  # spoken of the messages themselves
_RECALLS = ("camt.056.001.08", "camt.029.001.09")  # by agreement, also with a customer


class Refusal(BadMessage):
    """Raised for a message the rules refuse, with every finding that did."""

    def __init__(
        self, findings: tuple[str, ...], reference: str = "", *, is_answered: bool = True
    ) -> None:
        super().__init__("; ".join(findings))
        self.findings = findings
        self.reference = reference  # the message's own id, where it could be read
        self.is_answered = is_answered  # a rejection is not rejected in turn


@dataclass(frozen=True, slots=True)
class Judged:
    """A message that is not refused; one that is held changes nothing until people have looked."""

    message: Message
    held: tuple[str, ...]  # the findings that hold it
    ruleset: str


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules of one counterparty's profile, and the clock whose day they hold on."""

    agreement: Agreement
    clock: Clock
    softenings: tuple[Softening, ...] = ()

    def inbound(self, raw: bytes) -> Judged:
        """Return what a message of the bank says, and whether it is held.

        Errors: Refusal.
        """
        verdict = self._verdict(raw, self._speaks(), is_outbound=False)
        if verdict.outcome is Outcome.REFUSED:
            raise Refusal(
                _found(verdict, Severity.REFUSE),
                _reference(verdict),
                is_answered=not verdict.message.startswith("admi."),
            )
        try:
            message = said(verdict.envelope)
        except BadMessage as error:
            raise Refusal((str(error),)) from error
        held = _found(verdict, Severity.HOLD)
        if message.kind[:8] in ASKS_US:
            held = (*held, f"{message.kind} asks us to pay: this rail only pays")
        return Judged(message, held, self._ruleset(verdict))

    def _ruleset(self, verdict: Verdict) -> str:
        """The digest of the rules in force, and of what was softened beside them."""
        if not self.softenings:
            return verdict.ruleset
        said = (one.statement() for one in self.softenings)
        return sha256(b"\n".join((verdict.ruleset.encode(), *said))).hexdigest()

    def outbound(self, raw: bytes) -> None:
        """Let a message of ours pass. Errors: Refusal, also for one that would be held."""
        verdict = self._verdict(raw, self._speaks(), is_outbound=True)
        if verdict.outcome is not Outcome.ACCEPTED:
            raise Refusal(_found(verdict, Severity.REFUSE, Severity.HOLD))

    def _speaks(self) -> Profile:
        return _spoken(self.agreement.profile, recall=self.agreement.recall)

    def _verdict(self, raw: bytes, speaks: Profile, *, is_outbound: bool) -> Verdict:
        now = self.clock.now()
        own, bank = frozenset({self.agreement.own_bic}), frozenset({self.agreement.bank_bic})
        system = self.agreement.clearing_system
        agreed = Agreed(
            counterparty=self.agreement.bank_bic,
            system=system,
            senders=own if is_outbound else bank,
            receivers=frozenset() if is_outbound else own,
            any_characters=self.agreement.wide_characters,
            softenings=self.softenings,
        )
        day = datetime.fromtimestamp(now // 1000, UTC).astimezone(ZoneInfo(speaks.zone)).date()
        return market.judge(
            raw, speaks, day, agreement=agreed, now_ms=int(Instant(now)), is_outbound=is_outbound
        )


@cache
def _spoken(name: str, *, recall: bool) -> Profile:
    """Return what is spoken under a profile, beside it, and by agreement."""
    held = profile(name)
    more = (*_BESIDE, *(_RECALLS if recall else ()))
    return replace(held, accepted=tuple(dict.fromkeys((*held.accepted, *more))))


def _reference(verdict: Verdict) -> str:
    header, document = verdict.envelope.header, verdict.envelope.document
    if header is not None:
        return header.value("BizMsgIdr")
    if document is not None:
        body = document.children[0]
        return body.value("GrpHdr/MsgId") or body.value("Assgnmt/Id")
    return ""


def _found(verdict: Verdict, *weights: Severity) -> tuple[str, ...]:
    """The findings of these weights: rule and place, never a value."""
    found = (f"{one.rule} {one.path}" for one in verdict.findings if one.severity in weights)
    return tuple(found)[:FINDINGS_MAX]

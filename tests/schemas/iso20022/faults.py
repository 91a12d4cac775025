"""Right messages with one thing made wrong, and the one rule that must say so."""

from dataclasses import dataclass
from datetime import date

from schemas.iso20022.findings import NOTHING_AGREED, Addresses, Agreement, Verdict
from schemas.iso20022.judge import judge
from schemas.iso20022.known import Known
from schemas.iso20022.profiles import PROFILES
from schemas.iso20022.rules.catalogue import RULES, RuleSet
from tests.schemas.iso20022 import messages as of

BEFORE, AFTER = date(2026, 11, 13), date(2026, 11, 14)
CBPR, BASE, HVPS, DLT, CUSTOMER = "cbpr+2026", "iso-base", "hvps+", "internal-dlt", "customer"
NOW_MS = 1_794_560_400_000  # 2026-11-13T09:00:00Z
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message, and what is known beside it."""

    text: str
    profile: str = CBPR
    on: date = BEFORE
    agreement: Agreement = NOTHING_AGREED
    now_ms: int | None = None
    known: Known | None = None
    is_outbound: bool = False

    def judged(self, rules: RuleSet = RULES) -> Verdict:
        """The verdict over it."""
        return judge(
            self.text.encode("utf-8", "surrogatepass"),
            PROFILES[self.profile],
            self.on,
            agreement=self.agreement,
            now_ms=self.now_ms,
            known=self.known,
            is_outbound=self.is_outbound,
            rules=rules,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A told message that breaks one rule, at a place and with a weight."""

    rule: str
    told: Told
    path: str  # ends so
    weight: str = "refuse"
    also: frozenset[str] = frozenset()  # rules that the same fault cannot but break, too


def swapped(text: str, *swaps: tuple[str, str]) -> str:
    """The text with every first thing made the second; each must be there once or more."""
    for old, new in swaps:
        assert old in text, f"{old} is not in the message"
        text = text.replace(old, new, 1)
    return text


def swapped_last(text: str, old: str, new: str) -> str:
    """The text with the last of the first made the second."""
    head, found, tail = text.rpartition(old)
    assert found, f"{old} is not in the message"
    return head + new + tail


RIGHT: dict[str, Told] = {
    f"{profile} {name}": Told(text=text, profile=profile, on=on, agreement=agreement)
    for profile, texts in {
        BASE: {
            "pacs.008": of.pacs008(),
            "pacs.008 without header": of.pacs008(head=""),
            "pacs.008 by clearing": of.pacs008(of.BY_CLEARING),
            "two transfers": of.two_transfers(),
            "pacs.009": of.pacs009(),
            "cover": of.cover(),
            "group returned": of.whole_group_returned(),
            "camt.110": of.camt110(),
            "sese.023": of.sese023(),
            "sese.024": of.sese024(),
            "sese.025": of.sese025(),
            "pain.001": of.pain001(),
        },
        CBPR: {
            "pacs.008": of.pacs008(),
            "pacs.008 by cover": of.pacs008(of.BY_COVER),
            "pacs.009": of.pacs009(),
            "cover": of.cover(),
            "pacs.010": of.pacs010(),
            "pacs.002": of.pacs002(),
            "pacs.002 of a group": of.pacs002_of_a_group(),
            "pacs.002 rejected": of.pacs002(
                "RJCT", "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
            ),
            "pacs.028": of.pacs028(),
            "pacs.004": of.pacs004(),
            "camt.056": of.camt056(),
            "camt.029": of.camt029(),
            "camt.057": of.camt057(),
            "camt.054": of.camt054(),
        },
        HVPS: {
            "pacs.008": of.pacs008(of.BY_CLEARING),
            "pacs.009": of.pacs009(of.BY_CLEARING),
            "pacs.002": of.pacs002(),
        },
        DLT: {
            "pacs.008": of.ours(),
            "sese.023": of.sese023(),
            "sese.023 to receive": of.sese023("RECE", "DlvrgSttlmPties"),
            "sese.024": of.sese024(),
            "sese.025": of.sese025(),
            "pacs.002": of.pacs002(),
        },
        CUSTOMER: {"pain.001": of.pain001(), "camt.054": of.camt054(head="")},
    }.items()
    for name, text in texts.items()
    for on, agreement in (
        (
            AFTER,
            Agreement(
                counterparty=of.DEBTOR_BANK,
                system="TGT" if profile == HVPS else "",
                senders=frozenset((of.DEBTOR_BANK,)),
                receivers=frozenset((of.CREDITOR_BANK,)),
                addresses=Addresses.STRUCTURED,
            ),
        ),
    )
}
RIGHT["cbpr+2025 pacs.008"] = Told(text=of.pacs008(), profile="cbpr+2025")
RIGHT["cbpr+2026 pacs.008 now"] = Told(
    text=of.pacs008(), now_ms=NOW_MS, agreement=Agreement(oldest_ms=HOUR_MS), is_outbound=True
)


def one(
    rule: str,
    text: str,
    *swaps: tuple[str, str],
    path: str,
    weight: str = "refuse",
    also: tuple[str, ...] = (),
    profile: str = CBPR,
    on: date = BEFORE,
    agreement: Agreement | None = None,
    now_ms: int | None = None,
    known: Known | None = None,
    is_outbound: bool = False,
) -> Fault:
    """A right message with one thing made wrong."""
    told = Told(
        text=swapped(text, *swaps),
        profile=profile,
        on=on,
        agreement=agreement or NOTHING_AGREED,
        now_ms=now_ms,
        known=known,
        is_outbound=is_outbound,
    )
    return Fault(rule=rule, told=told, path=path, weight=weight, also=frozenset(also))

"""Under which agreement of the market a message is read: what is spoken, and what must be there.

A profile says which messages are taken in which versions. What else must hold is said by the rules
that name it, each with its days.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schemas.iso20022.definitions import shipped

CUT_OVER = date(2026, 11, 14)  # unstructured addresses end


class Header(StrEnum):
    """Whether a business application header comes with a message."""

    OPTIONAL = "optional"
    MANDATORY = "mandatory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named set of what is spoken, over the days it is meant for."""

    id: str
    title: str
    accepted: tuple[str, ...]
    emitted: tuple[str, ...]  # of what we write, the version we write
    header: Header
    zone: str = "UTC"  # whose days the rules count
    services: str = ""  # regular expression over BizSvc where nothing else is agreed
    since: date = date.min
    until: date = date.max


class NoProfile(LookupError):
    """Raised for a name that is no profile; the sentence lists those there are."""


_HEADERS = tuple(f"head.001.001.0{version}" for version in (1, 2, 3, 4))
_MONEY = (
    "pacs.002.001.10",
    "pacs.004.001.09",
    "pacs.008.001.08",
    "pacs.009.001.08",
    "pacs.010.001.03",
    "pacs.028.001.03",
    "camt.025.001.05",
    "camt.029.001.09",
    "camt.050.001.05",
    "camt.052.001.08",
    "camt.053.001.08",
    "camt.054.001.08",
    "camt.056.001.08",
    "camt.057.001.06",
    "camt.060.001.05",
    "admi.002.001.01",
    "admi.004.001.02",
    "admi.007.001.01",
    "admi.011.001.01",
)
_CBPR = (
    *_HEADERS,
    *_MONEY,
    "camt.110.001.01",
    "camt.111.001.01",
    "pain.001.001.09",
    "pain.002.001.10",
    "admi.024.001.01",
)
_PAID_FOR = ("pacs.008.001.08", "pacs.009.001.08", "pacs.002.001.10", "pacs.028.001.03")
_ASKED_BACK = ("pacs.004.001.09", "camt.056.001.08", "camt.029.001.09")
_TRADED = (
    "sese.020.001.07",
    "sese.023.001.11",
    "sese.024.001.12",
    "sese.025.001.11",
    "sese.027.001.07",
    "sese.028.001.10",
    "semt.002.001.11",
    "semt.013.001.06",
    "semt.017.001.12",
    "tsrv.001.001.01",
    "tsin.001.001.01",
    "tsin.006.001.01",
    "auth.018.001.04",
    "auth.024.001.04",
    "auth.025.001.04",
    "remt.001.001.06",
)
_EMITTED = ("head.001.001.02", *_PAID_FOR, *_ASKED_BACK, "camt.057.001.06", "admi.002.001.01")

PROFILES = {
    one.id: one
    for one in (
        Profile(
            id="iso-base",
            title="the base standard; never moves money",
            accepted=tuple(sorted(shipped().messages)),
            emitted=(),
            header=Header.OPTIONAL,
        ),
        Profile(
            id="cbpr+2025",
            title="cross-border payments and reporting, to 13 November 2026",
            accepted=_CBPR,
            emitted=_EMITTED,
            header=Header.MANDATORY,
            services=r"swift\.cbprplus(\.cov|\.adv|\.stp)?\.\d{2}",
            until=date(2026, 11, 13),
        ),
        Profile(
            id="cbpr+2026",
            title="cross-border payments and reporting, from 14 November 2026",
            accepted=_CBPR,
            emitted=_EMITTED,
            header=Header.MANDATORY,
            services=r"swift\.cbprplus(\.cov|\.adv|\.stp)?\.\d{2}",
            since=CUT_OVER,
        ),
        Profile(
            id="hvps+",
            title="a high-value payment system",
            accepted=(*_HEADERS, *_MONEY),
            emitted=_EMITTED,
            header=Header.MANDATORY,
        ),
        Profile(
            id="internal-dlt",
            title="between operators of ledgers, with our evidence",
            accepted=(*_HEADERS, *_MONEY, *_TRADED),
            emitted=(*_EMITTED, *_TRADED),
            header=Header.MANDATORY,
        ),
        Profile(
            id="customer",
            title="a company and its bank",
            accepted=(
                *_HEADERS,
                "pain.001.001.09",
                "pain.002.001.10",
                "camt.052.001.08",
                "camt.053.001.08",
                "camt.054.001.08",
            ),
            emitted=("pain.001.001.09",),
            header=Header.OPTIONAL,
        ),
    )
}


def profile(name: str) -> Profile:
    """Return the profile of that name. Errors: NoProfile."""
    try:
        return PROFILES[name]
    except KeyError:
        raise NoProfile(f"no profile {name!r}; there are {', '.join(PROFILES)}") from None

"""Everything a rule may look at, gathered beforehand; what is missing is unknown.

No personal value stands here: a person is a keyed hash, a hit names list, entry and entry hash.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bridge.core.canonical import Value
from bridge.core.ids import AccountId, DateText, Instant
from bridge.core.money import BadMoney, Units, currency

Scalar: TypeAlias = "str | int | bool | None"
Record: TypeAlias = Mapping[str, Scalar]
Datum: TypeAlias = "Scalar | tuple[Record, ...]"

SCREENING: Final = "screening"
RESCREENING: Final = "rescreening"
RECHECKING: Final = "rechecking"
POINTS: Final = frozenset({SCREENING, RESCREENING, RECHECKING})
MOST: Final = 1_000  # records of one list fact


@dataclass(frozen=True, slots=True)
class Type:
    """What a fact is: `bool`, `text`, `int` of a unit, or a `list` of records."""

    kind: str
    unit: str = ""
    fields: tuple[tuple[str, "Type"], ...] = ()


BOOL: Final = Type("bool")
TEXT: Final = Type("text")
MS: Final = Type("int", "ms")
COUNT: Final = Type("int", "count")


def minor(code: str) -> Type:
    """Return the type of an amount in minor units of a currency."""
    return Type("int", f"minor:{code}")


_PARTY: Final = {
    "kind": TEXT,  # natural | legal
    "jurisdiction": TEXT,
    "has_lei": BOOL,
    "person_id": TEXT,  # a keyed hash of the person's number
    "party": TEXT,
    "custody": BOOL,
}
_FACTS: Final[Mapping[str, Type]] = {
    **{f"{role}.{name}": of for role in ("payer", "payee") for name, of in _PARTY.items()},
    "direction": TEXT,  # jurisdiction the asset leaves, hyphen, jurisdiction it enters
    "purpose": TEXT,
    "bop_code": TEXT,
    "payment.asked": BOOL,
    "payment.currency": TEXT,
    "payment.direction": TEXT,
    "instrument.kind": TEXT,
    "instrument.profile": TEXT,
    "instrument.issuer": TEXT,
    "instrument.life": Type("int", "ms"),  # from the legal instant to maturity
    "units": COUNT,
    "origin.network": TEXT,
    "origin.class": TEXT,
    "destination.network": TEXT,
    "destination.class": TEXT,
    "lane": TEXT,
    "documents": Type("list", fields=(("kind", TEXT),)),
    "parties": Type("list", fields=(("role", TEXT), ("kind", TEXT), ("jurisdiction", TEXT))),
}
_FAMILY: Final = re.compile(
    r"(amount|asset_amount|payer\.net_assets|payee\.net_assets)\.([A-Z]{3})\Z"
)
_DOCUMENT: Final = re.compile(r"document\.[a-z0-9_]{1,64}\Z")


def fact_type(name: str) -> Type | None:
    """Return the type of a fact, or None where no fact has that name.

    Families: `amount.USD` is the payment, `asset_amount.USD` the asset's worth, converted while
    gathering and rounded up; `document.<kind>` tells whether such a paper is there.
    """
    known = _FACTS.get(name)
    if known is not None:
        return known
    if family := _FAMILY.match(name):
        try:
            currency(family[2])
        except BadMoney:
            return None
        return minor(family[2])
    return BOOL if _DOCUMENT.match(name) else None


def currency_of_fact(name: str) -> str:
    """Return the currency a fact has to be converted into while gathering, or nothing."""
    family = _FAMILY.match(name)
    return family[2] if family else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """A list of names as it stood: its snapshot, and how old it is at the legal instant."""

    name: str
    root: str
    count: int
    as_of: Instant
    age_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Somebody of the order is, exactly, what an entry of a list says."""

    role: str
    list: str
    entry: str
    entry_hash: str
    by: str  # name | id | wallet

    @property
    def subject(self) -> str:
        """What a person clears: it lapses by itself when the entry changes."""
        return f"hit/{self.role}/{self.list}/{self.entry}/{self.entry_hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What screening saw: which lists, whom, whom it could not see, and who is on them."""

    lists: tuple[ListState, ...] = ()
    roles: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # roles whose name is gone or was never known
    hits: tuple[Hit, ...] = ()

    def state(self, name: str) -> ListState | None:
        """Return a list as it stood."""
        return next((one for one in self.lists if one.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota as its ledger account stood. Units: of `unit`; `amount` is this order's."""

    account: AccountId
    unit: str
    amount: Units | None  # None: no rate or no figure to measure it with
    used: int  # posted, and what was used before we opened
    held: int  # pending
    before: int = 0  # the part of `used` that is not in the account: its opening
    inflow: int = 0  # posted the other way: lends room to a net quota
    base: int | None = None  # what a balance cap multiplies


@dataclass(frozen=True, slots=True)
class Preflight:
    """One thing a door looked at: yes, no or unknown."""

    door: str
    what: str
    answer: str
    why: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A person who stands behind the order, and the roles they hold."""

    person: str
    roles: tuple[str, ...]


def _no_facts() -> Mapping[str, Datum]:
    return {}


def _no_quotas() -> Mapping[str, Quota]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What was gathered for one judgement. A fact that is missing or None is unknown."""

    point: str  # one of POINTS
    at: Instant  # the legal instant
    date: DateText  # its date in the pack's zone
    valid_until: Instant  # the end of the shortest-lived thing in it
    direction: str
    facts: Mapping[str, Datum] = field(default_factory=_no_facts)
    looked: Looked = Looked()
    quotas: Mapping[str, Quota] = field(default_factory=_no_quotas)  # by rule id
    checks: tuple[Preflight, ...] = ()
    documents: tuple[str, ...] = ()  # kinds that are there
    references: tuple[tuple[str, str], ...] = ()  # kind and digest of what an order cites once
    freezes: tuple[str, ...] = ()  # scopes of the order that are frozen
    people: tuple[Approval, ...] = ()  # beside the maker
    decided: bool = False  # people lifted the stop that an earlier verdict set
    cleared: frozenset[str] = frozenset()  # subjects people have seen and cleared
    tries: int = 0  # how often a reservation no longer fitted

    def form(self) -> dict[str, Value]:
        """Return the canonical form, whose hash the decision names."""
        looked = self.looked
        return {
            "schema": "lianqiao.dossier/1",
            "point": self.point,
            "at": str(self.at),
            "date": self.date,
            "valid_until": str(self.valid_until),
            "direction": self.direction,
            "facts": [(name, _datum(value)) for name, value in sorted(self.facts.items())],
            "lists": [
                {"name": s.name, "root": s.root, "count": str(s.count), "as_of": str(s.as_of)}
                for s in looked.lists
            ],
            "roles": looked.roles,
            "unread": looked.unread,
            "hits": [(hit.subject, hit.by) for hit in looked.hits],
            "quotas": [_quota(rule, quota) for rule, quota in sorted(self.quotas.items())],
            "checks": [(check.door, check.what, check.answer, check.why) for check in self.checks],
            "documents": self.documents,
            "references": self.references,
            "freezes": self.freezes,
            "people": [{"person": p.person, "roles": list(p.roles)} for p in self.people],
            "decided": self.decided,
            "cleared": sorted(self.cleared),
            "tries": str(self.tries),
        }


def _datum(value: Datum) -> Value:
    if isinstance(value, tuple):
        return [
            [(name, _datum(member)) for name, member in sorted(record.items())] for record in value
        ]
    if isinstance(value, bool):
        return value
    return {"unknown": True} if value is None else str(value)


def _quota(rule: str, quota: Quota) -> dict[str, Value]:
    numbers = (("amount", quota.amount), ("base", quota.base))
    return {
        "rule": rule,
        "account": quota.account,
        "unit": quota.unit,
        "used": str(quota.used),
        "held": str(quota.held),
        "before": str(quota.before),
        "inflow": str(quota.inflow),
        **{name: str(number) for name, number in numbers if number is not None},
    }

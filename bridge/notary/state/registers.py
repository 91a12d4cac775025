"""Registers, lists, packs, rates, freezes and epochs: what orders and rules refer to.

The first group of a ledger writes the first of them; after it a register is changed by two people,
and so are a pack, a rate and what a quota had used. A list one person brings: what shrinks it waits
for two at the desk, which reads its entries, as the ledger does not.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bridge.core.canonical import Value
from bridge.core.ids import AccountId
from bridge.core.money import Units
from bridge.core.registers import Lane
from bridge.notary.entries import Entry
from bridge.notary.reading import BadForm, count, integer, plain, text
from bridge.notary.register_forms import READ_REGISTER, Register, register_form
from bridge.notary.state.proposals import not_carried
from bridge.notary.state.refusals import REFUSED, Code, Refusal
from bridge.notary.state.rows import (
    EpochRow,
    FreezeRow,
    ListRow,
    NoteRow,
    OpeningRow,
    PackRow,
    RateRow,
    Row,
)
from bridge.notary.state.view import Changes, View

HOUSE: Final = "house:finality"  # who freezes a network that undid a final fact; no person's id


def registered(view: View, entry: Entry) -> Changes | Refusal:
    """Put a register's row in force: by two people, in the first group, or a lane's pause."""
    body = {name: value for name, value in entry.body.items() if name != "by"}
    row = READ_REGISTER[entry.kind](body)
    if "by" in entry.body:
        no = _not_paused(view, entry, row)
    else:
        no = None if entry.start == 0 else _not_asked(view, entry, row)
    return ((entry.kind, row.id, row),) if no is None else no


def _not_asked(view: View, entry: Entry, row: Register) -> Refusal | None:
    subjects = (
        ("lane.open", "register.lane") if entry.kind == "lane" else (f"register.{entry.kind}",)
    )
    return _not_decided(view, entry, row.id, register_form(row), *subjects)


def _not_decided(
    view: View, entry: Entry, target: str, form: Value, *subjects: str
) -> Refusal | None:
    """Say why this is not what two people decided on in this group."""
    no = not_carried(view, entry, target, *subjects)
    if no is not None:
        return no
    proposal = view.proposal(view.text("carried", target))
    same = proposal is not None and plain(proposal.payload) == plain(form)
    return None if same else REFUSED[Code.OTHER_PROPOSAL]


def _not_paused(view: View, entry: Entry, row: Register) -> Refusal | None:
    """Pausing a lane is one person's act, at once; it may change nothing else."""
    known = view.lane(row.id) if isinstance(row, Lane) else None
    if view.person(text(entry.body, "by")) is None:
        return REFUSED[Code.PERSON_UNKNOWN]
    if known is None or not isinstance(row, Lane) or not row.paused:
        return REFUSED[Code.NOT_APPROVED]
    return None if replace(known, paused=row.paused) == row else REFUSED[Code.NOT_APPROVED]


_BY_TWO: Final[Mapping[str, str]] = {  # kind -> the subject of the proposal that carries it
    "pack": "pack.publish",
    "rate": "rates.import",
    "opening": "quota.opening",
}


def imported(view: View, entry: Entry) -> Changes | Refusal:
    """Keep the latest list, pack, rate or opening under its name; by two people, but a list."""
    key, row = _import_of(entry.kind, entry.body, entry.n)
    subject = _BY_TWO.get(entry.kind)
    if subject is not None and entry.start != 0:
        no = _not_decided(view, entry, key, entry.body, subject)
        if no is not None:
            return no
    return ((entry.kind, key, row),)


def named(kind: str, body: Mapping[str, Value]) -> str:
    """Return what the row is called that an entry of this body would put in force.

    Errors: BadForm where it would put none there.
    """
    try:
        read = READ_REGISTER.get(kind)
        return read(body).id if read is not None else _import_of(kind, body, 0)[0]
    except (KeyError, ValueError) as error:
        raise BadForm(str(error)) from error


_IMPORTS: Final[Mapping[str, frozenset[str]]] = {
    "list": frozenset("name root count digest source as_of entries".split()),
    "pack": frozenset("name pack state side".split()),
    "rate": frozenset("base quote day numerator denominator source".split()),
    "opening": frozenset("account unit used source as_of".split()),
}


def _import_of(kind: str, body: Mapping[str, Value], n: int) -> tuple[str, Row]:
    names = _IMPORTS[kind]
    if not names <= body.keys() <= names | {"signatures"}:
        raise BadForm(f"{kind}: the members {sorted(body)}, not {sorted(names)}")
    if kind == "list":
        return text(body, "name"), ListRow(
            root=text(body, "root"),
            count=count(body, "count"),
            digest=text(body, "digest"),
            source=text(body, "source"),
            as_of=text(body, "as_of"),
            entries=text(body, "entries"),
            n=n,
        )
    if kind == "pack":
        return text(body, "name"), PackRow(
            pack=text(body, "pack"),
            state=text(body, "state"),
            side=text(body, "side"),
            signatures=body.get("signatures", []),
            n=n,
        )
    if kind == "rate":
        numerator, denominator = integer(body, "numerator"), integer(body, "denominator")
        if min(numerator, denominator) <= 0:
            raise BadForm("rate: a positive ratio")
        return f"{text(body, 'base')}/{text(body, 'quote')}", RateRow(
            day=text(body, "day"),
            numerator=numerator,
            denominator=denominator,
            source=text(body, "source"),
            n=n,
        )
    return text(body, "account"), OpeningRow(
        account=AccountId(text(body, "account")),
        unit=text(body, "unit"),
        used=Units(count(body, "used")),
        source=text(body, "source"),
        as_of=text(body, "as_of"),
        n=n,
    )


def frozen(view: View, entry: Entry) -> Changes | Refusal:
    """Lay a freeze on a scope: one person's act, at once, or ours on a network that broke."""
    body = entry.body
    if body.keys() ^ {"scope", "reason", "by"}:
        raise BadForm(f"freeze: the members {sorted(body)}")
    scope, by = text(body, "scope"), text(body, "by")
    ours = by == HOUSE and scope.startswith("network/")
    if not ours and view.person(by) is None:
        return REFUSED[Code.PERSON_UNKNOWN]
    row = FreezeRow(id=entry.id, reason=text(body, "reason"), by=by, since=entry.t)
    return (("freeze", text(body, "scope"), row),)


def thawed(view: View, entry: Entry) -> Changes | Refusal:
    """Lift the freeze of a scope: by two people, whose proposal names the scope."""
    if entry.body.keys() ^ {"scope"}:
        raise BadForm(f"thaw: the members {sorted(entry.body)}")
    scope = text(entry.body, "scope")
    no = not_carried(view, entry, scope, "freeze.lift")
    if no is not None:
        return no
    row = view.freeze(scope)
    if row is None:
        return REFUSED[Code.NOT_FROZEN]
    return (("freeze", scope, replace(row, lifted=entry.t)),)


def began(view: View, entry: Entry) -> Changes | Refusal:
    """Put the next set of signers in force, from the next group on."""
    number = integer(entry.body, "epoch")
    if entry.start != 0:
        no = not_carried(view, entry, "epoch", "epoch")
        if no is not None:
            return no
    if number != view.epoch + 1:
        return REFUSED[Code.EPOCH_ORDER]
    return (("epoch", "current", EpochRow(number=number, n=entry.n, leaf=entry.leaf)),)


def noted(_view: View, entry: Entry) -> Changes | Refusal:
    """Keep the quorum's policy file by hash, or an origin's equivocation by its two notes."""
    key = "origin" if entry.kind == "equivocation" else "sha256"
    name = text(entry.body, key) if entry.kind == "equivocation" else "quorum"
    text(entry.body, key)
    return ((entry.kind, name, NoteRow(body=entry.body, n=entry.n)),)

"""Registers, lists, packs, rates, freezes and epochs: what orders and rules refer to.

The first group of a ledger writes the first of them; after it a register is changed by two people.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bridge.core.canonical import Value
from bridge.core.ids import AccountId
from bridge.core.money import Units
from bridge.core.registers import Lane
from bridge.notary.entries import Entry
from bridge.notary.reading import BadForm, integer, plain, text
from bridge.notary.register_forms import READ_REGISTER, Register, register_form
from bridge.notary.state.proposals import carried_out
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
from bridge.notary.state.view import Change, Changes, View

TWO: Final = 2  # people: a maker and one checker
_OURS: Final = frozenset({"proposal", "by"})  # members of the entry that are not of the row


def registered(view: View, entry: Entry) -> Changes | Refusal:
    """Put a register's row in force: by two people, in the first group, or a lane's pause."""
    body = {name: value for name, value in entry.body.items() if name not in _OURS}
    row = READ_REGISTER[entry.kind](body)
    changed: Change = (entry.kind, row.id, row)
    if entry.start == 0:
        return (changed,)
    if isinstance(row, Lane) and "by" in entry.body:
        return _paused(view, entry, row, changed)
    done = carried_out(view, entry, row.id, people=TWO)
    if isinstance(done, Refusal):
        return done
    return (changed, *done) if _asked(view, entry, row) else REFUSED[Code.OTHER_PROPOSAL]


def _asked(view: View, entry: Entry, row: Register) -> bool:
    """Tell whether the proposal's payload is this very row."""
    proposal = view.proposal(text(entry.body, "proposal"))
    return proposal is not None and plain(proposal.payload) == plain(register_form(row))


def _paused(view: View, entry: Entry, row: Lane, changed: Change) -> Changes | Refusal:
    """Pausing a lane is one person's act, at once; it may change nothing else."""
    known = view.lane(row.id)
    if view.person(text(entry.body, "by")) is None:
        return REFUSED[Code.PERSON_UNKNOWN]
    if known is None or not row.paused or replace(known, paused=row.paused) != row:
        return REFUSED[Code.NOT_APPROVED]
    return (changed,)


def imported(view: View, entry: Entry) -> Changes | Refusal:
    """Keep the latest list, pack, rate or opening under its name."""
    body = {name: value for name, value in entry.body.items() if name not in _OURS}
    names = _IMPORTS[entry.kind]
    if not names <= body.keys() <= names | {"signatures"}:
        raise BadForm(f"{entry.kind}: the members {sorted(body)}, not {sorted(names)}")
    key, row = _imported(entry, body)
    if "proposal" not in entry.body:
        return ((entry.kind, key, row),)
    done = carried_out(view, entry, key, people=TWO)
    return done if isinstance(done, Refusal) else ((entry.kind, key, row), *done)


_IMPORTS: Final[Mapping[str, frozenset[str]]] = {
    "list": frozenset("name root count digest source as_of entries".split()),
    "pack": frozenset("name pack state side".split()),
    "rate": frozenset("base quote day numerator denominator source".split()),
    "opening": frozenset("account unit used source as_of".split()),
}


def _imported(entry: Entry, body: Mapping[str, Value]) -> tuple[str, Row]:
    if entry.kind == "list":
        return text(body, "name"), ListRow(
            root=text(body, "root"),
            count=integer(body, "count"),
            digest=text(body, "digest"),
            source=text(body, "source"),
            as_of=text(body, "as_of"),
            entries=text(body, "entries"),
            n=entry.n,
        )
    if entry.kind == "pack":
        return text(body, "name"), PackRow(
            pack=text(body, "pack"),
            state=text(body, "state"),
            side=text(body, "side"),
            signatures=body.get("signatures", []),
            n=entry.n,
        )
    if entry.kind == "rate":
        numerator, denominator = integer(body, "numerator"), integer(body, "denominator")
        if min(numerator, denominator) <= 0:
            raise BadForm("rate: a positive ratio")
        return f"{text(body, 'base')}/{text(body, 'quote')}", RateRow(
            day=text(body, "day"),
            numerator=numerator,
            denominator=denominator,
            source=text(body, "source"),
            n=entry.n,
        )
    return text(body, "account"), OpeningRow(
        account=AccountId(text(body, "account")),
        unit=text(body, "unit"),
        used=Units(integer(body, "used")),
        source=text(body, "source"),
        as_of=text(body, "as_of"),
        n=entry.n,
    )


def frozen(view: View, entry: Entry) -> Changes | Refusal:
    """Lay a freeze on a scope: one person's act, at once."""
    body = entry.body
    if body.keys() != {"scope", "reason", "by"}:
        raise BadForm(f"freeze: the members {sorted(body)}")
    if view.person(text(body, "by")) is None:
        return REFUSED[Code.PERSON_UNKNOWN]
    row = FreezeRow(id=entry.id, reason=text(body, "reason"), by=text(body, "by"), since=entry.t)
    return (("freeze", text(body, "scope"), row),)


def thawed(view: View, entry: Entry) -> Changes | Refusal:
    """Lift the freeze of a scope: by two people."""
    if entry.body.keys() != {"scope", "proposal"}:
        raise BadForm(f"thaw: the members {sorted(entry.body)}")
    scope = text(entry.body, "scope")
    done = carried_out(view, entry, scope, people=TWO)
    if isinstance(done, Refusal):
        return done
    row = view.freeze(scope)
    if row is None:
        return REFUSED[Code.NOT_FROZEN]
    return (("freeze", scope, replace(row, lifted=entry.t)), *done)


def began(view: View, entry: Entry) -> Changes | Refusal:
    """Put the next set of signers in force, from the next entry on."""
    number = integer(entry.body, "epoch")
    row = EpochRow(number=number, n=entry.n, leaf=entry.leaf)
    changed: Change = ("epoch", "current", row)
    done: tuple[Change, ...] | Refusal = ()
    if entry.start != 0:
        done = carried_out(view, entry, "epoch", people=TWO)
    if isinstance(done, Refusal):
        return done
    return (changed, *done) if number == view.epoch + 1 else REFUSED[Code.EPOCH_ORDER]


def noted(_view: View, entry: Entry) -> Changes | Refusal:
    """Keep the quorum's policy file by hash, or an origin's equivocation by its two notes."""
    key = "origin" if entry.kind == "equivocation" else "sha256"
    name = text(entry.body, key) if entry.kind == "equivocation" else "quorum"
    text(entry.body, key)
    return ((entry.kind, name, NoteRow(body=entry.body, n=entry.n)),)

"""The one function from state and entry to state: writer, start-up, fsck and auditors use it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from bridge.core.canonical import Value
from bridge.notary.entries import Entry
from bridge.notary.reading import BadForm
from bridge.notary.state import accounts, proposals, registers, sagas
from bridge.notary.state.refusals import REFUSED, Code, Refusal
from bridge.notary.state.view import NOTHING_CHANGES, Changes, Overlay, View

Judge: TypeAlias = Callable[[View, Entry], Changes | Refusal]
Place: TypeAlias = tuple[str, str]


def _spent(_view: View, entry: Entry) -> Changes | Refusal:
    """Take a refusal as it stands: it changes nothing but that its id is spent."""
    if entry.body.keys() ^ {"id", "kind", "body_hash", "code"} or entry.body["id"] != entry.id:
        raise BadForm("refusal: id, kind, body_hash and code")
    if entry.body["code"] not in _CODES:
        raise BadForm(f"refusal: the code {entry.body['code']!r}")
    return NOTHING_CHANGES


_CODES: Final = frozenset(str(code.value) for code in Code)

JUDGES: Final[Mapping[str, Judge]] = {
    "party": registers.registered,
    "asset": registers.registered,
    "lane": registers.registered,
    "person": registers.registered,
    "order": sagas.ordered,
    "consent": sagas.brought,
    "paper": sagas.brought,
    "act": sagas.acted,
    "prepared": sagas.prepared,
    "rate": registers.imported,
    "list": registers.imported,
    "pack": registers.imported,
    "opening": registers.imported,
    "limit": accounts.limited,
    "proposal": proposals.proposed,
    "approval": proposals.approved,
    "account": accounts.opened,
    "transfer": accounts.transferred,
    "saga": sagas.stepped,
    "evidence": sagas.shown,
    "decision": sagas.decided,
    "refusal": _spent,
    "epoch": registers.began,
    "policy": registers.noted,
    "freeze": registers.frozen,
    "thaw": registers.thawed,
    "equivocation": registers.noted,
}


def apply(view: View, entry: Entry) -> Changes | Refusal:
    """Return what `entry` changes, or why it may not. Pure: same view, same entry, same answer.

    Errors: BadForm for a body that is not of its kind: nothing of its group may be written.
    """
    try:
        changes = JUDGES[entry.kind](view, entry)
    except (KeyError, ValueError) as error:
        raise BadForm(f"{entry.kind} {entry.id}: {error}") from error
    if entry.request is None or isinstance(changes, Refusal):
        return changes
    asked = entry.request
    place = f"{asked.principal}/{asked.route}/{asked.key}"
    return (*changes, ("request", place, f"{entry.id} {asked.body}"))


def finish(before: View, after: View, entries: tuple[Entry, ...]) -> Refusal | None:
    """Return what only shows when a whole group has been applied, or None."""
    if len(entries) == 1 and entries[0].kind != "saga":
        return None
    return sagas.booked(before, after, entries)


def apply_group(view: View, entries: tuple[Entry, ...]) -> Overlay | tuple[int, Refusal]:
    """Return the view after a whole group, or the place in it that was refused and why.

    Errors: BadForm.
    """
    after = Overlay(view)
    for place, entry in enumerate(entries):
        changes = apply(after, entry)
        if isinstance(changes, Refusal):
            return place, changes
        after.lay(changes)
    no = finish(view, after, entries)
    return after if no is None else (len(entries) - 1, no)


def wanted(kind: str, body: Mapping[str, Value]) -> Sequence[Place]:
    """Return the rows an entry will surely read, so that a batch loads them in one query."""
    if kind == "transfer":
        return accounts.touched(body)
    if kind == "account":
        return (("account", str(body.get("id"))),)
    settlement = body.get("settlement")
    if isinstance(settlement, str):
        return (("settlement", settlement),)
    return ()


__all__ = ["JUDGES", "REFUSED", "apply", "apply_group", "finish", "wanted"]

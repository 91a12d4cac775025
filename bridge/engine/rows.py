"""What a proposal would put in force: it has the form of its kind, and its sense, or is declined.

Looked at twice: when it is proposed, so that nobody checks what can never be, and when it is
carried out, because what is in force may have changed meanwhile.
"""

import re
from collections.abc import Mapping
from typing import Final

from bridge.core.canonical import Value
from bridge.core.ids import PersonId, ulid_time
from bridge.core.registers import Person
from bridge.engine.admission import Declined
from bridge.engine.proposals import ENTRY_OF, member
from bridge.notary.journal import Journal
from bridge.notary.projection import Projection
from bridge.notary.reading import BadForm
from bridge.notary.register_forms import READ_REGISTER
from bridge.notary.state.registers import named
from bridge.notary.state.rows import ProposalRow

PROMISED: Final = frozenset({"committed", "sealed"})  # no cosigner is configured
NAMES: Final = "[a-z0-9][a-z0-9._-]{0,63}"  # what an address of the API can name
PERSONS: Final = 500  # of a page while every key is compared


def check_row(view: Projection, subject: str, target: str, payload: Value) -> None:
    """Raise Declined where carrying this out would put nothing in force, or what must not be."""
    kind = ENTRY_OF.get(subject)
    if kind is None or not isinstance(payload, Mapping):
        return
    try:
        name = named(kind, payload)
    except BadForm as error:
        raise _bad("payload", f"that is no {kind}: {error}") from error
    if kind in READ_REGISTER and re.fullmatch(NAMES, name) is None:
        raise _bad("payload.id", f"{name[:80]!r} names no {kind}", f"an id as {NAMES}")
    if name != target:
        raise _bad("target", f"the target is {target[:80]}, and the {kind} is {name[:80]}")
    if kind == "person":
        _own_key(view, PersonId(name), member(payload, "key"))
    if kind == "lane":
        _lane(view, subject, name, payload)


def _own_key(view: Projection, name: PersonId, key: str) -> None:
    """Two persons with one key would be one person with two words."""
    after = ""
    while page := view.scan("person", after, PERSONS):
        for other, row in page:
            if isinstance(row, Person) and row.key == key and other != name:
                raise _bad("payload.key", "another person has that key", "make a key of their own")
        after = page[-1][0]


def _lane(view: Projection, subject: str, name: str, payload: Mapping[str, Value]) -> None:
    level = member(payload, "acknowledge")
    if level not in PROMISED:
        raise _bad(
            "payload.acknowledge",
            f"{level} cannot be promised: no cosigner is configured",
            f"one of {', '.join(sorted(PROMISED))}",
        )
    now = view.lane(name)
    opens = payload.get("open") is True and not member(payload, "paused")
    if subject == "register.lane" and opens and (now is None or now.paused or not now.open):
        raise _bad(
            "payload.open",
            f"the lane {name} is shut, and this would open it beside",
            f"keep it shut here; lianqiao lane open {name} proposes that it opens",
        )


def _bad(loc: str, why: str, remedy: str = "send the row as its register has it") -> Declined:
    return Declined("LQ-PAYLOAD", why[:300], loc=loc, remedy=remedy)


def check_still(journal: Journal, row: ProposalRow) -> None:
    """Raise Declined where what is in force was changed by others since this was proposed."""
    last = journal.view.proposal(journal.view.text("carried", row.target))
    if row.subject not in ENTRY_OF or last is None or last.subject not in ENTRY_OF:
        return
    entry = journal.entry(last.carried) if last.carried is not None else None
    if last.state == "done" and entry is not None and entry.t > ulid_time(row.id):
        raise Declined(
            "LQ-OVERTAKEN",
            f"{row.target[:80]} was changed by {last.id} since this was proposed",
            status=409,
            loc="id",
            remedy="refuse this one, look at what is in force now, and propose again",
        )


def check_scope(view: Projection, kind: str, name: str) -> None:
    """Raise Declined where a freeze of this scope would stop nothing and nobody."""
    if kind == "network":
        known = any(name in {lane.origin, lane.destination, lane.rail} for lane in view.lanes())
    else:
        known = view.get(kind, name) is not None
    if not known:
        raise Declined(
            "LQ-NOT-FOUND",
            f"there is no {kind} {name[:80]}: nothing would be frozen",
            status=404,
            loc="scope",
            remedy="lianqiao ls parties, assets or lanes; a network by its CAIP-2 id",
        )

"""The escrow: what a call reads, and what it comes to. Pure; the same bytes at every endorser.

Whoever runs it asks for `reads`, fetches those keys and calls `invoke`. What comes out is handed
on unchanged: a refusal writes nothing and tells nothing.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from adapters.bsn.chaincode.call import MALFORMED, Call, Outcome, Refusal, Response
from adapters.bsn.chaincode.governing import (
    configure_planned,
    enrol_planned,
    entrust_planned,
    rotate_planned,
)
from adapters.bsn.chaincode.lots import endorse_planned, issue_planned, join_planned, split_planned
from adapters.bsn.chaincode.plan import Plan
from adapters.bsn.chaincode.reading import read_planned
from adapters.bsn.chaincode.records import View
from adapters.bsn.chaincode.verbs import PAST, escape_planned, planned
from bridge.core.canonical import canonical

VERSION: Final = "1"
VERBS: Final[Mapping[str, Callable[[Call], Plan]]] = {
    **{verb.value: partial(planned, verb) for verb in PAST},
    "escape": escape_planned,
    "issue": issue_planned,
    "split": split_planned,
    "join": join_planned,
    "endorse": endorse_planned,
    "configure": configure_planned,
    "rotate": rotate_planned,
    "enrol": enrol_planned,
    "entrust": entrust_planned,
    "read": read_planned,
}


def reads(call: Call) -> tuple[str, ...]:
    """Return every key the call reads or writes, known from its words alone; none if refused."""
    try:
        return _plan(call).keys
    except Refusal:
        return ()


def invoke(call: Call, state: Mapping[str, bytes]) -> Outcome:
    """Return what a call comes to where `state` holds what stands under the keys it reads.

    Errors: AssertionError where the state is not one this escrow can have written.
    Source: tests/adapters/bsn/fabric/golden/escrow.json: what a port has to reproduce.
    """
    try:
        plan = _plan(call)
        view = View(state, plan.keys)
        told, event = plan.run(view)
    except Refusal as refusal:
        return Outcome(Response(refusal.status, str(refusal)))
    return Outcome(Response(200, payload=canonical(told)), tuple(view.writes.items()), event)


def run(call: Call, get: Callable[[str], bytes | None]) -> Outcome:
    """Return what a call comes to, fetching what it reads one key at a time."""
    found = {key: get(key) for key in reads(call)}
    return invoke(call, {key: value for key, value in found.items() if value is not None})


def _plan(call: Call) -> Plan:
    verb = VERBS.get(call.verb)
    if verb is None:
        raise Refusal(MALFORMED, "no such verb")
    return verb(call)

"""What a door holds for people: they look at it, and two release or refuse it.

A door asks by keeping `held/NAME`, and reads the answer under `people/NAME`. The answer is written
in the group of the approval that gives it, and the ledger takes no second one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.core.canonical import NotCanonical, Value, parse
from bridge.core.ids import NetworkId
from bridge.engine.admission import Declined
from bridge.engine.proposals import Side, member
from bridge.notary.journal import Journal
from bridge.notary.state.proposals import HELD, PEOPLE
from bridge.notary.state.rows import ProposalRow
from bridge.notary.state.view import View
from bridge.ports import HELD_KEY, PEOPLE_KEY

WAYS = frozenset({"release", "refuse"})


@dataclass(frozen=True, slots=True)
class HeldThing:
    """One thing that waits for people: which door holds it, under which name, and why."""

    network: NetworkId
    name: str
    says: Mapping[str, Value]  # the door's own words: no names of persons, no payloads

    @property
    def target(self) -> str:
        """What a proposal about it names."""
        return f"{self.network}/{self.name}"


class KeptValues:
    """The read-only view an adapter has of what it asked to be kept."""

    def __init__(self, journal: Journal, network: NetworkId) -> None:
        self._journal = journal
        self._prefix = f"kept/{network}/"
        self._people = f"kept/{PEOPLE}/{network}/"  # what two of them said of what it asked

    def _whole(self, key: str) -> str:
        by_people = key.startswith(PEOPLE_KEY)
        return self._people + key.removeprefix(PEOPLE_KEY) if by_people else self._prefix + key

    def get(self, key: str) -> bytes | None:
        """Return the value kept under `key`."""
        return self._journal.side(self._whole(key))

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys that begin with `prefix`, sorted."""
        whole = self._whole(prefix)
        found = self._journal.side_keys(whole)
        return tuple(sorted(prefix + key.removeprefix(whole) for key in found))


def held(journal: Journal, networks: Iterable[NetworkId], after: str, most: int) -> list[HeldThing]:
    """Return the first things doors hold, in the order of their targets, after one of them."""
    places = [(network, _key(network, HELD_KEY)) for network in networks]
    names = [
        (network, key.removeprefix(prefix))
        for network, prefix in places
        for key in journal.side_keys(prefix)
    ]
    following = sorted((one for one in names if "/".join(one) > after), key="/".join)
    return [
        HeldThing(network, name, _words(journal.side(_key(network, HELD_KEY) + name) or b""))
        for network, name in following[:most]
    ]


def check_held(view: View, journal: Journal, subject: str, target: str, payload: Value) -> None:
    """Raise Declined where nothing of that name is held, or the payload decides something else."""
    if subject != HELD:
        return
    network, name = member(payload, "network"), member(payload, "name")
    if member(payload, "way") not in WAYS:
        raise _declined(
            "LQ-HELD-WAY", "say which way: release or refuse", "payload.way", status=400
        )
    if target != f"{network}/{name}":
        raise _declined("LQ-TARGET", "target and payload name two things", "target", status=400)
    if view.text("kept", f"{PEOPLE}/{target}"):
        raise _declined("LQ-OVERTAKEN", "it was decided already", "target", status=409)
    if journal.side(_key(network, HELD_KEY) + name) is None:
        raise _declined("LQ-NOT-FOUND", f"nothing is held as {target[:120]}", "target", status=404)


def decided(row: ProposalRow, says: str) -> Side:
    """Return what an approval tells the door that asked."""
    if row.subject != HELD or says != "approve":
        return ()
    return ((_key(PEOPLE, row.target), member(row.payload, "way").encode()),)


def _key(network: str, what: str) -> str:
    return f"kept/{network}/{what}"


def _words(value: bytes) -> Mapping[str, Value]:
    try:
        said = parse(value)
    except NotCanonical:
        return {}
    return said if isinstance(said, Mapping) else {}


def _declined(code: str, why: str, loc: str, *, status: int) -> Declined:
    return Declined(code, why, status=status, loc=loc, remedy="lianqiao held ls")

"""The first group of a ledger: its signers and first people. After it, two people change things."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.core.canonical import Value
from bridge.core.ids import EntryId, Instant, PersonId, new_ulid
from bridge.core.parties import personal
from bridge.core.registers import Person
from bridge.notary.entries import Draft, Group
from bridge.notary.register_forms import person_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Founder:
    """One of the first people. `key`: Ed25519 public key, hex."""

    id: PersonId
    name: str
    key: str
    roles: tuple[str, ...]


def first_group(
    now: Instant,
    entropy: Callable[[int], bytes],
    *,
    origin: str,
    log_key: str,
    notaries: Mapping[str, tuple[str, str]],
    threshold: int,
    people: tuple[Founder, ...],
) -> Group:
    """Return what a new ledger begins with.

    `notaries` are, by operator, jurisdiction and Ed25519 public key. Two people are the fewest.
    """
    assert len(people) >= 2, "what loosens takes two people, so a ledger begins with two"
    side: list[tuple[str, bytes | None]] = []
    signers: list[Value] = [
        {"operator": name, "jurisdiction": where, "ed25519": key}
        for name, (where, key) in sorted(notaries.items())
    ]
    began: dict[str, Value] = {
        "epoch": "1",
        "origin": origin,
        "log_key": log_key,
        "notaries": signers,
        "threshold": str(threshold),
    }
    bodies: list[tuple[str, Mapping[str, Value]]] = [("epoch", began)]
    for founder in people:
        name = personal(founder.name, entropy(32), "name")
        side.append((f"personal/person/{founder.id}/name", name.salt + founder.name.encode()))
        row = Person(
            id=founder.id,
            name=name.commitment,
            key=founder.key,
            roles=founder.roles,
            since=Instant(0),
        )
        bodies.append(("person", person_form(row)))
    drafts = tuple(
        Draft(id=EntryId(new_ulid(now, entropy(10))), kind=kind, body=body) for kind, body in bodies
    )
    return Group(id=drafts[0].id, drafts=drafts, side=tuple(side))

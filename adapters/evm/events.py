"""What the escrow said, as facts: pinned emitter, known topic, exact words, nothing half-read."""

from collections.abc import Mapping
from functools import lru_cache

from adapters.evm.abi import Word
from adapters.evm.addresses import to_checksum_address
from adapters.evm.blocks import Log
from adapters.evm.calls import decoded
from adapters.evm.tries import BadProof
from bridge.core.events import (
    AssetAssigned,
    AssetBurned,
    AssetFact,
    AssetLocked,
    AssetMinted,
    AssetUnminted,
    Fact,
    LockHeld,
    LockReleased,
)
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId, ulid_of
from bridge.core.money import Units
from schemas.contracts.interface import interface

FACTS: Mapping[str, type[AssetFact]] = {
    "Locked": AssetLocked,
    "Minted": AssetMinted,
    "Released": LockReleased,
    "Escaped": LockReleased,
    "Burned": AssetBurned,
    "Unminted": AssetUnminted,
    "Assigned": AssetAssigned,
}
VETOES = frozenset({"Vetoed", "VetoLifted"})  # of any word at all: the escrow looks at no id


def spoken(log: Log) -> tuple[str, Mapping[str, Word]] | None:
    """Return name and words of an event of the escrow, or None for a topic it does not have.

    Errors: BadProof where a known topic has other words than its own.
    """
    entry = interface("Escrow").event(log.topics[0]) if log.topics else None
    if entry is None:
        return None
    indexed = [field for field in entry.inputs if field.indexed]
    others = [field for field in entry.inputs if not field.indexed]
    if len(log.topics) != len(indexed) + 1:
        raise BadProof(f"{entry.name} has {len(log.topics)} topics, not {len(indexed) + 1}")
    try:
        topics = decoded([field.type for field in indexed], b"".join(log.topics[1:]))
        values = decoded([field.type for field in others], log.data)
    except ValueError as error:
        raise BadProof(f"{entry.name}: {error}") from error
    names = (field.name for field in (*indexed, *others))
    return entry.name, dict(zip(names, (*topics, *values), strict=True))


def fact_of(log: Log, network: NetworkId) -> Fact | None:
    """Return the fact an escrow's log tells, or None where what it says is no fact of the machine.

    Units: seconds on chain become milliseconds. Accounts are spelled as in EIP-55.
    Errors: BadProof: an unknown topic, an id that is no settlement's.
    """
    said = spoken(log)
    if said is None:
        raise BadProof("the log is no event of the escrow")
    name, words = said
    if "settlement" not in words:
        return None  # what governor and guardian do is no settlement's
    if name in VETOES:
        return None
    of = _word(words, "settlement")
    if any(of[16:]) or not any(of):
        raise BadProof("settlement is not 16 bytes, then 16 zero bytes")
    settlement = SettlementId(ulid_of(of[:16]))
    if name == "Held":
        return LockHeld(
            settlement=settlement,
            network=network,
            until=Instant(_whole(words, "until") * 1_000),
            evidence=Digest(_word(words, "evidence").hex()),
        )
    kind = FACTS.get(name)
    if kind is None:
        return None
    token = _whole(words, "tokenId")
    return kind(
        settlement=settlement,
        network=network,
        escrow=written(log.emitter),
        asset=written(str(words["asset"])),
        part=f"{token:064x}" if token else "",
        units=Units(_whole(words, "amount")),
        account=written(str(words["party"])),
    )


@lru_cache(maxsize=4_096)  # the escrow, its assets, and who comes often
def written(address: bytes | str) -> str:
    """Return an address in its one spelling."""
    return to_checksum_address(address)


def _word(words: Mapping[str, Word], name: str) -> bytes:
    value = words[name]
    assert isinstance(value, bytes), f"{name} is a word"
    return value


def _whole(words: Mapping[str, Word], name: str) -> int:
    value = words[name]
    assert isinstance(value, int), f"{name} is a number"
    return value

"""Headers and receipts: from a node's JSON to the bytes that are hashed, and back, strictly.

Source: Yellow Paper 4.4; EIP-1559, 4895, 4844, 4788, 7685 (header); EIP-658, 2718 (receipt);
Ethereum execution-apis, Block and Receipt.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from adapters.evm.keccak import keccak
from adapters.evm.strict_rlp import Item, encoded, minimal
from adapters.evm.tries import BadProof, Trie, rlp_decoded, trie_of_list

_HASH, _ADDRESS, _BLOOM, _NONCE, _NUMBER, _TEXT = 32, 20, 256, 8, -1, -2
HEADER = (  # name as the JSON has it, and size in bytes; later forks only append
    ("parentHash", _HASH),
    ("sha3Uncles", _HASH),
    ("miner", _ADDRESS),
    ("stateRoot", _HASH),
    ("transactionsRoot", _HASH),
    ("receiptsRoot", _HASH),
    ("logsBloom", _BLOOM),
    ("difficulty", _NUMBER),
    ("number", _NUMBER),
    ("gasLimit", _NUMBER),
    ("gasUsed", _NUMBER),
    ("timestamp", _NUMBER),
    ("extraData", _TEXT),
    ("mixHash", _HASH),
    ("nonce", _NONCE),
    ("baseFeePerGas", _NUMBER),
    ("withdrawalsRoot", _HASH),
    ("blobGasUsed", _NUMBER),
    ("excessBlobGas", _NUMBER),
    ("parentBeaconBlockRoot", _HASH),
    ("requestsHash", _HASH),
)
SHORTEST = 15  # members of a header before London
LARGEST = 1 << 256
TYPES = range(5)  # of transactions: EIP-2718's legacy, 2930, 1559, 4844, 7702
_QUANTITY = re.compile("0x(?:0|[1-9a-f][0-9a-f]*)")
_DATA = re.compile("0x(?:[0-9a-f]{2})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What of a header is used, with the bytes it is hashed as."""

    raw: bytes
    hash: bytes
    parent: bytes
    number: int
    timestamp: int  # seconds
    receipts_root: bytes
    state_root: bytes
    bloom: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """What a contract said."""

    emitter: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a transaction ended, and what was said on its way."""

    succeeded: bool
    logs: tuple[Log, ...]


def quantity(text: object, what: str) -> int:
    """Return the number a JSON quantity writes. Errors: BadProof."""
    if not isinstance(text, str) or _QUANTITY.fullmatch(text) is None or len(text) > 66:
        raise BadProof(f"{what} is no quantity")
    return int(text, 16)


def data(text: object, what: str, size: int = _TEXT) -> bytes:
    """Return the bytes a JSON text writes, in lower case. Errors: BadProof."""
    if not isinstance(text, str) or _DATA.fullmatch(text) is None:
        raise BadProof(f"{what} is no bytes in hex")
    raw = bytes.fromhex(text[2:])
    if size >= 0 and len(raw) != size:
        raise BadProof(f"{what} has {len(raw)} bytes, not {size}")
    return raw


def header_of(block: Mapping[str, object]) -> Header:
    """Return the header of a node's block; its hash is what its members give, not what is said.

    Errors: BadProof: a member is missing or ill formed, or the block says another hash.
    """
    members: list[bytes] = []
    for place, (name, size) in enumerate(HEADER):
        if name not in block:
            if place >= SHORTEST and not any(later in block for later, _ in HEADER[place:]):
                break
            raise BadProof(f"{name} is missing")
        value = block[name]
        number = size == _NUMBER
        members.append(minimal(quantity(value, name)) if number else data(value, name, size))
    header = parsed_header(encoded(members))
    if data(block.get("hash"), "hash", _HASH) != header.hash:
        raise BadProof("the block says another hash than its members give")
    return header


@lru_cache(64)  # every node shows the same one, several times
def parsed_header(raw: bytes) -> Header:
    """Return the header its RLP writes. Errors: BadProof."""
    members = rlp_decoded(raw, "the header")
    if isinstance(members, bytes) or not SHORTEST <= len(members) <= len(HEADER):
        raise BadProof("the header has not the members of a known fork")
    found: dict[str, bytes] = {}
    for (name, size), member in zip(HEADER, members, strict=False):
        if not isinstance(member, bytes) or (size >= 0 and len(member) != size):
            raise BadProof(f"{name} of the header has not its size")
        if size == _NUMBER and (member[:1] == b"\0" or len(member) > 32):
            raise BadProof(f"{name} of the header is not minimal")
        found[name] = member
    return Header(
        raw=raw,
        hash=keccak(raw),
        parent=found["parentHash"],
        number=int.from_bytes(found["number"], "big"),
        timestamp=int.from_bytes(found["timestamp"], "big"),
        receipts_root=found["receiptsRoot"],
        state_root=found["stateRoot"],
        bloom=found["logsBloom"],
    )


def receipt_bytes(receipt: Mapping[str, object]) -> bytes:
    """Return a node's receipt as it stands in the trie.

    Errors: BadProof: a type nobody here knows, or a member ill formed.
    """
    kind = quantity(receipt.get("type", "0x0"), "type")
    if kind not in TYPES:
        raise BadProof(f"receipts of type {kind} are unknown")
    logs = receipt.get("logs")
    if not isinstance(logs, Sequence) or isinstance(logs, str):
        raise BadProof("logs is no list")
    body = encoded(
        [
            minimal(quantity(receipt.get("status"), "status")),
            minimal(quantity(receipt.get("cumulativeGasUsed"), "cumulativeGasUsed")),
            data(receipt.get("logsBloom"), "logsBloom", _BLOOM),
            [_log_item(log) for log in logs],
        ]
    )
    return body if kind == 0 else bytes([kind]) + body


def _log_item(log: object) -> list[Item]:
    if not isinstance(log, Mapping):
        raise BadProof("a log is no object")
    topics = log.get("topics")
    if not isinstance(topics, Sequence) or isinstance(topics, str) or len(topics) > 4:
        raise BadProof("topics is no list of at most four")
    return [
        data(log.get("address"), "address", _ADDRESS),
        [data(topic, "topic", _HASH) for topic in topics],
        data(log.get("data"), "data"),
    ]


def receipts_trie(receipts: Sequence[Mapping[str, object]]) -> Trie:
    """Return the trie of a block's receipts, in their order. Errors: BadProof."""
    return trie_of_list([receipt_bytes(receipt) for receipt in receipts])


def parsed_receipt(raw: bytes) -> Receipt:
    """Return what a receipt's bytes say. Errors: BadProof: also one from before Byzantium."""
    kind = int.from_bytes(raw[:1], "big")
    typed = 0 < kind < 0x80  # EIP-2718: above it begins the list of a legacy receipt
    if typed and kind not in TYPES:
        raise BadProof(f"receipts of type {kind} are unknown")
    members = rlp_decoded(raw[1:] if typed else raw, "the receipt")
    if isinstance(members, bytes) or len(members) != 4:
        raise BadProof("a receipt has four members")
    status, gas, bloom, logs = members
    if status not in (b"", b"\1"):
        raise BadProof("a receipt without status: it is from before Byzantium")
    if not isinstance(gas, bytes) or not isinstance(bloom, bytes) or isinstance(logs, bytes):
        raise BadProof("a receipt's members are not what they should be")
    return Receipt(status == b"\1", tuple(_parsed_log(log) for log in logs))


def _parsed_log(item: Item) -> Log:
    if isinstance(item, bytes) or len(item) != 3:
        raise BadProof("a log has three members")
    emitter, topics, words = item
    if not isinstance(emitter, bytes) or len(emitter) != _ADDRESS or not isinstance(words, bytes):
        raise BadProof("a log's emitter or data is not what it should be")
    if isinstance(topics, bytes) or not all(
        isinstance(topic, bytes) and len(topic) == _HASH for topic in topics
    ):
        raise BadProof("a log's topics are not words")
    return Log(emitter, tuple(topic for topic in topics if isinstance(topic, bytes)), words)

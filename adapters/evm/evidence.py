"""Evidence that an escrow said something, in a block that is final; verified without any node.

Nodes' answers are unsigned, so finality by quorum or by depth is attested by a reader, who signs
which operators answered what; `pinned` names the readers that are trusted.
Source: Yellow Paper, appendices B and D; EIP-2718.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from adapters.evm.blocks import Header, Log, parsed_header, parsed_receipt
from adapters.evm.events import fact_of, written
from adapters.evm.tries import BadProof, index_key, walk
from bridge.core.canonical import NotCanonical, Value, canonical, parse
from bridge.core.events import AssetFact, Fact
from bridge.core.ids import NetworkId
from bridge.ports import Unproved

SCHEMA = "lianqiao.evidence.evm/1"
FINALITY_PREFIX = b"lianqiao evm finality v1\n"
QUORUM, DEPTH = "quorum", "depth"
STEPS = ("header and chain", "finality", "receipt", "event", "fact", "evidence")
_MEMBERS = (
    "schema",
    "network",
    "genesis",
    "header",
    "receipt_index",
    "receipt_proof",
    "log_index",
    "finality",
    "reader",
)


class Unreadable(ValueError):
    """Raised for a file that is no evidence of this kind; the sentence names the member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvidence:
    """One log of one receipt of one block, with what proves the block final.

    `log_index` counts the logs of its receipt. `finality` is what the reader signed.
    """

    network: str
    genesis: bytes
    header: bytes
    receipt_index: int
    receipt_proof: tuple[bytes, ...]
    log_index: int
    finality: Mapping[str, Value]
    reader: bytes  # Ed25519 public key
    signature: bytes  # the reader's, over the finality it attests

    def encoded(self) -> bytes:
        """Return the bytes that lie beside the ledger's entry."""
        return canonical(
            {
                "schema": SCHEMA,
                "network": self.network,
                "genesis": _hex(self.genesis),
                "header": _hex(self.header),
                "receipt_index": str(self.receipt_index),
                "receipt_proof": [_hex(node) for node in self.receipt_proof],
                "log_index": str(self.log_index),
                "finality": self.finality,
                "reader": {"key": self.reader.hex(), "signature": self.signature.hex()},
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One numbered step of a verification: what was asked, whether it holds, and why."""

    number: int
    title: str
    holds: bool
    says: str


@dataclass(slots=True)
class Examined:
    """Every step up to the first that failed, and the fact where all held."""

    steps: list[Step] = field(default_factory=list)
    fact: Fact | None = None


def attested_finality(
    key: Ed25519PrivateKey,
    network: str,
    genesis: bytes,
    block: bytes,
    finality: Mapping[str, Value],
) -> bytes:
    """Return a reader's signature under what it saw: `kind` and `data` of a block's finality."""
    return key.sign(FINALITY_PREFIX + _finality_body(network, genesis, block, finality))


def _finality_body(
    network: str, genesis: bytes, block: bytes, finality: Mapping[str, Value]
) -> bytes:
    return canonical(
        {"network": network, "genesis": _hex(genesis), "block": _hex(block), "finality": finality}
    )


def read(raw: bytes) -> ChainEvidence:
    """Return what the bytes say, in their one form; nothing is verified yet. Errors: Unreadable."""
    try:
        body = parse(raw)
    except NotCanonical as error:
        raise Unreadable(str(error)) from error
    if not isinstance(body, Mapping) or set(body) != set(_MEMBERS) or body["schema"] != SCHEMA:
        raise Unreadable(f"no object of {SCHEMA} with just its members")
    proof, finality, reader = body["receipt_proof"], body["finality"], body["reader"]
    if isinstance(proof, str | bool | Mapping) or not isinstance(finality, Mapping):
        raise Unreadable("receipt_proof is a list, finality an object")
    if not isinstance(reader, Mapping) or set(reader) != {"key", "signature"}:
        raise Unreadable("reader is a key and a signature")
    return ChainEvidence(
        network=_text(body, "network"),
        genesis=_bytes(body["genesis"], "genesis"),
        header=_bytes(body["header"], "header"),
        receipt_index=_whole(body, "receipt_index"),
        receipt_proof=tuple(_bytes(node, "receipt_proof") for node in proof),
        log_index=_whole(body, "log_index"),
        finality=finality,
        reader=_bytes(f"0x{_text(reader, 'key')}", "reader.key"),
        signature=_bytes(f"0x{_text(reader, 'signature')}", "reader.signature"),
    )


def examined(raw: bytes, pinned: Value) -> Examined:
    """Return the steps of a verification: it ends at the first that fails.

    `pinned` fixes network, genesis, escrow, readers and the finality that is demanded.
    Errors: Unreadable, for evidence or pinned words that are none.
    """
    done = Examined()
    told = _told(raw, pinned, done)
    for number, title in enumerate(STEPS, 1):
        try:
            done.steps.append(Step(number=number, title=title, holds=True, says=next(told)))
        except BadProof as error:
            done.steps.append(Step(number=number, title=title, holds=False, says=str(error)))
            done.fact = None
            break
    return done


def _told(raw: bytes, pinned: Value, done: Examined) -> Iterator[str]:
    """Yield what each step found, in order; the event's fact is left in `done`.

    Errors: BadProof, Unreadable.
    """
    evidence = read(raw)  # in its one form: its bytes are what `encoded` would give
    header = _header(evidence, pinned)
    yield f"block {header.number} is {_hex(header.hash)} of {evidence.network}"
    yield _final(evidence, header, pinned)
    key = index_key(evidence.receipt_index)
    found = walk(header.receipts_root, key, evidence.receipt_proof)
    if found is None:
        raise BadProof(f"the block has no receipt {evidence.receipt_index}")
    yield f"receipt {evidence.receipt_index} lies under the receipts' root"
    log = _log(found, evidence, pinned)
    done.fact = fact_of(log, NetworkId(evidence.network))
    if done.fact is None:
        raise BadProof("the event tells no fact of a settlement")
    yield f"{type(done.fact).__name__} by {written(log.emitter)}"
    yield _said(done.fact)
    yield f"these bytes are {sha256(raw).hexdigest()} in the ledger's entry"


def verify(raw: bytes, pinned: Value) -> tuple[Fact, ...]:
    """Return the one fact the evidence proves. Errors: Unproved, naming the step."""
    try:
        done = examined(raw, pinned)
    except Unreadable as error:
        raise Unproved(f"form: {error}") from error
    if done.fact is None:
        last = done.steps[-1]
        raise Unproved(f"{last.number} {last.title}: {last.says}")
    return (done.fact,)


def unpinned(raw: bytes) -> Value:
    """Return what the evidence says of itself, in the shape of pinned words; it proves nothing.

    Errors: Unreadable.
    """
    evidence = read(raw)
    told = evidence.finality.get("operators")
    emitter = ""
    with suppress(BadProof):
        root = parsed_header(evidence.header).receipts_root
        found = walk(root, index_key(evidence.receipt_index), evidence.receipt_proof)
        logs = parsed_receipt(found or b"").logs
        if evidence.log_index < len(logs):
            emitter = written(logs[evidence.log_index].emitter)
    return {
        "network": evidence.network,
        "genesis": _hex(evidence.genesis),
        "escrow": emitter,
        "readers": [evidence.reader.hex()],
        "finality": {
            "kind": str(evidence.finality.get("kind")),
            "needed": "1",
            "operators": told if told is not None else [],
        },
    }


def _header(evidence: ChainEvidence, pinned: Value) -> Header:
    for name, ours in (("network", evidence.network), ("genesis", _hex(evidence.genesis))):
        if _pin(pinned, name) != ours:
            raise BadProof(f"{name} is {ours}, pinned is {_pin(pinned, name)}")
    return parsed_header(evidence.header)


def _final(evidence: ChainEvidence, header: Header, pinned: Value) -> str:
    demanded = pinned["finality"] if isinstance(pinned, Mapping) else ""
    readers = pinned["readers"] if isinstance(pinned, Mapping) else ""
    if not isinstance(demanded, Mapping) or isinstance(readers, str | bool | Mapping):
        raise Unreadable("pinned: finality is an object, readers a list")
    if evidence.reader.hex() not in readers:
        raise BadProof(f"reader {evidence.reader.hex()} is not pinned")
    words = _finality_body(evidence.network, evidence.genesis, header.hash, evidence.finality)
    try:
        _prove(evidence.reader, evidence.signature, FINALITY_PREFIX + words)
    except (InvalidSignature, ValueError) as error:
        raise BadProof("the reader did not sign this finality of this block") from error
    kind, needed = _text(demanded, "kind"), _whole(demanded, "needed")
    if evidence.finality.get("kind") != kind:
        raise BadProof(f"finality is by {evidence.finality.get('kind')}, demanded is {kind}")
    if kind == QUORUM:
        agreed = _names(demanded.get("operators")) & _names(evidence.finality.get("operators"))
        if len(agreed) < needed:
            raise BadProof(f"{len(agreed)} of the {needed} operators called it final")
        who = ", ".join(sorted(agreed))
        return f"attested by reader {evidence.reader.hex()[:16]}…: final to {who}"
    if kind == DEPTH:
        deep = _whole(evidence.finality, "head") - header.number
        if deep < needed:
            raise BadProof(f"{deep} blocks deep, {needed} are demanded")
        return f"attested by reader {evidence.reader.hex()[:16]}…: {deep} blocks deep"
    raise Unreadable(f"pinned: no finality by {kind}")


@lru_cache(256)  # of what was signed: a block is proved for each of its events, by each notary
def _prove(reader: bytes, signature: bytes, words: bytes) -> None:
    """Nothing, if the reader signed the words. Errors: InvalidSignature, ValueError."""
    Ed25519PublicKey.from_public_bytes(reader).verify(signature, words)


def _names(value: "Value | None") -> frozenset[str]:
    if value is None or isinstance(value, str | bool | Mapping):
        raise BadProof("operators is a list of names")
    return frozenset(str(name) for name in value)


def _log(found: bytes, evidence: ChainEvidence, pinned: Value) -> Log:
    receipt = parsed_receipt(found)
    if not receipt.succeeded:
        raise BadProof("the transaction was reverted")
    if evidence.log_index >= len(receipt.logs):
        raise BadProof(f"the receipt has {len(receipt.logs)} logs, none is {evidence.log_index}")
    log = receipt.logs[evidence.log_index]
    emitter = written(log.emitter)
    if emitter != _pin(pinned, "escrow"):
        raise BadProof(f"said by {emitter}, pinned is the escrow {_pin(pinned, 'escrow')}")
    return log


def _said(fact: Fact) -> str:
    if isinstance(fact, AssetFact):
        what = f"{fact.units} of {fact.asset}" + (f" part {fact.part}" if fact.part else "")
        return f"settlement {fact.settlement}: {what}, account {fact.account}"
    return f"settlement {fact.settlement}: {type(fact).__name__}"


def _hex(raw: bytes) -> str:
    return f"0x{raw.hex()}"


def _pin(pinned: Value, name: str) -> str:
    found = pinned.get(name) if isinstance(pinned, Mapping) else None
    if not isinstance(found, str):
        raise Unreadable(f"pinned: {name} is text")
    return found


def _text(body: Mapping[str, Value], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str):
        raise Unreadable(f"{name} is text")
    return found


def _bytes(value: Value, name: str) -> bytes:
    try:
        raw = bytes.fromhex(value[2:]) if isinstance(value, str) else b""
    except ValueError:
        raw = b""
    if _hex(raw) != value:
        raise Unreadable(f"{name} is bytes in lower hex after 0x")
    return raw


def _whole(body: Mapping[str, Value], name: str) -> int:
    text = _text(body, name)
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and str(int(text)) == text):
        raise Unreadable(f"{name} is a whole number")
    return int(text)

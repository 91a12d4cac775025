"""Ethereum-compatible chains: what proofs and digests cost, against what others would use."""

import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import rlp
from coincurve import PrivateKey, PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.datatypes import Signature as Signed
from eth_keys.main import KeyAPI
from eth_utils.address import to_checksum_address

from adapters.evm.blocks import HEADER, Header, header_of, parsed_header, receipts_trie
from adapters.evm.evidence import ChainEvidence, attested_finality, verify
from adapters.evm.tries import trie_of_list
from bridge.core.act import Act
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId, new_ulid
from bridge.core.money import Units
from bridge.notary.attestation import eip712_digest
from examples.benchmarks.figure import Figure, Given, side_by_side
from schemas.contracts import typed
from schemas.contracts.interface import interface

BAR = {"receipts": 15.0, "evidence": 5.0, "digest": 5.0}
ACTS, RECOVERIES = 10_000, 200


def _receipts(data: Path) -> Iterator[Figure]:
    (folder,) = (data / "evm").glob("mainnet-*")
    text = (folder / "receipts.json").read_bytes()
    header = header_of(json.loads((folder / "block.json").read_bytes()))
    receipts = json.loads(text)

    def verified() -> None:
        assert receipts_trie(receipts).root == header.receipts_root, "they are the block's"

    ours, theirs = side_by_side(verified, lambda: json.loads(text), work=1)
    yield Figure(
        name="evm.receipts.verified",
        ours=1e3 / ours,
        theirs=1e3 / theirs,
        baseline=f"parsing the JSON of the same {len(receipts)}; bar {BAR['receipts']:g}x",
        unit="ms CPU",
    )


def _evidence() -> Iterator[Figure]:
    raw, pinned = _made_evidence()
    assert verify(raw, pinned), "it tells a fact"
    key, message = PrivateKey(sha256(b"somebody").digest()), sha256(b"something").digest()
    signed: bytes = key.sign_recoverable(message, hasher=None)
    wrapped, curve = Signed(signed), KeyAPI(CoinCurveECCBackend())
    peers: dict[str, Callable[[], object]] = {
        f"one recovery as eth-account makes it; bar {BAR['evidence']:g}x": lambda: (
            curve.ecdsa_recover(message, wrapped).to_checksum_address()
        ),
        "one bare recovery of libsecp256k1": lambda: PublicKey.from_signature_and_message(
            signed, message, hasher=None
        ),
    }
    for baseline, recover in peers.items():
        ours, theirs = side_by_side(
            lambda: [verify(raw, pinned) for _ in range(RECOVERIES)],
            lambda recover=recover: [recover() for _ in range(RECOVERIES)],  # type: ignore[misc]
            work=RECOVERIES,
        )
        yield Figure(
            name="evm.evidence.verified",
            ours=1e3 / ours,
            theirs=1e3 / theirs,
            baseline=f"{baseline}; a block of 200 receipts",
            unit="ms CPU",
        )


def _made_evidence() -> tuple[bytes, Value]:
    """A lock in a block of two hundred receipts, its finality attested; and what is pinned."""
    entry, escrow, genesis = interface("Escrow").events["Locked"], b"\xe5" * 20, b"\x07" * 32
    settlement = b"\x01\x8f\x2d\x5c" + bytes(12 * [1]) + bytes(16)
    topics = [entry.id, settlement, bytes(12) + b"\xa5" * 20, bytes(12) + b"\xbe" * 20]
    kinds = [one.type for one in entry.inputs if not one.indexed]
    words = encode(kinds, [0, 1_000, keccak(b"eip155:1"), b"\x01" * 32])
    receipts = [
        b"\x02" + rlp.encode([b"\x01", 100_000 * (n + 1), bytes(256), [[escrow, topics, words]]])
        for n in range(200)
    ]
    trie = trie_of_list(receipts)
    members: dict[str, bytes] = {name: b"\x01" * max(size, 1) for name, size in HEADER}
    members |= {"receiptsRoot": trie.root, "extraData": b"", "logsBloom": bytes(256)}
    header: Header = parsed_header(rlp.encode([members[name] for name, _ in HEADER]))
    reader, network = Ed25519PrivateKey.generate(), "eip155:31337"
    finality: Mapping[str, Value] = {"kind": "quorum", "operators": ["north", "south"]}
    public = reader.public_key().public_bytes_raw()
    evidence = ChainEvidence(
        network=network,
        genesis=genesis,
        header=header.raw,
        receipt_index=150,
        receipt_proof=trie.prove(rlp.encode(150)),
        log_index=0,
        finality=finality,
        reader=public,
        signature=attested_finality(reader, network, genesis, header.hash, finality),
    )
    pinned: Value = {
        "network": network,
        "genesis": f"0x{genesis.hex()}",
        "escrow": to_checksum_address(escrow),
        "readers": [public.hex()],
        "finality": {"kind": "quorum", "needed": "2", "operators": ["east", "north", "south"]},
    }
    return evidence.encoded(), pinned


def _digests() -> Iterator[Figure]:
    genesis = b"\x07" * 32
    acts = [_act(Chance(number)) for number in range(ACTS)]
    messages = [_typed(act, genesis) for act in acts]
    equal = sum(
        eip712_digest(act, genesis) == _oracle(message)
        for act, message in zip(acts, messages, strict=True)
    )
    yield Figure(
        name="evm.digest.equal",
        ours=equal,
        theirs=ACTS,
        baseline="eth-account on the same random acts; bar: all",
        unit="acts",
    )
    some = 200
    ours, theirs = side_by_side(
        lambda: [eip712_digest(act, genesis) for act in acts[:some]],
        lambda: [_oracle(message) for message in messages[:some]],
        work=some,
    )
    yield Figure(
        name="evm.digest",
        ours=ours,
        theirs=theirs,
        baseline=f"eth-account's typed data, same acts; bar {BAR['digest']:g}x",
        unit="/s CPU",
    )


class Chance:
    """The same words for the same number, each time."""

    def __init__(self, number: int) -> None:
        self._number, self._turn = number, 0

    def bytes(self, count: int) -> bytes:
        """So many, up to 32."""
        self._turn += 1
        return sha256(f"{self._number}/{self._turn}".encode()).digest()[:count]

    def below(self, end: int) -> int:
        """A number from nought to under `end`."""
        return int.from_bytes(self.bytes(32), "big") % end


def _act(chance: Chance) -> Act:
    verbs = (Verb.MINT, Verb.BURN, Verb.ASSIGN, Verb.UNMINT, Verb.RELEASE, Verb.HOLD, Verb.LOCK)
    now, part = chance.below(2**40), chance.bytes(32).hex() if chance.below(2) else ""
    return Act(
        verb=verbs[chance.below(len(verbs))],
        settlement=SettlementId(new_ulid(Instant(now), chance.bytes(10))),
        terms=Digest(chance.bytes(32).hex()),
        network=NetworkId(f"eip155:{1 + chance.below(2**32)}"),
        escrow=to_checksum_address(chance.bytes(20)),
        asset=to_checksum_address(chance.bytes(20)),
        part=part,
        units=Units(1 if part else 1 + chance.below(2**127)),
        party=to_checksum_address(chance.bytes(20)),
        counterpart=NetworkId("eip155:1"),
        evidence=Digest(chance.bytes(32).hex()),
        verdict=Digest(chance.bytes(32).hex()),
        epoch=chance.below(2**32),
        not_after=Instant(now),
        until=Instant(now),
    )


def _typed(act: Act, genesis: bytes) -> dict[str, Any]:
    """An act as the typed data that a wallet would be given."""
    from adapters.evm.codec import ticket_of  # noqa: PLC0415

    verb = act.verb.value.partition("_")[0].capitalize()
    names = [name for name, _ in typed.TICKET]
    ticket: dict[str, Any] = dict(zip(names, ticket_of(act).words(), strict=True))
    ticket["asset"], ticket["party"] = act.asset, act.party
    words = {
        "evidence": bytes.fromhex(act.evidence),
        "verdict": bytes.fromhex(act.verdict),
        "epoch": act.epoch,
        "notAfter": act.not_after // 1_000,
        "until": act.until // 1_000,
    }
    kinds = {"EIP712Domain": typed.DOMAIN, "Ticket": typed.TICKET, verb: typed.VERBS[verb]}
    return {
        "types": {
            name: [{"name": field, "type": kind} for field, kind in fields]
            for name, fields in kinds.items()
        },
        "primaryType": verb,
        "domain": {
            "name": typed.ESCROW_NAME,
            "version": typed.VERSION,
            "chainId": int(act.network.partition(":")[2]),
            "verifyingContract": act.escrow,
            "salt": genesis,
        },
        "message": {"ticket": ticket}
        | {name: words[name] for name, _ in typed.VERBS[verb] if name != "ticket"},
    }


def _oracle(message: Mapping[str, Any]) -> bytes:
    made = encode_typed_data(full_message=dict(message))
    return keccak(b"\x19" + made.version + made.header + made.body)


def figures(given: Given) -> Iterator[Figure]:
    """A block's receipts, one evidence, and what a notary signs."""
    if given.data is not None:
        yield from _receipts(given.data)
    yield from _evidence()
    yield from _digests()

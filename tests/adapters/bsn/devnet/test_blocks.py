"""A block proves itself: whoever hands it out, gateway and thief alike, cannot make it say more."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.bsn.adapter import network_pinned
from adapters.bsn.devnet.blocks import ENDORSERS, ORDERER
from adapters.bsn.devnet.macs import SECP256R1, Secret
from adapters.bsn.fabric_blocks import header_der
from adapters.bsn.fabric_wire import blob, blobs, decode, encode, part
from adapters.bsn.pcn_blocks import Block, BlockRefused, Pins, read_block
from adapters.bsn.pcn_evidence import REMEMBERED, Trusted, point_of, trusted_by, verify
from adapters.bsn.signing import MacVerifier
from bridge.core.effects import LockAsset
from bridge.core.events import AssetLocked, LockReleased
from bridge.core.ids import NetworkId
from bridge.ports import Unproved
from tests.adapters.bsn.devnet.grounds import Here, spki


async def locked(here: Here) -> tuple[bytes, Trusted]:
    """The last block, which holds a lock, and what the settings pin."""
    bench = here.bench()
    await bench.carry_out(LockAsset, await bench.new_order())
    return here.ledger.blocks[-1].raw, trusted_by(here.settings().pinned)


async def test_no_changed_byte_makes_a_block_tell_something_else(tmp_path: Path) -> None:
    raw, trusted = await locked(Here(folder=tmp_path))
    whole = read_block(raw, trusted.pins)
    assert [one.name for one in whole.told] == ["settlement.locked"]
    refused = 0
    for place in range(0, len(raw), 3):
        forged = bytearray(raw)
        forged[place] ^= 1 << place % 8
        try:
            told = read_block(bytes(forged), trusted.pins)
        except BlockRefused:
            refused += 1
            continue
        assert set(told.told) <= set(whole.told), place
        assert told.hash == whole.hash
    assert refused > len(raw) // 6


def pins_of(trusted: Trusted, **changes: Any) -> Pins:
    return replace(trusted.pins, **changes)


async def test_only_pinned_keys_count(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    raw, trusted = await locked(here)
    other = here.settings(orderer_keys=[spki(Secret(SECP256R1, "thief").public())])
    with pytest.raises(BlockRefused, match="orderer"):
        read_block(raw, trusted_by(other.pinned).pins)
    with pytest.raises(BlockRefused, match="channel"):
        read_block(raw, pins_of(trusted, channel="elsewhere"))
    assert read_block(raw, pins_of(trusted, chaincode="another")).told == ()
    one = [{"msp": ENDORSERS[0].msp, "key": spki(ENDORSERS[0].secret.public())}]
    alone = trusted_by(here.settings(endorsers=one, endorsements=1).pinned).pins
    assert read_block(raw, alone).told
    with pytest.raises(BlockRefused, match="1 of 2"):
        read_block(raw, replace(alone, endorsements=2))


def rebuilt(raw: bytes, envelopes: list[bytes], flags: bytes) -> bytes:
    """A block of other transactions that a thief with the orderer's key would have made."""
    header = part(decode("common.Block", raw), "header")
    number, previous = int(str(header["number"])), blob(header, "previous_hash")
    from hashlib import sha256

    data_hash = sha256(b"".join(envelopes)).digest()
    signed = encode("common.SignatureHeader", {"creator": ORDERER.identity, "nonce": b"n" * 24})
    value = b"v"
    over = value + signed + header_der(number, previous, data_hash)
    signature = {"signature_header": signed, "signature": ORDERER.secret.sign(over)}
    written = encode("common.Metadata", {"value": value, "signatures": [signature]})
    return encode(
        "common.Block",
        {
            "header": {"number": number, "previous_hash": previous, "data_hash": data_hash},
            "data": {"data": envelopes},
            "metadata": {"metadata": [written, b"", flags, b"", b""]},
        },
    )


async def test_endorsements_bind_what_a_transaction_says(tmp_path: Path) -> None:
    raw, trusted = await locked(Here(folder=tmp_path))
    (envelope,) = blobs(part(decode("common.Block", raw), "data"), "data")
    assert read_block(rebuilt(raw, [envelope], b"\0"), trusted.pins).told
    assert read_block(rebuilt(raw, [envelope], b"\x0b"), trusted.pins).told == ()
    with pytest.raises(BlockRefused, match="flags"):
        read_block(rebuilt(raw, [envelope], b""), trusted.pins)
    for old, new in (
        (b"settlement.locked", b"settlement.burned"),
        (b'"units":"5"', b'"units":"6"'),
    ):
        assert old in envelope
        with pytest.raises(BlockRefused):
            read_block(rebuilt(raw, [envelope.replace(old, new)], b"\0"), trusted.pins)
    with pytest.raises(BlockRefused, match="form"):
        read_block(rebuilt(raw, [envelope[:-70]], b"\0"), trusted.pins)


def beside(envelope: bytes, identity: bytes) -> bytes:
    """A transaction that one more has endorsed."""
    outer: Any = decode("common.Envelope", envelope)
    payload: Any = decode("common.Payload", outer["payload"])
    transaction: Any = decode("protos.Transaction", payload["data"])
    acted: Any = decode("protos.ChaincodeActionPayload", transaction["actions"][0]["payload"])
    acted["action"]["endorsements"].append({"endorser": identity, "signature": b"theirs"})
    transaction["actions"][0]["payload"] = encode("protos.ChaincodeActionPayload", acted)
    payload["data"] = encode("protos.Transaction", transaction)
    outer["payload"] = encode("common.Payload", payload)
    return encode("common.Envelope", outer)


@pytest.mark.parametrize(
    "pem", ["", "\udcff", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"]
)
async def test_an_endorser_whom_nobody_can_pin_does_not_stop_a_reader(
    pem: str, tmp_path: Path
) -> None:
    """Another organisation's peer may have a key of a kind that this wire does not know."""
    raw, trusted = await locked(Here(folder=tmp_path))
    (envelope,) = blobs(part(decode("common.Block", raw), "data"), "data")
    identity = encode(
        "msp.SerializedIdentity",
        {"mspid": "Org3MSP", "id_bytes": pem.encode("utf-8", "surrogateescape")},
    )
    block = rebuilt(raw, [beside(envelope, identity)], b"\0")
    assert [one.name for one in read_block(block, trusted.pins).told] == ["settlement.locked"]


async def test_evidence_is_the_gateways_word_and_the_chains(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    bench = here.bench()
    order = await bench.new_order()
    await bench.carry_out(LockAsset, order)
    (seen,) = await bench.observed()
    assert seen.tx is not None
    assert re.fullmatch("[0-9a-f]{64}", seen.tx)
    pinned = network_pinned(here.settings())
    (fact,) = verify(seen.evidence, pinned)
    assert isinstance(fact, AssetLocked)
    assert fact.settlement == order.id
    document = json.loads(seen.evidence)
    for change in ({"mac": document["mac"][:-8] + "AAAAAAA="}, {"header": {"code": 0, "msg": "x"}}):
        with pytest.raises(Unproved):
            verify(json.dumps({**document, **change}).encode(), pinned)
    number = document["body"]["blockNumber"] + 1
    body = {**document["body"], "blockNumber": number}
    text = f"0success{body['blockHash']}{number}{body['preBlockHash']}{body['blockData']}"
    lied = {**document, "body": body, "mac": here.app.secret.mac(text)}
    with pytest.raises(Unproved, match="number or hash"):
        verify(json.dumps(lied).encode(), pinned)
    for wrong in (b"", b"{}", b"null", b"\xff", seen.evidence[:-1]):
        with pytest.raises(Unproved):
            verify(wrong, pinned)
    for bad in ("text", {"network": "x"}, {**dict(pinned), "gateway_key": "AAAA"}):  # type: ignore[arg-type]
        with pytest.raises(Unproved):
            verify(seen.evidence, bad)
    assert LockReleased.__name__ not in str(fact)


async def test_what_was_proved_once_excuses_no_other_bytes_and_no_other_pins(
    tmp_path: Path,
) -> None:
    here = Here(folder=tmp_path)
    bench = here.bench()
    await bench.carry_out(LockAsset, await bench.new_order())
    (seen,) = await bench.observed()
    pinned = network_pinned(here.settings())
    thief = spki(Secret(SECP256R1, "thief").public())
    document = json.loads(seen.evidence)
    spaced = json.dumps(document, indent=1).encode()  # the same words in other bytes
    document["body"]["blockHash"] = "0" * 64
    forged = json.dumps(document).encode()
    for _ in range(2):  # the second time from memory, which keeps no refusal either
        assert [type(fact) for fact in verify(seen.evidence, pinned)] == [AssetLocked]
        assert verify(spaced, pinned) == verify(seen.evidence, pinned)
        for change in ({"orderers": [thief]}, {"gateway_key": thief}, {"endorsements": "3"}):
            with pytest.raises(Unproved):
                verify(seen.evidence, {**dict(pinned), **change})  # type: ignore[arg-type]
        with pytest.raises(Unproved):
            verify(forged, pinned)


def test_the_oldest_proof_is_forgotten_when_there_are_too_many() -> None:
    gateway = MacVerifier(point_of(spki(ORDERER.secret.public())))
    pins = Pins("c", "e", frozenset(), {}, 1)
    trusted = Trusted(NetworkId("fabric:" + "0" * 32), gateway, pins)
    for number in range(REMEMBERED + 1):
        trusted.remember(b"%d" % number, ())
    assert trusted.proved(b"0") is None
    trusted.remember(b"%d" % REMEMBERED, ())  # known: it takes nobody's place
    assert trusted.proved(b"1") == trusted.proved(b"%d" % REMEMBERED) == ()
    assert trusted.proved(b"another") is None


def test_the_hash_rule_is_fabrics(data_dir: Path) -> None:
    vectors = json.loads((data_dir / "bsn" / "fabric-derived.json").read_text("utf-8"))
    headers = vectors["block_header"]["headers"]
    assert headers
    for case in headers:
        hashes = (bytes.fromhex(case["previous_hash"]), bytes.fromhex(case["data_hash"]))
        assert header_der(case["number"], *hashes).hex() == case["asn1"]


def test_a_block_is_not_anything(tmp_path: Path) -> None:
    pins = Pins("c", "e", frozenset(), {}, 1)
    for raw in (b"", b"\x0a", b"\x0b\x01", base64.b64decode("CgQIARIA"), b"\x08" + b"\xff" * 12):
        try:
            made = read_block(raw, pins)
        except BlockRefused:
            continue
        assert isinstance(made, Block)
        assert made.told == ()

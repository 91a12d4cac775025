"""Fabric's messages by their tables: bytes that are known, laws, and hostile input."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bsn.fabric_wire import BadMessage, decode, encode
from schemas.fabric.messages import MESSAGES, Field

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans().map(int),
    "bytes": st.binary(max_size=20),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "string": st.text(max_size=10),
    "map": st.dictionaries(st.text(max_size=5), st.binary(max_size=5), max_size=3),
}


def values(field: Field, depth: int) -> st.SearchStrategy[Any]:
    one = SCALARS.get(field.kind)
    if one is None:
        one = messages(field.message, depth + 1)
    if field.repeated:
        return st.lists(one, max_size=3)
    return st.one_of(st.none(), one) if field.kind == "message" and depth < 3 else one


def messages(name: str, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({one.name: values(one, depth) for one in MESSAGES[name]})


@given(st.sampled_from(sorted(MESSAGES)).flatmap(lambda n: st.tuples(st.just(n), messages(n))))
def test_what_is_written_is_read(pair: tuple[str, dict[str, Any]]) -> None:
    name, message = pair
    written = encode(name, message)
    assert decode(name, written) == message
    assert encode(name, decode(name, written)) == written


@given(st.sampled_from(sorted(MESSAGES)), st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(name: str, data: bytes) -> None:
    with suppress(BadMessage):
        decode(name, data)


KNOWN = {  # worked out by hand, field by field
    "080310ffffffffffffffffff01": ("common.ChannelHeader", {"type": 3, "version": -1}),
    "0a054d73702d31120178": ("msp.SerializedIdentity", {"mspid": "Msp-1", "id_bytes": b"x"}),
    "1200": ("orderer.SeekPosition", {"oldest": {}}),
    "0a011212060a016112016f12060a0162120170": (
        "protos.ChaincodeProposalPayload",
        {"input": b"\x12", "TransientMap": {"b": b"p", "a": b"o"}},
    ),
}


@pytest.mark.parametrize(("written", "said"), KNOWN.items())
def test_bytes_that_are_known(written: str, said: tuple[str, dict[str, Any]]) -> None:
    name, message = said
    assert encode(name, message).hex() == written
    read = decode(name, bytes.fromhex(written))
    assert {key: read[key] for key in message} == message


HOSTILE = {
    "cut off": "0a05aa",
    "a group": "0b",
    "field zero": "0200",
    "a number without end": "08ffffffffffffffffffff01",
    "a number of 65 bits": "08ffffffffffffffffff02",
    "type that does not fit": "0a0101",
    "stands twice": "08010802",
    "does not fit 32 bits": "0880808080808001",
    "text that is none": "2201ff",
}


@pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_channel_header_is_refused(written: str) -> None:
    with pytest.raises(BadMessage):
        decode("common.ChannelHeader", bytes.fromhex(written))


def test_what_a_newer_peer_adds_is_passed_over() -> None:
    added = "a20603616263" + "a906" + "00" * 8 + "ad06" + "00" * 4
    read = decode("common.SignatureHeader", bytes.fromhex("0a0161" + added))
    assert read == {"creator": b"a", "nonce": b""}

"""Bytes of an answer are taken in one form alone, however they are looked at."""

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.calls import decoded, encoded

KINDS: tuple[str, ...] = (
    "uint8",
    "uint64",
    "uint128",
    "uint256",
    "int8",
    "int256",
    "bool",
    "address",
)
KINDS += ("bytes1", "bytes4", "bytes32")
WORDS = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=8).map(lambda raw: raw.rjust(32, b"\0")),
    st.binary(max_size=8).map(lambda raw: raw.ljust(32, b"\0")),
    st.binary(max_size=20).map(lambda raw: raw.rjust(32, b"\xff")),
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), WORDS), min_size=1, max_size=4))
def test_words_are_taken_just_where_they_are_written_so(told: list[tuple[str, bytes]]) -> None:
    """A word is not written again to be compared: the decoder alone is as strict."""
    kinds, data = [kind for kind, _ in told], b"".join(word for _, word in told)
    try:
        again = encode(kinds, decode(kinds, data)) == data
    except DecodingError:
        again = False
    if again:
        assert decoded(kinds, data) == decode(kinds, data)
    else:
        with pytest.raises(ValueError, match="not "):
            decoded(kinds, data)


def test_what_is_longer_than_its_words_is_written_again() -> None:
    word = (7).to_bytes(32, "big")
    assert decoded(["uint256"], word) == (7,)
    for data in (word + bytes(32), word[:31], b""):
        with pytest.raises(ValueError, match="not "):
            decoded(["uint256"], data)
    tail = encode(["bytes"], [b"abc"])
    assert decoded(["bytes"], tail) == (b"abc",)
    with pytest.raises(ValueError, match="more than one way"):
        decoded(["bytes"], tail + bytes(32))


ADDRESS = "0xb7cc612d5ec0b6d42b8bd3f2a7d8b6a1e7b9f0c4"
VALUES = st.one_of(
    st.sampled_from([0, 1, 255, 256, 2**64, 2**128 - 1, 2**256 - 1, 2**256, -1, -128, True, False]),
    st.sampled_from([ADDRESS, ADDRESS.upper(), f"0x{ADDRESS[2:].upper()}", ADDRESS[:-1], "0x", ""]),
    st.sampled_from([f"{ADDRESS}\n", ADDRESS[2:], f"0x{ADDRESS[2:-1]}G", f"0x{ADDRESS[2:-1]}C"]),
    st.sampled_from(
        [b"", b"\1", b"abcd", bytes(20), b"\xff" * 20, bytes(21), b"\2" * 32, bytes(33)]
    ),
)


@given(st.lists(st.tuples(st.sampled_from((*KINDS, "bytes", "string")), VALUES), max_size=3))
def test_arguments_are_written_just_as_another_library_writes_them(
    given_: list[tuple[str, int | str | bytes]],
) -> None:
    kinds, values = [kind for kind, _ in given_], [value for _, value in given_]
    try:
        wanted = encode(kinds, values)
    except EncodingError:
        with pytest.raises(EncodingError):
            encoded(kinds, *values)
    else:
        assert encoded(kinds, *values) == wanted

"""Bytes of an answer are taken in one form alone, however they are looked at."""

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.tools._strategies import get_abi_strategy
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.evm.abi import kind_of
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
    with pytest.raises(ValueError, match="128 bytes, not 96"):
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
@example([("address", ADDRESS.upper())])
@example([("address", ADDRESS[2:])])
@example([("address", f"0x{ADDRESS[2:-1]}C")])
def test_arguments_are_written_just_as_another_library_writes_them(
    given_: list[tuple[str, int | str | bytes]],
) -> None:
    kinds, values = [kind for kind, _ in given_], [value for _, value in given_]
    try:
        wanted = encode(kinds, values)
    except EncodingError:
        with pytest.raises(ValueError, match="no "):
            encoded(kinds, *values)
    else:
        assert encoded(kinds, *values) == wanted


PLAIN = st.sampled_from(KINDS)
NESTED = st.recursive(
    st.one_of(PLAIN, st.sampled_from(["bytes", "string"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["[]", "[1]", "[3]"])).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({','.join(parts)})"),
    ),
    max_leaves=6,
)


@st.composite
def typed(draw: st.DrawFn) -> tuple[list[str], tuple[Any, ...]]:
    """Types of any nesting, and words of them."""
    kinds = draw(st.lists(NESTED, max_size=3))
    return kinds, tuple(draw(get_abi_strategy(kind)) for kind in kinds)


@given(typed())
def test_words_of_any_nesting_are_written_as_another_library_writes_them_and_read_back(
    given_: tuple[list[str], tuple[Any, ...]],
) -> None:
    kinds, values = given_
    data = encode(kinds, values)
    assert encoded(kinds, *values) == data
    assert decoded(kinds, data) == decode(kinds, data)


@given(typed(), st.data())
def test_what_is_taken_is_what_would_be_written(
    given_: tuple[list[str], tuple[Any, ...]], more: st.DataObject
) -> None:
    """A bit turned, a word cut out, or one more: taken in one form, or refused by its error."""
    kinds, values = given_
    data = bytearray(encode(kinds, values))
    if data:
        data[more.draw(st.integers(0, len(data) - 1))] ^= 1 << more.draw(st.integers(0, 7))
    at = 32 * more.draw(st.integers(0, len(data) // 32))
    changed = bytes(data[: at + more.draw(st.sampled_from([0, 32, 1 << 20]))] + data[at:])
    for told in (bytes(data), changed, changed[: len(data)]):
        try:
            words = decoded(kinds, told)
        except ValueError:
            continue
        assert encoded(kinds, *words) == told


@pytest.mark.parametrize("name", ["", "uint", "()", "uint8[", "(uint8", "uint8,", "fixed128x18"])
def test_what_is_no_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no type of a contract"):
        kind_of(name)


def test_a_list_that_says_it_is_endless_costs_nothing() -> None:
    endless = (32).to_bytes(32, "big") + b"\xff" * 32
    for kind in ("uint256[]", "bytes[]", "(bytes,uint8)[][]", "bytes", "string"):
        with pytest.raises(ValueError, match="cut short"):
            decoded([kind], endless)

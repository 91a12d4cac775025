"""Our reader of RLP takes what another library takes, and no byte from a stranger exhausts it."""

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st
from rlp.exceptions import DecodingError

from adapters.evm.blocks import parsed_header, parsed_receipt
from adapters.evm.strict_rlp import DEEPEST, Item, NotRlp, decoded, encoded, minimal
from adapters.evm.tries import BadProof

ITEMS = st.recursive(
    st.one_of(st.binary(max_size=70), st.binary(min_size=250, max_size=300)),
    lambda below: st.lists(below, max_size=20),
    max_leaves=30,
)
HEADS = st.sampled_from([0, 1, 0x7F, 0x80, 0x81, 0xB7, 0xB8, 0xB9, 0xBF, 0xC0, 0xC1, 0xF7, 0xF8])


def _oracle(raw: bytes) -> "Item | None":
    try:
        told: Item = rlp.decode(raw, strict=True)
    except DecodingError:
        return None
    return told


def _same(raw: bytes) -> None:
    told = _oracle(raw)
    if told is None:
        with pytest.raises(NotRlp):
            decoded(raw)
    else:
        assert decoded(raw) == told
        assert rlp.encode(told, infer_serializer=False) == raw


@given(ITEMS)
def test_what_was_written_is_read(item: Item) -> None:
    raw = rlp.encode(item, infer_serializer=False)
    assert decoded(raw) == item


@given(ITEMS)
def test_an_item_is_written_as_another_library_writes_it(item: Item) -> None:
    assert encoded(item) == rlp.encode(item, infer_serializer=False)


@given(st.one_of(st.integers(0, 300), st.integers(0, 1 << 256)))
def test_a_number_is_written_as_another_library_writes_it(number: int) -> None:
    assert encoded(minimal(number)) == rlp.encode(number)


@given(st.lists(st.one_of(HEADS, st.integers(0, 255)), max_size=80).map(bytes))
def test_bytes_of_chance_are_taken_just_where_another_library_takes_them(raw: bytes) -> None:
    _same(raw)


@given(ITEMS, st.data())
def test_a_changed_written_item_is_taken_just_where_another_library_takes_it(
    item: Item, data: st.DataObject
) -> None:
    raw = bytearray(rlp.encode(item, infer_serializer=False))
    raw[data.draw(st.integers(0, min(len(raw) - 1, 8)))] = data.draw(st.one_of(HEADS))
    _same(bytes(raw))
    _same(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x80\x80",  # two items
        b"\x81\x7f",  # a byte that stands for itself
        b"\x81",
        b"\xb8\x37" + bytes(55),  # a length that has a shorter form
        b"\xb9\x00\x38" + bytes(56),  # a length with a zero in front
        b"\xb8",
        b"\xb8\x38" + bytes(55),
        b"\xbf" + b"\xff" * 8,  # more than there is in the world
        b"\xff" + b"\xff" * 8,
        b"\xf8\x37" + b"\x01" * 55,
        b"\xc1\x81",  # a member beyond its list
        b"\xc1\x81\x80",
        b"\xc3\xc1\x81\x80",  # beyond the inner list, within the outer one
        b"\xc2\xb8\x38" + bytes(56),
    ],
)
def test_another_form_of_an_item_is_refused(raw: bytes) -> None:
    assert _oracle(raw) is None
    with pytest.raises(NotRlp):
        decoded(raw)


def _nested(count: int) -> bytes:
    raw = b"\xc0"
    for _ in range(count - 1):
        size = len(raw).to_bytes((len(raw).bit_length() + 7) // 8, "big")
        head = bytes([0xC0 + len(raw)]) if len(raw) < 56 else bytes([0xF7 + len(size)]) + size
        raw = head + raw
    return raw


def test_lists_in_lists_end_in_a_refusal_and_not_in_the_stack() -> None:
    assert decoded(_nested(DEEPEST)) == _oracle(_nested(DEEPEST))
    for count in (DEEPEST + 1, 5_000):
        with pytest.raises(NotRlp, match="deeper"):
            decoded(_nested(count))
    with pytest.raises(BadProof, match="deeper"):
        parsed_header(_nested(5_000))
    with pytest.raises(BadProof, match="deeper"):
        parsed_receipt(_nested(5_000))

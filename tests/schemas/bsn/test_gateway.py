"""The field table is the published one, end point by end point."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.bsn.gateway import ENDPOINTS, PUSHES
from schemas.bsn.shapes import Field, Kind, fields


def plain(shape: tuple[Field, ...]) -> list[Any]:
    nested = (Kind.OBJECT, Kind.LIST)
    return [
        [f.name, {f.kind.value: plain(f.inside)} if f.kind in nested else f.kind.value]
        for f in shape
    ]


def test_every_end_point_and_push_is_as_published(data_dir: Path) -> None:
    table = json.loads((data_dir / "bsn" / "gateway-field-orders.json").read_text("utf-8"))
    assert list(table["endpoints"]) == list(ENDPOINTS)
    for path, published in table["endpoints"].items():
        ours = ENDPOINTS[path]
        assert plain(ours.request) == published["request"], path
        assert plain(ours.response) == published["response"], path
        assert ours.request_signed == published.get("request_signed", True), path
    assert {chain: push["fields"] for chain, push in table["push"].items()} == {
        chain: plain(shape) for chain, shape in PUSHES.items()
    }


@pytest.mark.parametrize("line", ["a(b", "a)", "a(b]", "a b)", "a!"])
def test_a_line_outside_the_notation_is_no_shape(line: str) -> None:
    with pytest.raises(ValueError, match="shape"):
        fields(line)

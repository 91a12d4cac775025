"""The tables of Fabric's messages, against the published ones."""

import json
from pathlib import Path

from schemas.fabric.messages import ENUMS, MESSAGES, METHODS, SCALARS, Field

OURS_TOO = {  # without fields, qscc's answer, and the carriers of an error
    "orderer.SeekNewest",
    "orderer.SeekOldest",
    "orderer.SeekNextCommit",
    "common.BlockchainInfo",
    "google.protobuf.Any",
    "google.rpc.Status",
}


def said(field: Field, published: str) -> str:
    """A field's type as the data folder writes it."""
    if published.startswith("enum "):
        return "enum " + published.removeprefix("enum ") if field.kind == "int32" else field.kind
    kind = {"message": field.message, "map": "map<string,bytes>"}.get(field.kind, field.kind)
    return f"repeated {kind}" if field.repeated else kind


def test_every_message_is_as_published(data_dir: Path) -> None:
    published = json.loads((data_dir / "bsn" / "fabric-wire.json").read_text("utf-8"))
    assert set(MESSAGES) == set(published["messages"]) | OURS_TOO
    for name, fields in published["messages"].items():
        ours = [
            [field.number, field.name, said(field, kind)]
            for field, (_, _, kind) in zip(MESSAGES[name], fields, strict=True)
        ]
        assert ours == fields, name
    assert published["enums"] == ENUMS
    assert {name: list(pair) for name, pair in METHODS.items()} == published["grpc"]


def test_a_table_is_whole() -> None:
    for name, fields in MESSAGES.items():
        numbers = [field.number for field in fields]
        assert numbers == sorted(set(numbers)), name
        for field in fields:
            assert field.kind in SCALARS | {"map", "message"}, name
            assert (field.kind == "message") == (field.message in MESSAGES), f"{name}.{field.name}"

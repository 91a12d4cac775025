"""How it was before a batch: what start-up needs to make the last batches again and compare."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

Place: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The edge of the tree and every changed row as they were; None where there was no row."""

    edge: tuple[bytes, ...]
    time: int
    rows: Mapping[Place, bytes | None]


def undo_bytes(
    edge: Iterable[bytes], time: int, rows: Iterable[tuple[Place, bytes | None]]
) -> bytes:
    """Return the bytes a store keeps."""
    body = {
        "edge": [node.hex() for node in edge],
        "time": time,
        "rows": [
            [kind, key, None if data is None else data.decode()] for (kind, key), data in rows
        ],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def undo_of(data: bytes) -> Undo:
    """Return what the bytes say.

    Errors: ValueError for bytes that are none.
    """
    try:
        body = json.loads(data)
        rows = cast("list[tuple[str, str, str | None]]", body["rows"])
        return Undo(
            edge=tuple(bytes.fromhex(node) for node in body["edge"]),
            time=int(body["time"]),
            rows={(k, key): None if text is None else text.encode() for k, key, text in rows},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an undo: {error}") from error

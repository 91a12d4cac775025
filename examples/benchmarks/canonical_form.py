"""The canonical form of an entry's body: what strictness costs over plain JSON."""

import json
from collections.abc import Iterator

from bridge.core.canonical import Value, canonical, parse
from examples.benchmarks.figure import Figure, Given, side_by_side

BODY: dict[str, Value] = {
    "settlement": "01JD8Q5X0000000000000000AB",
    "stage": "locking",
    "legs": [
        {"network": "eip155:1", "asset": "0x" + "ab" * 20, "units": "1000000"},
        {"network": "memory:harbour", "asset": "bond-7", "units": "1000000"},
    ],
    "parties": {"from": "529900T8BM49AURSDO55", "to": "5493001KJTIIGC8Y1R12"},
    "conditions": ["bill of lading", "invoice", "certificate of origin"],
    "frozen": False,
}
TIMES = 5_000


def figures(_given: Given) -> Iterator[Figure]:
    """Bodies written, and read back, a second of CPU; ours also checks that the form is unique."""
    data = canonical(BODY)
    written, plainly_written = side_by_side(
        lambda: [canonical(BODY) for _ in range(TIMES)],
        lambda: [json.dumps(BODY, sort_keys=True).encode() for _ in range(TIMES)],
        work=TIMES,
    )
    baseline = "json of the standard library, no checks, same body in the same run"
    yield Figure(
        name="canonical_form.written",
        ours=written,
        theirs=plainly_written,
        baseline=baseline,
        unit="bodies/s CPU",
    )
    read, plainly_read = side_by_side(
        lambda: [parse(data) for _ in range(TIMES)],
        lambda: [json.loads(data) for _ in range(TIMES)],
        work=TIMES,
    )
    yield Figure(
        name="canonical_form.read",
        ours=read,
        theirs=plainly_read,
        baseline=baseline,
        unit="bodies/s CPU",
    )

"""The golden file of the escrow: a port to another language is held to it, and so are we."""

import json

import pytest

from adapters.bsn.chaincode.call import Call, Caller
from adapters.bsn.chaincode.escrow import VERBS, VERSION, invoke, reads
from bridge.core.ids import Instant
from tests.adapters.bsn.fabric.golden import FILE, file_text

GOLDEN = json.loads(FILE.read_text("utf-8"))


def test_the_file_is_what_the_board_plays() -> None:
    assert FILE.read_text("utf-8") == file_text(), "python -m tests.adapters.bsn.fabric.golden"


def test_every_verb_is_in_it_done_and_refused() -> None:
    seen = {
        (case["call"]["args"][0], case["response"]["status"] == 200) for case in GOLDEN["cases"]
    }
    done = {verb for verb, well in seen if well}
    refused = {verb for verb, well in seen if not well}
    assert done == set(VERBS)
    assert set(VERBS) - refused <= {"enrol", "entrust", "read"}
    assert GOLDEN["version"] == VERSION


@pytest.mark.parametrize("number", range(len(GOLDEN["cases"])))
def test_a_case_comes_to_what_it_says(number: int) -> None:
    case = GOLDEN["cases"][number]
    said = case["call"]
    call = Call(
        channel=said["channel"],
        chaincode=said["chaincode"],
        tx=said["tx"],
        caller=Caller(**said["caller"]),
        verb=said["args"][0],
        argument=said["args"][1].encode(),
        time=Instant(int(said["time_ms"])),
        clock=Instant(int(said["clock_ms"])),
        admits=said["admits"],
    )
    assert list(reads(call)) == case["reads"]
    outcome = invoke(call, {key: text.encode() for key, text in case["state"].items()})
    response = outcome.response
    assert {
        "status": response.status,
        "message": response.message,
        "payload": response.payload.decode(),
    } == case["response"]
    writes = [[key, None if raw is None else raw.decode()] for key, raw in outcome.writes]
    assert writes == case["writes"]
    event = outcome.event
    told = None if event is None else [event.name, event.payload.decode()]
    assert told == case["event"]

"""The golden file of the escrow: what any port of it has to reproduce, to the byte.

    python -m tests.adapters.bsn.fabric.golden    write it anew, when the escrow was meant to change

Each case is a call, the records it reads, and what it comes to. Keys and times are made up, but
always the same, and every signature is deterministic.
"""

import json
from pathlib import Path

from adapters.bsn import der
from adapters.bsn.chaincode.call import Call, Outcome
from adapters.bsn.chaincode.escrow import VERSION, reads
from bridge.core.act import Signature
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.core.ids import Instant
from bridge.core.money import Units
from tests.adapters.bsn.fabric.board import (
    ALICE,
    BOB,
    CAROL,
    DAY,
    DEBTOR,
    NOTARIES,
    OPERATOR,
    ORDER,
    START,
    STRANGER,
    Board,
    act,
    forms,
    hashed,
    notarised,
    notary_keys,
    settlement,
)

FILE = Path(__file__).with_name("golden") / "escrow.json"
ABOUT = (
    "One call a case: args are the verb and the argument; `state` holds the records it reads, by"
    " key, as text; `writes` are in order, null deletes. `tx`, `time_ms` (of the proposal) and"
    " `caller` come from the proposal, `clock_ms` and `admits` from the endorser. A case whose"
    " status is not 200 writes nothing and tells no event."
)


def written(call: Call, before: dict[str, bytes], outcome: Outcome) -> dict[str, object]:
    """One case, in JSON."""
    event = outcome.event
    return {
        "call": {
            "channel": call.channel,
            "chaincode": call.chaincode,
            "tx": call.tx,
            "caller": {"msp": call.caller.msp, "kind": call.caller.kind, "key": call.caller.key},
            "args": [call.verb, call.argument.decode()],
            "time_ms": str(call.time),
            "clock_ms": str(call.clock),
            "admits": call.admits,
        },
        "reads": list(reads(call)),
        "state": {key: value.decode() for key, value in before.items()},
        "response": {
            "status": outcome.response.status,
            "message": outcome.response.message,
            "payload": outcome.response.payload.decode(),
        },
        "writes": [[key, None if raw is None else raw.decode()] for key, raw in outcome.writes],
        "event": None if event is None else [event.name, event.payload.decode()],
    }


def played() -> Board:
    """A board on which every verb was asked for, well and badly."""
    board = Board()
    board.do(act(Verb.RELEASE, 1, "INV-1"))
    board.call("configure", {"number": "1"})
    board.configure(escape_after="1")
    board.configure(escrow="settle/other")
    board.opened()
    board.configure()
    board.configure(number="2", operators=sorted([OPERATOR.account, BOB.account]))
    _lots(board)
    _origin(board)
    _destination(board)
    _notaries(board)
    return board


def _lots(board: Board) -> None:
    for asset in ("INV-1", "INV-2", "INV-3"):
        board.issue(asset, caller=ALICE if asset == "INV-2" else DEBTOR)
    board.issue("INV-1")
    board.issue("INV-4", holder=STRANGER)
    board.issue("INV-5", holder=CAROL)
    board.issue("twin/INV-6")
    board.part("split", "INV-2", "", ALICE, into="a", units="40")
    board.part("split", "INV-2", "", ALICE, into="b", units="60")
    board.part("endorse", "INV-2", "a", ALICE, to=BOB.account)
    board.part("join", "INV-2", "a", BOB, into="")
    board.part("endorse", "INV-2", "a", BOB, to=ALICE.account)
    board.part("join", "INV-2", "a", ALICE, into="")
    board.call("endorse", board.log[-2][0].argument, BOB)
    last = str(board.record(f"account/{ALICE.account}")["last"])
    board.call("entrust", {"to": OPERATOR.account, "last": last}, ALICE)
    board.call("read", {"keys": ["configuration", "asset/INV-2", "asset/none"]}, STRANGER)


def _origin(board: Board) -> None:
    lock = act(Verb.LOCK, 1, "INV-1")
    word = ALICE.sign(lock.message())
    r, s = der.read_signature(word.signature)
    high = Signature(kind="p256", signer=word.signer, signature=der.write_signature(r, ORDER - s))
    board.do(lock, [high])
    board.do(lock, [BOB.sign(lock.message())])
    board.do(lock, caller=ALICE)
    board.do(act(Verb.BURN, 1, "INV-1"))
    for one in (lock, lock, act(Verb.LOCK, 2, "INV-1"), act(Verb.LOCK, 3, "INV-2", units=Units(9))):
        board.do(one)
    release = act(Verb.RELEASE, 1, "INV-1")
    board.do(release, notarised(release.message(), NOTARIES[:1]))
    board.do(release, notarised(release.message(), notary_keys("stranger 1", "stranger 2")))
    board.do(act(Verb.RELEASE, 1, "INV-1", escrow="settle/other"))
    board.do(act(Verb.RELEASE, 1, "INV-1", terms=hashed("other")))
    held = act(Verb.HOLD, 1, "INV-1", until=Instant(START + DAY))
    ended = act(Verb.HOLD, 1, "INV-1", until=Instant(0), evidence=hashed("end"))
    for one in (held, release, ended, held, release, release, lock):
        board.do(one)
    board.do(act(Verb.HOLD, 4, "INV-1", until=Instant(START + 181 * DAY)))
    fence = act(Verb.RELEASE, 5, "INV-1")
    for one in (fence, act(Verb.LOCK, 5, "INV-1"), act(Verb.BURN, 5, "INV-1")):
        board.do(one)
    custody = [Signature(kind="custody", signer="", signature=b"")]
    board.do(act(Verb.LOCK, 6, "INV-3"), custody)
    board.do(act(Verb.LOCK, 7, "INV-5", party=CAROL.account), [CAROL.sign(b"other")])
    board.do(act(Verb.LOCK, 7, "INV-5", party=CAROL.account))
    for one in (
        act(Verb.BURN, 6, "INV-3"),
        act(Verb.BURN, 6, "INV-3"),
        act(Verb.RELEASE, 6, "INV-3"),
    ):
        board.do(one)
    board.do(act(Verb.LOCK, 8, "INV-1", not_after=Instant(START - 1)))
    body: Value = {"act": fence.body(), "signatures": forms(notarised(fence.message()))}
    board.call("release", body, clock=START + 61_000)
    board.call("burn", body)


def _destination(board: Board) -> None:
    twin, home = "twin/INV-9", {"part": "h", "units": Units(30)}
    minted = act(Verb.MINT, 11, twin)
    for one in (
        act(Verb.ASSIGN, 11, twin),
        act(Verb.MINT, 11, twin, party=STRANGER.account),
        minted,
        minted,
        act(Verb.MINT, 12, twin),
        act(Verb.UNMINT, 11, twin),
        act(Verb.UNMINT, 13, twin),
        act(Verb.MINT, 13, twin),
        act(Verb.MINT, 14, twin),
        act(Verb.ASSIGN, 14, twin),
        act(Verb.ASSIGN, 14, twin),
        act(Verb.UNMINT, 14, twin),
        act(Verb.LOCK, 15, twin, party=BOB.account),
        act(Verb.BURN, 15, twin, party=BOB.account),
        act(Verb.MINT, 16, "INV-1"),
        act(Verb.MINT, 16, "INV-3", **home),
    ):
        board.do(one)
    board.part("split", "INV-3", "", STRANGER, into="h", units="30")
    board.part("split", "INV-3", "", OPERATOR, into="h", units="30")
    for verb in (Verb.MINT, Verb.UNMINT):
        board.do(act(verb, 17, "INV-3", **home))
    for verb in (Verb.MINT, Verb.ASSIGN):
        board.do(act(verb, 18, "INV-3", **home))


def _notaries(board: Board) -> None:
    following = notary_keys("notary 1", "notary 2", "notary 4")
    since = START + 3 * DAY
    board.rotate(2, following, signers=NOTARIES[:1])
    board.rotate(2, following, since=START + DAY)
    board.rotate(2, notary_keys("notary 1", "notary 5", "notary 6"))
    board.rotate(2, following, since=since)
    board.rotate(2, following, since=since)
    words: Value = {"settlement": settlement(7), "asset": "INV-5", "part": ""}
    board.call("escape", words, STRANGER)
    board.now = Instant(since)
    board.do(act(Verb.MINT, 21, "twin/INV-9", not_after=Instant(since)))
    board.do(act(Verb.RELEASE, 21, "INV-1"))
    board.now = Instant(since + DAY)
    board.do(act(Verb.RELEASE, 22, "INV-1"))
    board.now = Instant(START + 400 * DAY)
    board.call("escape", words, STRANGER)
    board.call("escape", words, STRANGER)


def file_text() -> str:
    """The golden file as it has to be."""
    cases = [written(*one) for one in played().log]
    body = {"about": ABOUT, "version": VERSION, "cases": cases}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(file_text(), encoding="utf-8")

"""Instruments, accounts and the quorum of the escrow chaincode: who may change what."""

import pytest

from adapters.bsn.chaincode.call import Caller
from bridge.core.canonical import Value, canonical, parse
from bridge.core.effects import Verb
from bridge.core.ids import Instant
from bridge.core.money import Units
from tests.adapters.bsn.fabric.board import (
    ALICE,
    BOB,
    CAROL,
    CONFIGURATION,
    DAY,
    DEBTOR,
    NOTARIES,
    OPERATOR,
    START,
    STRANGER,
    Board,
    Person,
    act,
    code,
    hashed,
    held_by,
    notarised,
    notary_keys,
)

LOCK, RELEASE, BURN, HOLD = Verb.LOCK, Verb.RELEASE, Verb.BURN, Verb.HOLD
MINT, UNMINT, ASSIGN = Verb.MINT, Verb.UNMINT, Verb.ASSIGN
HOME, TWIN = "INV-7", "twin/INV-9"


@pytest.fixture
def board() -> Board:
    made = Board().opened()
    assert made.issue(HOME).response.status == 200
    return made


def test_a_receivable_is_issued_by_its_debtors_word(board: Board) -> None:
    assert code(board.issue("INV-8", caller=ALICE)) == "issued"
    assert code(board.issue("INV-9", caller=BOB)) == "LQ403", "he is neither"
    assert code(board.issue("INV-8")) == "LQ409"
    paper = parse(board.log[-1][0].argument)
    assert isinstance(paper, dict)
    unsigned: Value = {"paper": {**paper["paper"], "asset": "INV-9"}, "signatures": []}
    assert code(board.call("issue", unsigned, ALICE)) == "LQ403"
    elsewhere = {**paper["paper"], "asset": "INV-9", "escrow": "settle/other"}
    assert code(board.call("issue", {"paper": elsewhere, "signatures": []}, DEBTOR)) == "LQ403"


def test_parts_never_sum_above_the_face(board: Board) -> None:
    assert code(board.part("split", HOME, "", ALICE, into="a", units="40")) == "split"
    assert (held_by(board, HOME)[0], held_by(board, HOME, "a")[0]) == ("60", "40")
    for units, into in (("60", "b"), ("61", "b"), ("10", "a")):
        assert code(board.part("split", HOME, "", ALICE, into=into, units=units)) == "LQ409"
    assert code(board.part("split", HOME, "", ALICE, into="b", units="0")) == "LQ400"
    assert code(board.part("split", HOME, "", ALICE, into="", units="1")) == "LQ400"
    assert code(board.part("join", HOME, "", ALICE, into="a")) == "joined"
    assert held_by(board, HOME) == ("", "", "")
    assert code(board.issue(HOME)) == "LQ409", "the lot is gone, the face is not"
    assert code(board.part("join", HOME, "a", ALICE, into="")) == "LQ409"


def test_a_lot_is_moved_by_its_holder_and_never_by_replay(board: Board) -> None:
    assert code(board.part("endorse", HOME, "", BOB, to=CAROL.account)) == "LQ403"
    assert code(board.part("endorse", HOME, "", ALICE, to=STRANGER.account)) == "LQ404"
    assert code(board.part("endorse", HOME, "", ALICE, to=BOB.account)) == "endorsed"
    again = board.log[-1][0]
    assert code(board.part("endorse", HOME, "", BOB, to=ALICE.account)) == "endorsed"
    assert code(board.call("endorse", again.argument, ALICE)) == "LQ409"
    assert held_by(board, HOME)[1] == ALICE.account


def test_a_locked_lot_stands_still(board: Board) -> None:
    board.do(act(LOCK, 1, HOME))
    assert code(board.part("split", HOME, "", ALICE, into="a", units="40")) == "LQ409"
    assert code(board.part("endorse", HOME, "", ALICE, to=BOB.account)) == "LQ409"
    board.do(act(RELEASE, 1, HOME))
    board.part("split", HOME, "", ALICE, into="a", units="40")
    board.do(act(LOCK, 2, HOME, part="a", units=Units(40)))
    assert code(board.part("join", HOME, "", ALICE, into="a")) == "LQ409"
    assert code(board.part("join", HOME, "a", ALICE, into="")) == "LQ409"


def test_parts_that_crossed_come_home_in_other_parts(board: Board) -> None:
    board.do(act(LOCK, 1, HOME))
    board.do(act(BURN, 1, HOME))
    home = {"part": "b", "units": Units(30)}
    assert code(board.do(act(MINT, 2, HOME, **home))) == "LQ409"
    assert code(board.part("split", HOME, "", ALICE, into="b", units="30")) == "LQ403"
    assert code(board.part("split", HOME, "", OPERATOR, into="b", units="30")) == "split"
    assert held_by(board, HOME, "b") == ("30", "vault", "")
    assert code(board.part("endorse", HOME, "b", OPERATOR, to=OPERATOR.account)) == "LQ403"
    assert code(board.do(act(MINT, 2, HOME, **home))) == "minted"
    assert code(board.do(act(ASSIGN, 2, HOME, **home))) == "assigned"
    assert held_by(board, HOME, "b") == ("30", BOB.account, "")


def test_only_an_admitted_configuration_comes_into_force() -> None:
    board = Board()
    body = canonical(CONFIGURATION)
    assert code(board.do(act(RELEASE, 1, HOME))) == "LQ503", "not configured"
    assert code(board.call("configure", body)) == "LQ403"
    assert code(board.call("configure", body, admits=hashed("another"))) == "LQ403"
    assert code(board.configure(escrow="settle/other")) == "LQ403"
    assert code(board.configure(number="2")) == "LQ409"
    assert code(board.configure(threshold="1")) == "LQ400"
    assert code(board.configure(escape_after=str(30 * DAY - 1))) == "LQ400"
    assert code(board.configure(operators=[OPERATOR.account, OPERATOR.account])) == "LQ400"
    assert code(board.configure()) == "configured"
    assert code(board.configure()) == "ok"
    more = sorted([OPERATOR.account, BOB.account])
    for wrong in (
        {"network": "fabric:other"},
        {"escape_after": str(40 * DAY)},
        {"threshold": "3"},
        {"number": "3"},
    ):
        assert code(board.configure(**{"number": "2", "operators": more, **wrong})) == "LQ409"
    assert code(board.configure(number="2", operators=more)) == "configured"
    assert board.record("configuration")["operators"] == more


NEXT = notary_keys("notary 1", "notary 2", "notary 4")


def test_notaries_change_by_their_own_word_two_days_ahead(board: Board) -> None:
    assert code(board.rotate(2, NEXT, signers=NOTARIES[:1])) == "LQ403"
    assert code(board.rotate(2, NEXT, signers=notary_keys("notary 1", "notary 4"))) == "LQ403"
    assert code(board.rotate(2, NEXT, since=board.now + 2 * DAY - 1)) == "LQ409"
    assert code(board.rotate(2, notary_keys("notary 1", "notary 5", "notary 6"))) == "LQ409"
    assert code(board.rotate(3, NEXT)) == "LQ403"
    assert code(board.rotate(1, NEXT)) == "LQ400"
    since = board.now + 3 * DAY
    assert code(board.rotate(2, NEXT, since=since)) == "rotated"
    assert code(board.rotate(2, NEXT, since=since)) == "ok"
    assert code(board.rotate(2, NOTARIES)) == "LQ409"
    assert code(board.rotate(3, NOTARIES, signers=NEXT[:2])) == "LQ503", "not yet in force"
    early = act(RELEASE, 1, HOME, epoch=2)
    assert code(board.do(early, notarised(early.message(), NEXT[:2]))) == "LQ503"
    assert code(board.do(act(RELEASE, 2, HOME))) == "released"


def test_a_closed_epoch_makes_nothing_and_ends_a_day_later(board: Board) -> None:
    since = board.now + 3 * DAY
    board.rotate(2, NEXT, since=since)
    board.now = Instant(since)
    far = {"not_after": Instant(START + 30 * DAY)}
    assert code(board.do(act(MINT, 1, TWIN, **far))) == "LQ403"
    new = act(MINT, 1, TWIN, epoch=2, **far)
    assert code(board.do(new, notarised(new.message(), NEXT[:2]))) == "minted"
    board.now = Instant(since + DAY - 1)
    assert code(board.do(act(RELEASE, 1, HOME))) == "released"
    board.now = Instant(since + DAY)
    assert code(board.do(act(RELEASE, 2, HOME))) == "LQ403"
    assert code(board.do(act(RELEASE, 2, HOME, epoch=9))) == "LQ403"
    assert code(board.do(act(RELEASE, 1, HOME))) == "ok", "what landed has landed"


def test_an_account_is_a_key_the_escrow_can_verify_with(board: Board) -> None:
    assert code(board.call("enrol", {}, ALICE)) == "ok"
    odd = Person("odd", "Org3MSP")
    assert code(board.call("enrol", {}, odd)) == "enrolled"
    assert board.record(f"account/{odd.account}")["key"] == odd.key
    assert Caller("Org1MSP", "", odd.key).account != odd.account


def test_records_are_read_together(board: Board) -> None:
    keys = ["configuration", f"asset/{HOME}", "asset/none", f"account/{ALICE.account}"]
    asked_all: Value = {"keys": list(keys)}
    outcome = board.call("read", asked_all, STRANGER, clock=0)
    assert code(outcome) == "ok"
    told = parse(outcome.response.payload)
    assert isinstance(told, dict)
    assert told["records"] == [board.record(key) for key in keys]
    for wrong in (
        ["secret"],
        ["epoch/1", "epoch/1"],
        ["x/../y"],
        [f"epoch/{n}" for n in range(17)],
    ):
        asked: Value = {"keys": list(wrong)}
        assert code(board.call("read", asked)) == "LQ400"

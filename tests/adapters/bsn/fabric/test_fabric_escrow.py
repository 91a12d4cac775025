"""The escrow chaincode, verb by verb: who may, when, and what stands afterwards."""

from dataclasses import replace

import pytest

from adapters.bsn import der
from bridge.core.act import Signature
from bridge.core.canonical import Value, canonical, parse
from bridge.core.effects import Verb
from bridge.core.ids import Digest, Instant, NetworkId
from bridge.core.money import Units
from tests.adapters.bsn.fabric.board import (
    ALICE,
    BOB,
    CAROL,
    DAY,
    MINUTE,
    NOTARIES,
    OPERATOR,
    ORDER,
    START,
    STRANGER,
    WINDOW,
    Board,
    act,
    code,
    forms,
    hashed,
    held_by,
    notarised,
    notary_keys,
    settlement,
)

LOCK, RELEASE, BURN, HOLD = Verb.LOCK, Verb.RELEASE, Verb.BURN, Verb.HOLD
MINT, UNMINT, ASSIGN = Verb.MINT, Verb.UNMINT, Verb.ASSIGN
HOME, TWIN = "INV-7", "twin/INV-9"


@pytest.fixture
def board() -> Board:
    made = Board().opened()
    assert made.issue(HOME).response.status == 200
    return made


STEPS = {  # verb, how often it may be brought, and what comes of it: one story a line
    "home": "lock locked, lock ok, burn burned, burn ok, release LQ409, lock LQ409",
    "given back": "lock locked, release released, release ok, burn LQ409, lock LQ409",
    "fenced": "release released, release ok, lock LQ409, burn LQ409",
    "nothing": "burn LQ503, hold held, hold ok, lock locked, release released",
}


@pytest.mark.parametrize("story", STEPS.values(), ids=STEPS)
def test_a_settlement_at_its_origin_goes_forward_only(board: Board, story: str) -> None:
    for step in story.split(", "):
        verb, comes = step.split()
        assert code(board.do(act(Verb(verb), 1, HOME))) == comes, step


TWIN_STEPS = {
    "assigned": "mint minted, mint ok, assign assigned, assign ok, unmint LQ409, mint LQ409",
    "undone": "mint minted, unmint unminted, unmint ok, assign LQ409, mint LQ409",
    "fenced": "unmint unminted, mint LQ409, assign LQ409",
    "nothing": "assign LQ503, mint minted",
}


@pytest.mark.parametrize("story", TWIN_STEPS.values(), ids=TWIN_STEPS)
def test_a_settlement_at_its_destination_goes_forward_only(board: Board, story: str) -> None:
    for step in story.split(", "):
        verb, comes = step.split()
        assert code(board.do(act(Verb(verb), 1, TWIN))) == comes, step


def test_an_original_crosses_comes_home_and_is_never_there_twice(board: Board) -> None:
    assert held_by(board, HOME) == ("100", ALICE.account, "")
    board.do(act(LOCK, 1, HOME))
    assert held_by(board, HOME) == ("100", ALICE.account, settlement(1))
    assert code(board.do(act(MINT, 2, HOME))) == "LQ409", "it is not in the vault"
    board.do(act(BURN, 1, HOME))
    assert held_by(board, HOME) == ("100", "vault", "")
    assert code(board.do(act(MINT, 2, HOME))) == "minted"
    assert code(board.do(act(MINT, 3, HOME))) == "LQ409", "it is reserved"
    board.do(act(UNMINT, 2, HOME))
    assert held_by(board, HOME) == ("100", "vault", "")
    assert code(board.do(act(MINT, 3, HOME))) == "minted"
    assert code(board.do(act(ASSIGN, 3, HOME))) == "assigned"
    assert held_by(board, HOME) == ("100", BOB.account, "")


def test_a_twin_is_made_handed_out_and_ended(board: Board) -> None:
    board.do(act(MINT, 1, TWIN))
    assert held_by(board, TWIN) == ("100", "", settlement(1))
    assert code(board.do(act(MINT, 2, TWIN))) == "LQ409"
    board.do(act(ASSIGN, 1, TWIN))
    assert code(board.do(act(MINT, 2, TWIN))) == "LQ409"
    back = {"party": BOB.account}
    assert code(board.do(act(LOCK, 3, TWIN, **back))) == "locked"
    assert code(board.do(act(BURN, 3, TWIN, **back))) == "burned"
    assert held_by(board, TWIN) == ("", "", "")
    assert code(board.do(act(MINT, 4, TWIN))) == "minted"
    board.do(act(UNMINT, 4, TWIN))
    assert held_by(board, TWIN) == ("", "", "")


def test_nobody_issues_a_twin(board: Board) -> None:
    assert code(board.issue("twin/INV-8")) == "LQ400"
    assert code(board.do(act(MINT, 1, "INV-8"))) == "LQ409", "what is at home is not minted anew"


def test_a_lock_takes_its_operator_and_its_holder(board: Board) -> None:
    one = act(LOCK, 1, HOME)
    word = ALICE.sign(one.message())
    r, s = der.read_signature(word.signature)
    high = replace(word, signature=der.write_signature(r, ORDER - s))
    spoiled = replace(word, signature=word.signature[:-1] + bytes([word.signature[-1] ^ 1]))
    longer = replace(one, not_after=Instant(one.not_after + 1))
    for signatures in (
        [],
        [high],
        [spoiled],
        [word, word],
        [BOB.sign(one.message())],
        [ALICE.sign(longer.message())],
        notarised(one.message()),
        [Signature(kind="custody", signer="", signature=b"")],
        [replace(word, kind="sm2")],
    ):
        assert code(board.do(one, signatures)) == "LQ403"
    assert code(board.do(one, caller=ALICE)) == "LQ403", "she is no operator"
    assert code(board.do(one, [word])) == "locked"


def test_a_holder_with_an_sm2_key_locks_too(board: Board) -> None:
    board.issue("INV-8", holder=CAROL)
    one = act(LOCK, 1, "INV-8", party=CAROL.account)
    word = CAROL.sign(one.message())
    other = CAROL.sign(one.message() + b" ")
    assert code(board.do(one, [other])) == "LQ403"
    assert code(board.do(one, [word])) == "locked"


def test_a_custodian_locks_for_who_named_it_until_it_is_dismissed(board: Board) -> None:
    custody = [Signature(kind="custody", signer="", signature=b"")]
    one = act(LOCK, 1, HOME)
    last = str(board.record(f"account/{ALICE.account}")["last"])
    assert code(board.call("entrust", {"to": BOB.account, "last": last}, ALICE)) == "LQ409"
    entrust: Value = {"to": OPERATOR.account, "last": last}
    assert code(board.call("entrust", entrust, ALICE)) == "entrusted"
    assert code(board.do(one, custody)) == "locked"
    board.do(act(RELEASE, 1, HOME))
    now = str(board.record(f"account/{ALICE.account}")["last"])
    assert code(board.call("entrust", {"to": "", "last": now}, ALICE)) == "entrusted"
    assert code(board.call("entrust", entrust, ALICE)) == "LQ409", "a replay"
    assert code(board.do(act(LOCK, 2, HOME), custody)) == "LQ403"


@pytest.mark.parametrize("verb", [RELEASE, BURN, HOLD, MINT, UNMINT, ASSIGN])
def test_notaries_decide_by_quorum(board: Board, verb: Verb) -> None:
    asset = HOME if verb in {RELEASE, BURN, HOLD} else TWIN
    first = {BURN: LOCK, ASSIGN: MINT}.get(verb)
    if first is not None:
        board.do(act(first, 1, asset))
    one = act(verb, 1, asset)
    message = one.message()
    signed = notarised(message, NOTARIES)
    strangers = notarised(message, notary_keys("stranger 1", "stranger 2"))
    other = replace(one, evidence=hashed("another entry"))
    for signatures in (
        [],
        signed[:1],
        [signed[0], signed[0]],
        [*signed[:2], signed[0]],
        strangers,
        [signed[0], strangers[0]],
        [*signed[:2], strangers[0]],
        notarised(other.message()),
        [signed[0], replace(signed[1], signature=signed[0].signature)],
        [signed[0], replace(signed[1], kind="secp256k1")],
        [ALICE.sign(message), BOB.sign(message)],
    ):
        assert code(board.do(one, signatures)) == "LQ403"
    assert code(board.do(one, signed, STRANGER)) not in {"ok", "LQ403"}, "whoever brings it"


def test_an_act_is_for_one_place_and_one_ticket(board: Board) -> None:
    board.do(act(LOCK, 1, HOME))
    board.issue("INV-8")
    for verb in (RELEASE, BURN, HOLD):
        one = act(verb, 1, HOME)
        for wrong in (
            replace(one, network=NetworkId("fabric:elsewhere")),
            replace(one, escrow="settle/other"),
        ):
            assert code(board.do(wrong)) == "LQ403"
        for wrong in (
            replace(one, units=Units(99)),
            replace(one, terms=hashed("other")),
            replace(one, party=BOB.account),
            replace(one, counterpart=NetworkId("memory:other")),
            replace(one, asset="INV-8"),
        ):
            assert code(board.do(wrong)) == "LQ409"
    assert code(board.do(act(RELEASE, 1, HOME))) == "released"


def test_the_call_and_the_act_name_one_verb(board: Board) -> None:
    board.do(act(LOCK, 1, HOME))
    burn = act(BURN, 1, HOME)
    body: Value = {"act": burn.body(), "signatures": []}
    assert code(board.call("release", body)) == "LQ400"


def test_a_lock_moves_a_whole_free_lot_of_its_holder(board: Board) -> None:
    for units in (99, 101):
        assert code(board.do(act(LOCK, 1, HOME, units=Units(units)))) == "LQ409"
    assert code(board.do(act(LOCK, 1, "INV-8"))) == "LQ409"
    assert code(board.do(act(LOCK, 1, HOME, party=BOB.account))) == "LQ409"
    assert code(board.do(act(LOCK, 1, HOME))) == "locked"
    assert code(board.do(act(LOCK, 2, HOME))) == "LQ409"


def test_a_lock_and_a_mint_have_a_last_instant(board: Board) -> None:
    board.now = Instant(START + DAY)
    assert code(board.do(act(LOCK, 1, HOME))) == "locked"
    board.now = Instant(START + DAY + 1)
    assert code(board.do(act(LOCK, 2, HOME))) == "LQ409"
    assert code(board.do(act(MINT, 2, TWIN))) == "LQ409"
    assert code(board.do(act(LOCK, 1, HOME))) == "ok", "it was done in time"


def test_what_is_minted_for_nobody_is_not_minted(board: Board) -> None:
    assert code(board.do(act(MINT, 1, TWIN, party=STRANGER.account))) == "LQ404"
    assert code(board.issue("INV-8", holder=STRANGER)) == "LQ404"


def test_a_hold_stops_release_and_escape_until_it_ends(board: Board) -> None:
    board.do(act(LOCK, 1, HOME))
    until = Instant(START + DAY)
    assert code(board.do(act(HOLD, 1, HOME, until=until))) == "held"
    assert code(board.do(act(RELEASE, 1, HOME))) == "LQ503"
    ended = act(HOLD, 1, HOME, until=Instant(0), evidence=hashed("end"))
    assert code(board.do(ended)) == "held"
    assert code(board.do(act(HOLD, 1, HOME, until=until))) == "ok", "an ended hold is not replayed"
    assert code(board.do(act(RELEASE, 1, HOME))) == "released"
    assert code(board.do(act(HOLD, 1, HOME, until=Instant(until + 1)))) == "LQ409"


def test_no_hold_is_longer_than_half_a_year(board: Board) -> None:
    for until, comes in ((START + 180 * DAY + 1, "LQ409"), (START + 180 * DAY, "held")):
        assert code(board.do(act(HOLD, 1, HOME, until=Instant(until)))) == comes


def test_anybody_gives_a_lock_back_when_its_gateway_died(board: Board) -> None:
    words: Value = {"settlement": settlement(1), "asset": HOME, "part": ""}
    assert code(board.call("escape", words, STRANGER)) == "LQ409"
    board.do(act(LOCK, 1, HOME))
    board.now = Instant(START + 400 * DAY - 1)
    assert code(board.call("escape", words, STRANGER)) == "LQ503"
    board.do(act(HOLD, 1, HOME, until=Instant(START + 401 * DAY)))
    board.now = Instant(START + 401 * DAY - 1)
    assert code(board.call("escape", words, STRANGER)) == "LQ503"
    board.now = Instant(START + 401 * DAY)
    outcome = board.call("escape", words, STRANGER)
    assert code(outcome) == "released"
    assert outcome.event is not None
    told = parse(outcome.event.payload)
    assert isinstance(told, dict)
    assert (told["escape"], told["fence"], told["units"]) == (True, False, "100")
    assert held_by(board, HOME) == ("100", ALICE.account, "")
    assert code(board.call("escape", words, STRANGER)) == "ok"
    assert code(board.do(act(RELEASE, 1, HOME))) == "ok"
    assert code(board.do(act(BURN, 1, HOME))) == "LQ409"
    assert code(board.do(act(LOCK, 2, HOME, not_after=Instant(START + 500 * DAY)))) == "locked"


def test_a_proposal_is_made_near_the_endorsers_clock(board: Board) -> None:
    one = act(RELEASE, 1, HOME)
    body: Value = {"act": one.body(), "signatures": forms(notarised(one.message()))}
    for skew in (WINDOW + 1, -WINDOW - 1, 400 * DAY):
        assert code(board.call("release", body, clock=board.now + skew)) == "LQ503"
    assert code(board.call("release", body, clock=board.now + WINDOW)) == "released"


def test_the_clock_decides_only_whether_not_what(board: Board) -> None:
    one = Board(dict(board.state), board.now, board.count)
    two = Board(dict(board.state), board.now, board.count)
    lock = act(LOCK, 1, HOME)
    body: Value = {"act": lock.body(), "signatures": forms([ALICE.sign(lock.message())])}
    early = one.call("lock", body, clock=one.now - MINUTE)
    late = two.call("lock", body, clock=two.now + MINUTE)
    assert early == late


def _body(**changes: object) -> bytes:
    one = act(RELEASE, 1, HOME)
    return canonical({"act": {**one.body(), **changes}, "signatures": []})  # type: ignore[dict-item]


MALFORMED = {
    "no json": b"{",
    "no object": b"[]",
    "white space": b'{"act": {}, "signatures": []}',
    "a number": b'{"act":1,"signatures":[]}',
    "a member more": canonical({"act": {}, "signatures": [], "more": ""}),
    "a member less": canonical({"act": {}}),
    "long": canonical({"act": "x" * 70_000, "signatures": []}),
    "units zero": _body(units="0"),
    "units signed": _body(units="-1"),
    "units with a zero": _body(units="0100"),
    "units too many": _body(units=str(2**256)),
    "asset with a mark": _body(asset="INV#7"),
    "no id": _body(settlement="1"),
    "terms": _body(terms="00"),
    "party": _body(party="alice"),
    "network": _body(network="fabric"),
    "evidence": _body(evidence="x"),
    "signatures": canonical({"act": act(RELEASE, 1, HOME).body(), "signatures": "none"}),
    "signature": canonical({"act": act(RELEASE, 1, HOME).body(), "signatures": [{}]}),
    "many": canonical({"act": act(RELEASE, 1, HOME).body(), "signatures": [""] * 33}),
}


@pytest.mark.parametrize("argument", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_in_its_one_form_is_refused(board: Board, argument: bytes) -> None:
    assert code(board.call("release", argument)) == "LQ400"
    assert code(board.call("nothing", argument)) == "LQ400"


def test_a_fence_says_that_it_moved_nothing(board: Board) -> None:
    outcome = board.do(act(RELEASE, 1, HOME))
    assert outcome.event is not None
    told = parse(outcome.event.payload)
    assert isinstance(told, dict)
    assert (told["fence"], told["units"], told["account"]) == (True, "0", ALICE.account)
    assert Digest(str(told["terms"])) == hashed("terms 1")

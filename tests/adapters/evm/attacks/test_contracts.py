"""What bridges were robbed by, played against our contracts; each test is red without its check.

The rest of the rows stand where their instruments are: EX-26 and EX-27 also on real tokens and
titles (instruments/test_erc3643.py, test_title_delivery.py), EX-06, EX-11 and EX-21 line by line
(contracts/test_notary_set.py, test_rotations.py).
"""

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from pyrevm import AccountInfo

from adapters.evm import calls
from adapters.evm.contracts.build import HERE
from adapters.evm.contracts.code import artifact
from adapters.evm.ticket import Ticket
from schemas.contracts.interface import CONTRACTS, interface
from tests.adapters.evm.chain import (
    AWAY,
    GOVERNOR,
    GUARDIAN,
    HOLDERS,
    HOME,
    ISSUER,
    OPERATOR,
    STRANGER,
    Bridge,
    Chain,
    Party,
    Reverted,
    in_order,
)

FIRST, SECOND, THIRD = HOLDERS
NOTARISED = ("mint", "burn", "assign", "unmint", "release", "hold")
SIGNED = "^(NotASigner|OutOfOrder|BadSignature)"


@pytest.fixture
def bridge() -> Bridge:
    made = Bridge(Chain())
    made.fund(FIRST, 10_000)
    return made


def refuses(says: str) -> "pytest.RaisesExc[Reverted]":
    return pytest.raises(Reverted, match=says)


def sources() -> Iterable[tuple[str, str]]:
    """Our contracts' code without what is said about it."""
    for path in sorted(HERE.glob("*.sol")):
        yield path.name, re.sub(r"//.*", "", path.read_text("utf-8"))


def test_ex_01_no_message_calls_what_it_names(bridge: Bridge) -> None:
    """Poly Network: a verb was made to call the store of its keepers."""
    for name, code in sources():
        assert not re.search(r"\.call[({]|\.delegatecall|callcode|selfdestruct|assembly", code), (
            name
        )
    for target in (bridge.set, bridge.vault, bridge.escrow):
        ticket = bridge.ticket(target, FIRST)
        with refuses("^AssetClosed"):
            bridge.lock(ticket, FIRST)
        with refuses("^AssetClosed"):
            bridge.do("mint", ticket)
    words = bridge.ticket(bridge.home, FIRST).words()
    for custody, name in ((bridge.vault, "Vault"), (bridge.twin_vault, "TwinVault")):
        for verb in ("take", "giveBack", "handOver", "create", "destroy", "accepted"):
            for who in (STRANGER, OPERATOR, GOVERNOR):
                with refuses("^NotEscrow"):
                    bridge.chain.send(who, custody, calls.call(name, verb, words))


def test_ex_02_an_address_without_code_pays_nothing(bridge: Bridge) -> None:
    """Qubit: a call to nothing succeeds."""
    with refuses("^BadRule"):
        bridge.list_asset(STRANGER.address, bridge.vault, HOME)
    ticket = bridge.ticket(bridge.home, FIRST)
    bridge.chain.evm.insert_account_info(bridge.home, AccountInfo(code=b""))
    with refuses("^AssetClosed"):  # it was listed, and is gone
        bridge.lock(ticket, FIRST)
    with refuses("^AssetClosed"):
        bridge.do("mint", ticket)


def test_ex_03_nobody_brings_a_verifier() -> None:
    """Wormhole: the caller named who checks."""
    for contract in ("Escrow", "Vault", "TitleVault", "TwinVault"):
        assert "NOTARIES" in artifact(contract).immutables, contract
        named = [f.type for e in interface(contract).functions.values() for f in e.inputs]
        assert not any("contract" in kind for kind in named)
        for entry in interface(contract).functions.values():
            addresses = [field.name for field in entry.inputs if field.type == "address"]
            assert not {"notaries", "verifier", "set"} & set(addresses), entry.name


def test_ex_04_the_chains_own_coin_has_no_way_in() -> None:
    """Meter: the path of the native coin trusted what it was told."""
    for contract in CONTRACTS:
        assert b"payable" not in _abi(contract).replace(b"nonpayable", b""), contract
        assert b'"receive"' not in _abi(contract), contract
        assert b'"fallback"' not in _abi(contract), contract


def _abi(contract: str) -> bytes:
    folder = HERE.parents[2] / "schemas" / "contracts" / "abi"
    return (folder / f"{contract}.json").read_bytes()


def test_ex_07_ex_12_ex_14_nothing_is_upgraded_and_zero_is_never_valid(bridge: Bridge) -> None:
    """Nomad, Bybit, IoTeX: an initialiser, a delegate, an owner's key."""
    for name, code in sources():
        assert not re.search(r"[Ii]nitializ|[Pp]roxy|Upgrad|delegatecall", code), name
    ticket = bridge.ticket(bridge.home, FIRST)
    for change in ("terms", "counterpart", "settlement", "party"):
        bad = replace(ticket)
        object.__setattr__(bad, change, bytes(len(getattr(ticket, change))))
        with refuses("^BadTicket"):
            bridge.do("release", bad)
    other = bridge.chain.deploy("Vault", GOVERNOR.address, bridge.escrow, bridge.set, b"\7" * 32)
    with refuses("^CustodyIsFixed"):
        bridge.list_asset(bridge.home, other, HOME)
    succeed = calls.call("Vault", "succeed", bridge.set, 1, b"")
    with refuses("^TooFew"):  # two bodies: the governor alone joins nobody
        bridge.chain.send(GOVERNOR, bridge.vault, succeed)
    with refuses("^NotGovernor"):
        bridge.chain.send(STRANGER, bridge.vault, succeed)


def test_ex_10_a_stolen_quorum_is_slow(bridge: Bridge) -> None:
    """Orbit: seven keys of ten, and all of it at once."""
    bridge.list_asset(bridge.twin, bridge.twin_vault, AWAY, rateCap=1_000, perSecond=1)
    bridge.do("mint", bridge.ticket(bridge.twin, STRANGER, 1_000))
    with refuses("^RateLimited"):
        bridge.do("mint", bridge.ticket(bridge.twin, STRANGER, 1))
    bridge.chain.later(9)
    with refuses("^RateLimited"):
        bridge.do("mint", bridge.ticket(bridge.twin, STRANGER, 10))
    bridge.chain.later(1)
    bridge.do("mint", bridge.ticket(bridge.twin, STRANGER, 10))


def test_ex_06_ex_13_every_entry_counts_signatures(bridge: Bridge) -> None:
    """Harmony, CrossCurve: too few keys; a fast path that checked none."""
    there = bridge.ticket(bridge.twin, FIRST)
    here = bridge.ticket(bridge.home, FIRST)
    bridge.lock(here, FIRST)
    strangers = in_order(Party(f"thief {n}") for n in range(3))
    for verb in NOTARISED:
        ticket = here if verb in {"burn", "release", "hold"} else there
        if verb == "assign":
            bridge.do("mint", there)
        for few in ((), bridge.notaries[:1], bridge.notaries[:2]):
            with refuses("^TooFew"):
                bridge.chain.send(
                    STRANGER, bridge.escrow, bridge.signed(verb, ticket, few, until=0)
                )
        with refuses(SIGNED):
            bridge.chain.send(
                STRANGER, bridge.escrow, bridge.signed(verb, ticket, strangers, until=0)
            )
    known = {*NOTARISED, "lock", "escape", "deliver", "confirm"}  # and these by others' words
    speaking = {
        entry.name
        for entry in interface("Escrow").functions.values()
        if entry.inputs and entry.inputs[0].type.startswith("(bytes32")
    }
    assert speaking == known


def test_ex_15_one_deposit_is_approved_once(bridge: Bridge) -> None:
    """Messina: one deposit, 143 approvals."""
    minted, undone = (bridge.ticket(bridge.twin, FIRST) for _ in range(2))
    bridge.do("mint", minted)
    for _ in range(143):
        with refuses("^WrongState"):
            bridge.do("mint", minted, evidence=b"\x0a" * 32)
    bridge.do("mint", undone)
    bridge.do("unmint", undone)
    with refuses("^Fenced"):
        bridge.do("mint", undone)
    bridge.do("assign", minted)
    with refuses("^WrongState"):
        bridge.do("assign", minted)
    assert bridge.balance(bridge.twin, FIRST.address) == minted.amount


def test_ex_16_what_is_cut_short_is_read_nowhere(bridge: Bridge) -> None:
    """Hyperbridge: an index past the end."""
    whole = bridge.signed("release", bridge.ticket(bridge.home, FIRST))
    for size in range(4, len(whole) - 31, 32):
        with pytest.raises(Reverted):
            bridge.chain.send(STRANGER, bridge.escrow, whole[:size])
    offset = 4 + 9 * 32  # where the signatures begin
    for far in (2**256 - 1, 2**64, len(whole), 0):
        bent = whole[:offset] + far.to_bytes(32, "big") + whole[offset + 32 :]
        with pytest.raises(Reverted):
            bridge.chain.send(STRANGER, bridge.escrow, bent)
    bridge.chain.send(STRANGER, bridge.escrow, whole)


def test_ex_19_every_word_that_has_an_effect_is_signed(bridge: Bridge) -> None:
    """Verus: the proof was good, the amount beside it was not."""
    ticket = bridge.ticket(bridge.twin, FIRST)
    words = bridge.words("mint")
    data = bridge.signed("mint", ticket)
    sigs = calls.decoded(["bytes"], (32).to_bytes(32, "big") + data[4 + 13 * 32 - 32 :])[0]
    assert isinstance(sigs, bytes)

    def bring(brought: Ticket, **other: bytes | int) -> None:
        told = {**words, **other}
        args = (*told.values(), sigs)
        bridge.chain.send(
            STRANGER, bridge.escrow, calls.call("Escrow", "mint", brought.words(), *args)
        )

    for other in (
        replace(ticket, amount=ticket.amount + 1),
        replace(ticket, party=SECOND.bytes20),
        replace(ticket, terms=b"\x0b" * 32),
        replace(ticket, token_id=1),
        replace(ticket, settlement=b"\x0c" * 16 + bytes(16)),
        replace(ticket, counterpart=HOME),
    ):
        with refuses(SIGNED):
            bring(other)
    for name, value in (("evidence", b"\x0d" * 32), ("verdict", b"\x0e" * 32), ("notAfter", 2**63)):
        with refuses(SIGNED):
            bring(ticket, **{name: value})
    with refuses("^UnknownEpoch"):
        bring(ticket, epoch=2)
    bring(ticket)


def test_ex_23_no_limit_has_a_default(bridge: Bridge) -> None:
    """Chainswap, Nerve: a quota that nobody had set was no quota."""
    for name in ("cap", "rateCap", "perSecond"):
        with refuses("^BadRule"):
            bridge.list_asset(bridge.home, bridge.vault, HOME, **{name: 0})
    with refuses("^BadRule"):
        bridge.list_asset(bridge.home, bridge.vault, bytes(32))
    with refuses("^BadRule"):
        bridge.list_asset(bridge.home, STRANGER.address, HOME)


def test_ex_26_after_a_seizure_the_first_in_line_gains_nothing(bridge: Bridge) -> None:
    first, second = (bridge.ticket(bridge.home, FIRST, amount) for amount in (800, 700))
    for ticket in (first, second):
        bridge.lock(ticket, FIRST)
    words = (bridge.vault, ISSUER.address, 1)
    seize = calls.call("RepresentationToken", "forcedTransfer", *words)
    bridge.chain.send(ISSUER, bridge.home, seize)
    for ticket in (first, second):
        with refuses("^Shortfall"):
            bridge.do("release", ticket)


def test_ex_28_nobody_takes_an_id_they_saw(bridge: Bridge) -> None:
    ticket = bridge.ticket(bridge.home, FIRST)
    theirs = bridge.ticket(bridge.home, STRANGER, 1, number=int.from_bytes(ticket.settlement[:16]))
    for who in (STRANGER, GUARDIAN, GOVERNOR):
        with refuses("^NotOperator"):
            bridge.lock(theirs, STRANGER, by=who)
    with refuses("^BadConsent"):  # an operator alone takes nothing from anybody
        bridge.lock(ticket, THIRD)
    bridge.lock(ticket, FIRST)
    with refuses("^WrongState"):
        bridge.lock(theirs, STRANGER)
    with refuses("^WrongTicket"):
        bridge.do("release", theirs)

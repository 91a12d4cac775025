"""Evidence from mined blocks of the real contracts proves its fact; changed, it proves nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
import rlp
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.blocks import Header, parsed_header
from adapters.evm.deploying.plan import as_toml
from adapters.evm.evidence import ChainEvidence, attested_finality, examined, verify
from adapters.evm.explain import explain
from adapters.evm.ticket import Ticket
from adapters.evm.tries import trie_of_list
from bridge.core.canonical import Value, canonical
from bridge.core.events import (
    AssetBurned,
    AssetFact,
    AssetLocked,
    AssetMinted,
    Fact,
    LockHeld,
    LockReleased,
)
from bridge.core.ids import ulid_of
from bridge.ports import Unproved
from tests.adapters.evm.chain import AWAY, CHAIN_ID, HOLDERS, START, STRANGER, Bridge
from tests.adapters.evm.mined import MinedChain
from tests.adapters.evm.test_settings import table

NETWORK = f"eip155:{CHAIN_ID}"
READER = Ed25519PrivateKey.from_private_bytes(b"r" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
AGREED: Mapping[str, Value] = {"kind": "quorum", "operators": ["north", "south"]}


@dataclass(frozen=True)
class World:
    """What was done on the chain, and the blocks that say so."""

    escrow: str
    genesis: bytes
    said: Mapping[str, tuple[Header, tuple[bytes, ...], int]]  # header, receipts, log in the first

    @property
    def pinned(self) -> dict[str, Value]:
        return {
            "network": NETWORK,
            "genesis": f"0x{self.genesis.hex()}",
            "escrow": to_checksum_address(self.escrow),
            "readers": [READER.public_key().public_bytes_raw().hex()],
            "finality": {"kind": "quorum", "needed": "2", "operators": ["east", "north", "south"]},
        }

    def evidence(
        self,
        name: str,
        *,
        key: Ed25519PrivateKey = READER,
        finality: Mapping[str, Value] = AGREED,
    ) -> ChainEvidence:
        header, receipts, log = self.said[name]
        return ChainEvidence(
            network=NETWORK,
            genesis=self.genesis,
            header=header.raw,
            receipt_index=0,
            receipt_proof=trie_of_list(receipts).prove(rlp.encode(0)),
            log_index=log,
            finality=finality,
            reader=key.public_key().public_bytes_raw(),
            signature=attested_finality(key, NETWORK, self.genesis, header.hash, finality),
        )


@cache
def world() -> World:
    chain = MinedChain()
    bridge = Bridge(chain)
    holder = HOLDERS[0]
    bridge.fund(holder, 10_000)
    said: dict[str, tuple[Header, tuple[bytes, ...], int]] = {}

    def keep(name: str, act: Callable[[], None]) -> None:
        act()
        block, receipts = chain.blocks[-1]
        header = parsed_header(rlp.encode(block.header))
        assert header.hash == bytes(block.hash)
        escrow = bytes.fromhex(bridge.escrow[2:])
        logs = [bytes(log.address) for log in receipts[0].logs]
        raw = tuple(bytes(receipt.encode()) for receipt in receipts)
        said[name] = (header, raw, logs.index(escrow) if escrow in logs else 0)

    def ticket(number: int, asset: str = bridge.home) -> Ticket:
        return bridge.ticket(asset, holder, counterpart=AWAY, number=number)

    keep("Locked", lambda: bridge.lock(ticket(1), holder))
    keep("Held", lambda: bridge.do("hold", ticket(1), until=START + 86_400 * 30))
    keep("Burned", lambda: bridge.do("burn", ticket(1)))
    keep("Released", lambda: bridge.do("release", ticket(2)))
    keep("Minted", lambda: bridge.do("mint", ticket(3, bridge.twin)))
    keep("Vetoed", lambda: bridge.allow(STRANGER))
    return World(bridge.escrow, chain.genesis_hash, said)


@pytest.mark.parametrize(
    ("name", "kind", "units"),
    [
        ("Locked", AssetLocked, 1_000),
        ("Burned", AssetBurned, 1_000),
        ("Released", LockReleased, 0),  # the fence of an unused id
        ("Minted", AssetMinted, 1_000),
    ],
)
def test_what_the_escrow_said_is_the_fact(name: str, kind: type[Fact], units: int) -> None:
    (fact,) = verify(world().evidence(name).encoded(), world().pinned)
    assert type(fact) is kind
    assert isinstance(fact, AssetFact)
    number = {"Locked": 1, "Burned": 1, "Released": 2, "Minted": 3}[name]
    assert fact.settlement == ulid_of(number.to_bytes(16, "big"))
    assert (fact.units, fact.part, fact.network) == (units, "", NETWORK)
    assert fact.account == to_checksum_address(HOLDERS[0].address)
    assert fact.escrow == to_checksum_address(world().escrow)


def test_a_hold_is_told_in_milliseconds_with_what_its_act_cites() -> None:
    (fact,) = verify(world().evidence("Held").encoded(), world().pinned)
    assert isinstance(fact, LockHeld)
    assert (fact.until, fact.evidence) == ((START + 86_400 * 30) * 1_000, "02" * 32)


@given(st.sampled_from(["Locked", "Burned", "Minted"]), st.data())
def test_a_changed_byte_proves_nothing(name: str, data: st.DataObject) -> None:
    raw = bytearray(world().evidence(name).encoded())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unproved):
        verify(bytes(raw), world().pinned)


def _pinned(**changes: Value) -> dict[str, Value]:
    return {**world().pinned, **changes}


@pytest.mark.parametrize(
    ("pinned", "says"),
    [
        ({"network": "eip155:1"}, "1 header and chain: network is eip155:31337"),
        ({"genesis": "0x" + "07" * 32}, "1 header and chain: genesis"),
        ({"escrow": "0x" + "00" * 20}, "4 event: said by"),
        ({"readers": [OTHER.public_key().public_bytes_raw().hex()]}, "2 finality: reader"),
        ({"finality": {"kind": "depth", "needed": "64"}}, "2 finality: finality is by quorum"),
        (
            {"finality": {"kind": "quorum", "needed": "3", "operators": ["north", "south", "x"]}},
            "2 finality: 2 of the 3",
        ),
        (
            {"finality": {"kind": "quorum", "needed": "2", "operators": ["north", "west"]}},
            "2 finality: 1 of the 2",
        ),
        ({"finality": "quorum"}, "form"),
        ({"readers": "all"}, "form"),
    ],
)
def test_what_is_pinned_is_demanded(pinned: dict[str, Value], says: str) -> None:
    with pytest.raises(Unproved, match=says):
        verify(world().evidence("Locked").encoded(), _pinned(**pinned))


def test_nobody_elses_signature_makes_a_block_final() -> None:
    good = world().evidence("Locked")
    forged = world().evidence("Locked", key=OTHER)
    assert len(verify(good.encoded(), world().pinned)) == 1  # and is remembered
    for bad in (
        replace(good, signature=forged.signature),
        replace(forged, reader=good.reader),
        replace(good, finality={**AGREED, "operators": ["north", "south", "east"]}),
        replace(good, signature=b""),
        replace(good, reader=good.reader[:31]),
        replace(good, header=world().said["Burned"][0].raw),
    ):
        with pytest.raises(Unproved, match="2 finality"):
            verify(bad.encoded(), world().pinned)


def test_a_block_deep_enough_is_final_where_depth_is_demanded() -> None:
    number = world().said["Locked"][0].number
    pinned = _pinned(finality={"kind": "depth", "needed": "64"})
    for head, final in ((number + 64, True), (number + 63, False)):
        depth: Mapping[str, Value] = {"kind": "depth", "head": str(head)}
        raw = world().evidence("Locked", finality=depth).encoded()
        if final:
            assert len(verify(raw, pinned)) == 1
        else:
            with pytest.raises(Unproved, match="63 blocks deep"):
                verify(raw, pinned)


def test_another_log_or_receipt_is_not_the_fact() -> None:
    good = world().evidence("Locked")
    header, receipts, log = world().said["Locked"]
    del header
    others = [n for n in range(4) if n != log]
    for index in others:
        with pytest.raises(Unproved, match="4 event"):
            verify(replace(good, log_index=index).encoded(), world().pinned)
    with pytest.raises(Unproved, match="3 receipt"):
        verify(replace(good, receipt_index=1).encoded(), world().pinned)
    proof = trie_of_list([*receipts, *receipts]).prove(rlp.encode(0))
    with pytest.raises(Unproved, match="3 receipt"):
        verify(replace(good, receipt_proof=proof).encoded(), world().pinned)
    with pytest.raises(Unproved, match="4 event"):
        verify(world().evidence("Vetoed").encoded(), world().pinned)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"schema":"other"}', b"\xff"])
def test_what_is_no_evidence_is_unreadable(raw: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unproved, match="form"):
        verify(raw, world().pinned)
    file = tmp_path / "evidence"
    file.write_bytes(raw)
    assert CliRunner().invoke(explain, [str(file)]).exit_code == 2


def test_explain_prints_six_steps_and_says_proved_only_against_what_is_pinned(
    tmp_path: Path,
) -> None:
    file, pinned = tmp_path / "evidence.json", tmp_path / "pinned.json"
    file.write_bytes(world().evidence("Locked").encoded())
    pinned.write_bytes(canonical(world().pinned))
    told = CliRunner().invoke(explain, [str(file), "--pinned", str(pinned), "-o", "jsonl"])
    assert told.exit_code == 0, told.output
    report = json.loads(told.output)
    assert report["verdict"] == "proved"
    assert [step["step"] for step in report["steps"]] == [1, 2, 3, 4, 5, 6]
    assert "attested by reader" in report["steps"][1]["says"]
    loose = CliRunner().invoke(explain, [str(file)])
    assert (loose.exit_code, "not pinned" in loose.output) == (1, True)
    assert "--network NAME --settings" in loose.output
    pinned.write_bytes(canonical(_pinned(network="eip155:1")))
    wrong = CliRunner().invoke(explain, [str(file), "--pinned", str(pinned)])
    assert (wrong.exit_code, "FAIL" in wrong.output) == (1, True)


def test_explain_holds_evidence_against_a_network_of_the_settings(tmp_path: Path) -> None:
    file, settings = tmp_path / "evidence.json", tmp_path / "settings.toml"
    file.write_bytes(world().evidence("Locked").encoded())
    pins = world().pinned
    words = [str(file), "--network", "ours", "--settings", str(settings)]
    for operators, code in ((["north", "south", "x"], 0), (["west", "x", "y"], 1)):
        ours = table(
            network=pins["network"],
            genesis_hash=pins["genesis"],
            escrow=pins["escrow"],
            readers=pins["readers"],
            endpoints=[{"url": f"https://{one}.example", "operator": one} for one in operators],
        )
        settings.write_text(as_toml("ours", {"adapter": "evm", **ours}), "utf-8")
        told = CliRunner().invoke(explain, words)
        assert (told.exit_code, "not pinned" in told.output) == (code, False), told.output
    assert CliRunner().invoke(explain, [*words, "--pinned", str(file)]).exit_code == 2


@pytest.mark.parametrize("form", ["table", "json", "jsonl"])
def test_a_terminal_gets_no_control_characters(form: str, tmp_path: Path) -> None:
    hostile = "eip155:1\u202emalice"
    file, pinned = tmp_path / "evidence\x1b[2J.json", tmp_path / "pinned.json"
    file.write_bytes(replace(world().evidence("Locked"), network=hostile).encoded())
    pinned.write_bytes(canonical(world().pinned))
    for words in ([str(file)], [str(file), "--pinned", str(pinned)], [str(file), str(file)]):
        told = CliRunner().invoke(explain, [*words, "-o", form])
        assert "malice" in told.output
        assert all(one.isprintable() or one == "\n" for one in told.output)
    file.write_bytes(b'{"schema":"\x1b[2J"}')
    assert "\x1b" not in CliRunner().invoke(explain, [str(file)]).output


def test_the_steps_end_at_the_first_that_fails() -> None:
    done = examined(world().evidence("Locked").encoded(), _pinned(escrow="0x" + "00" * 20))
    assert [(step.number, step.holds) for step in done.steps] == [
        (1, True),
        (2, True),
        (3, True),
        (4, False),
    ]
    assert done.fact is None

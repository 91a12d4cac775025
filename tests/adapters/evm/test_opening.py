"""A chain that is not what the settings pin is not used: both values are named."""

from collections.abc import Callable
from typing import Any

import pytest

from adapters.evm import calls
from adapters.evm.devnode import METHODS, DevNode
from adapters.evm.opening import PROXY
from bridge.core.effects import LockAsset
from bridge.core.ids import BEGINNING
from bridge.ports import Answered, Refused
from schemas.contracts.interface import interface
from tests.adapters.evm.chain import ESCAPE_AFTER, GOVERNOR, GUARDIAN
from tests.adapters.evm.grounds import Here, right

OTHER = "0x" + "ab" * 32


def pinned_otherwise(here: Here) -> dict[str, object]:
    contracts = here.table()["contracts"]
    assert isinstance(contracts, list)
    return {"contracts": [*contracts[:-1], {**contracts[-1], "code_hash": OTHER}]}


def another_contract(here: Here) -> dict[str, object]:
    vault = here.world.at["Vault"]
    code = f"0x{here.world.code_hash(vault).hex()}"
    return {"contracts": [], "escrow": right(vault), "escrow_code_hash": code}


def another_domain(here: Here) -> dict[str, object]:
    notaries = here.world.at["NotarySet"]
    words = (GOVERNOR.address, GUARDIAN.address, notaries, ESCAPE_AFTER, b"\x07" * 32)
    made = here.world.deploy("Escrow", *words)
    code = f"0x{here.world.code_hash(made).hex()}"
    return {"escrow": right(made), "escrow_code_hash": code}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            lambda _: {"network": "eip155:1"},
            "network: the chain says eip155:31337, settings eip155:1",
        ),
        (lambda _: {"genesis_hash": OTHER}, f"genesis_hash: the chain says 0x.*, settings {OTHER}"),
        (
            lambda _: {"escrow_code_hash": OTHER},
            f"escrow_code_hash: the chain says 0x.*, settings {OTHER}",
        ),
        (pinned_otherwise, f"contracts.twinvault.code_hash: the chain says .*, settings {OTHER}"),
        (another_contract, "escrow: its code is not this release's"),
        (another_domain, "domain: salt: the chain says 0x0707.*, settings 0x"),
    ],
)
async def test_a_difference_refuses_to_open(
    changed: Callable[[Here], dict[str, object]], says: str
) -> None:
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        act, signed = (
            bench.act(LockAsset(order)),
            await bench.signed(LockAsset(order), bench.act(LockAsset(order))),
        )
        prepared = await bench.prepare(LockAsset(order))
        here.changes = changed(here)
        door = here.door()
        with pytest.raises(Refused, match=says):
            await door.submit(prepared)
        with pytest.raises(Refused, match=says):
            await anext(door.observe(BEGINNING))
        with pytest.raises(Refused):
            await door.prepare(LockAsset(order), act, signed)
        (check,) = await door.preflight(order, {})
        assert check.answer is Answered.UNKNOWN
        assert [len(node.sent) for node in here.nodes] == [0, 0, 0]


@pytest.mark.parametrize("place", PROXY)
async def test_an_escrow_behind_a_proxy_is_not_used(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the key of an upgrade would hold everything: ERC-1967's places are empty."""

    def word(_: DevNode, params: Any) -> str:
        return f"0x{int(int(params[1], 16) == place):064x}"

    monkeypatch.setitem(METHODS, "eth_getStorageAt", word)
    async with Here() as here:
        with pytest.raises(Refused, match="a proxy's slot: the chain says 0x1, settings 0x0"):
            await anext(here.door().observe(BEGINNING))


async def test_a_name_that_only_looks_like_an_address_is_another_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A text that a chain says is spelled as an address only where it is one."""
    name = "0x" + "zz" * 20
    call = METHODS["eth_call"]

    def renamed(node: DevNode, params: Any) -> Any:
        asked = bytes.fromhex(params[0]["data"][2:])
        if asked != calls.call("Escrow", "eip712Domain"):
            return call(node, params)
        fields, _, *rest = calls.result(
            "Escrow", "eip712Domain", bytes.fromhex(call(node, params)[2:])
        )
        kinds = [one.type for one in interface("Escrow").functions["eip712Domain"].outputs]
        return f"0x{calls.encoded(kinds, fields, name, *rest).hex()}"

    monkeypatch.setitem(METHODS, "eth_call", renamed)
    async with Here() as here:
        with pytest.raises(Refused, match=f"domain: name: the chain says {name}, settings "):
            await anext(here.door().observe(BEGINNING))

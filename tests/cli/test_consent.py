"""How a holder's consent is shown to whoever signs it, and brought as no more than a signature."""

import json
from pathlib import Path

import pytest

from adapters.memory.network import MemoryNetwork
from bridge.core.order import SettlementOrder
from bridge.ports import ConsentOwed
from tests.cli.test_manners import terminal
from tests.engine.river import key

TYPED = {"primaryType": "Lock", "message": {"notAfter": "1"}}


def typed(order: SettlementOrder) -> ConsentOwed:
    return ConsentOwed(
        network=order.origin.network,
        by=order.originator.account,
        kind="eip712",
        message=json.dumps(TYPED).encode(),
        calls=("the token: approve the vault",),
    )


async def test_typed_data_is_shown_as_a_wallet_takes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with terminal(tmp_path, capsys) as at:
        of = json.loads((await at.type("send", at.order_file(), "-o", "json")).out)["settlement"]
        plain = await at.type("consent", "show", of, "--typed-data")
        assert (plain.exit, "takes a consent of kind ed25519" in plain.err) == (2, True)
        monkeypatch.setattr(MemoryNetwork, "consent_owed", lambda _, order: typed(order))
        alone = await at.type("consent", "show", of, "--typed-data")
        assert json.loads(alone.out) == TYPED
        table = (await at.type("consent", "show", of)).out
        assert "eth_signTypedData_v4" in table
        assert '"primaryType": "Lock"' in table
        assert "seller-wallet also calls the token: approve the vault" in table
        told = json.loads((await at.type("consent", "show", of, "-o", "json")).out)
        assert told["items"][0]["typed_data"] == TYPED
        away = await at.type("consent", "show", of, "--typed-data", "--network", "eip155:1")
        assert away.exit == 3


async def test_a_signature_alone_is_enough_and_a_wrong_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        of = json.loads((await at.type("send", at.order_file(), "-o", "json")).out)["settlement"]
        told = json.loads((await at.type("consent", "show", of, "-o", "json")).out)
        message = bytes.fromhex(told["items"][0]["message"])
        public = key("seller").public_key().public_bytes_raw().hex()
        neither = await at.type("consent", "give", of)
        assert (neither.exit, "one of them" in neither.err) == (2, True)
        words = ("consent", "give", of, "--public-key", f"0x{public}", "--signature")
        wrong = await at.type(*words, key("seller").sign(message + b" ").hex())
        assert wrong.exit == 4
        assert "does not hold" in wrong.err
        kind = await at.type(*words, key("seller").sign(message).hex(), "--kind", "erc1271")
        assert kind.exit == 4
        given = await at.type(*words, "0x" + key("seller").sign(message).hex())
        assert given.exit == 0, given.err
        shown = json.loads((await at.type("consent", "show", of, "-o", "json")).out)
        assert shown["items"][0]["given"] is True

"""How a holder's consent is shown to whoever signs it, and brought as no more than a signature."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2, Secret
from adapters.bsn.holders import has_signed
from adapters.memory.network import MemoryNetwork
from bridge.core.consent import Consent
from bridge.core.order import SettlementOrder
from bridge.ports import Answered, Check, ConsentOwed
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


@pytest.mark.parametrize(("kind", "algorithm"), [("p256", SECP256R1), ("sm2", SM2)])
async def test_a_holder_signs_with_the_key_of_their_channel(
    kind: str,
    algorithm: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets = {one: Secret(one, "seller") for one in (SECP256R1, SM2, SECP256K1)}
    point = secrets[algorithm].public()
    encoded = b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
    account = f"Org1MSP/{sha256(encoded).hexdigest()}"

    def owed(order: SettlementOrder) -> ConsentOwed:
        return ConsentOwed(network=order.origin.network, by=account, kind=kind, message=b"an act")

    async def holds(_: MemoryNetwork, order: SettlementOrder, consent: Consent) -> Check:
        del order
        told = Answered.YES if has_signed(consent, b"an act") else Answered.NO
        return Check("holder consents", told, "")

    async with terminal(tmp_path, capsys) as at:
        of = json.loads((await at.type("send", at.order_file(), "-o", "json")).out)["settlement"]
        monkeypatch.setattr(MemoryNetwork, "consent_owed", lambda _, order: owed(order))
        monkeypatch.setattr(MemoryNetwork, "consent_holds", holds)
        file = tmp_path / "holder.pem"

        async def signs(pem: str, mode: int = 0o600) -> tuple[int, str]:
            file.write_text(pem, "ascii")
            file.chmod(mode)
            said = await at.type("consent", "sign", of, "--key", str(file))
            return said.exit, said.err

        pem = secrets[algorithm].pem()
        for held, mode, why in (
            (
                secrets[SM2 if kind == "p256" else SECP256R1].pem(),
                0o600,
                f"of kind {kind}\ncause: holder.pem",
            ),
            (secrets[SECP256K1].pem(), 0o600, "SM2's or secp256r1's"),
            ("no key", 0o600, "holder.pem"),
            (pem, 0o644, "chmod 600"),
        ):
            code, err = await signs(held, mode)
            assert (code, why in err) == (2, True), err
        assert await signs(pem) == (0, "")

"""A holder's word at the door: by key in every form of it, by a contract of several owners."""

import json
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_hash.auto import keccak

from adapters.conformance.bench import OriginSide
from adapters.conformance.exam import Owned
from adapters.evm import calls
from adapters.evm.codec import ticket_of
from adapters.evm.holders import lock_digest, signed_with
from adapters.evm.questions import calldata
from adapters.evm.ticket import digest
from bridge.core.act import act_for
from bridge.core.consent import Consent
from bridge.core.effects import LockAsset
from bridge.core.order import SettlementOrder
from bridge.ports import Answered
from tests.adapters.evm.chain import HOLDERS, ISSUER, STRANGER, Party, in_order
from tests.adapters.evm.grounds import FIRST, Here, right
from tests.adapters.evm.instruments.compiled import tokens
from tests.adapters.evm.stand import FOUNDER, UNITS

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
OWNERS = in_order((FOUNDER, ISSUER, STRANGER))


def consent(order: SettlementOrder, kind: str, signature: bytes) -> Consent:
    return Consent(
        settlement=order.id,
        terms=order.terms,
        network=order.origin.network,
        by=order.originator.account,
        kind=kind,
        public_key="",
        signature=signature,
        not_after=act_for(LockAsset(order)).not_after,
    )


def hashed_of(here: Here, order: SettlementOrder) -> bytes:
    act = act_for(LockAsset(order))
    return digest(here.domain, "Lock", ticket_of(act), {"notAfter": act.not_after // 1_000})


def high(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def compact(signature: bytes) -> bytes:
    s = int.from_bytes(signature[32:64], "big") + ((signature[64] - 27) << 255)
    return signature[:32] + s.to_bytes(32, "big")


async def test_what_is_shown_is_what_a_wallet_signs_and_allows() -> None:
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        owed = here.network.consent_owed(order)
        assert "approve its custody" in owed.calls[0]  # nobody has asked the escrow yet
        await here.network.preflight(order, {})
        owed = here.network.consent_owed(order)
        vault = right(here.world.at["Vault"])
        data = calls.call("RepresentationToken", "approve", vault, UNITS)
        asset = order.origin.asset
        what = f"{asset}: approve {vault} for {UNITS} units"
        assert owed.calls == (f"{what}; to {asset} data 0x{data.hex()}",)
        assert owed.kind == "eip712"
        wallet = Account.sign_typed_data(FIRST.key.secret, full_message=json.loads(owed.message))
        assert bytes(wallet.message_hash) == lock_digest(owed.message) == hashed_of(here, order)
        assert signed_with(FIRST.key.secret, owed.message).signature == bytes(wallet.signature)
        for changed in (b"{}", owed.message + b" ", owed.message.replace(b'"1"', b'"2"')):
            with pytest.raises(ValueError, match="no lock's typed data"):
                lock_digest(changed)


@pytest.mark.parametrize("form", ["plain", "v of 0 or 1", "EIP-2098"])
async def test_every_form_of_a_keys_signature_is_taken_and_locks(form: str) -> None:
    async with Here() as here:
        bench = here.bench()

        async def sign(order: SettlementOrder) -> Consent:
            made = FIRST.sign(hashed_of(here, order))
            forms = {
                "plain": made,
                "v of 0 or 1": made[:64] + bytes([made[64] - 27]),
                "EIP-2098": compact(made),
            }
            given = consent(order, "eip712", forms[form])
            check = await here.network.consent_holds(order, given)
            assert check.answer is Answered.YES
            return given

        bench = replace(bench, side=OriginSide(here.network, sign))
        order = await bench.new_order()
        await bench.carry_out(LockAsset, order)
        assert await bench.names(order) == ["AssetLocked"]


async def test_a_wrong_signature_is_refused_with_what_differs() -> None:
    async with Here() as here:
        bench = here.bench()
        order, other = await bench.new_order(), await bench.new_order()
        hashed = hashed_of(here, order)
        made = FIRST.sign(hashed)
        data = json.loads(here.network.consent_owed(order).message)
        del data["domain"]["salt"]
        data["types"]["EIP712Domain"] = data["types"]["EIP712Domain"][:4]
        unsalted = Account.sign_typed_data(FIRST.key.secret, full_message=data)
        personal = FIRST.sign(keccak(b"\x19Ethereum Signed Message:\n32" + hashed))
        for signature, words in (
            (b"", "not 0"),
            (made[:63], "not 63"),
            (made[:64] + b"\x05", "not 5"),
            (high(made), "s is high"),
            (personal, "personal message"),
            (bytes(unsalted.signature), "no salt"),
            (HOLDERS[1].sign(hashed), f"signed by {right(HOLDERS[1].address)}"),
            (FIRST.sign(hashed_of(here, other)), f"the holder is {right(FIRST.address)}"),
            (bytes(64) + b"\x1b", "signed by nobody"),
        ):
            check = await here.network.consent_holds(order, consent(order, "eip712", signature))
            assert check.answer is Answered.NO
            assert words in check.why
            assert "contract" not in check.why
        given = consent(order, "erc1271", made)  # the escrow tries the key first
        assert (await here.network.consent_holds(order, given)).answer is Answered.YES
        given = consent(order, "erc1271", HOLDERS[1].sign(hashed))
        assert "has no code" in (await here.network.consent_holds(order, given)).why


async def test_a_contract_of_several_owners_consents_and_its_asset_is_locked() -> None:
    async with Here() as here:
        world = here.world
        code = tokens()["OwnersWallet"] + encode(
            ["address[]", "uint256"], [[one.address for one in OWNERS], 2]
        )
        wallet = right(world.send(FOUNDER, None, code))
        owned = await here.new_asset()
        token, vault = "RepresentationToken", world.at["Vault"]
        world.do(FIRST, token, owned.asset, "transfer", wallet, UNITS)
        allow = calls.call(token, "approve", vault, UNITS)
        execute = calldata("execute(address,bytes)", owned.asset, allow)
        world.send(FOUNDER, wallet, execute)
        kept = Owned(escrow=owned.escrow, asset=owned.asset, account=wallet, units=UNITS)

        async def answer(order: SettlementOrder, kind: str, *who: Party) -> tuple[Answered, str]:
            signature = b"".join(one.sign(hashed_of(here, order)) for one in who)
            check = await here.network.consent_holds(order, consent(order, kind, signature))
            return check.answer, check.why

        async def sign(order: SettlementOrder) -> Consent:
            hashed = hashed_of(here, order)
            return consent(order, "erc1271", b"".join(one.sign(hashed) for one in OWNERS[:2]))

        bench = replace(here.bench(), side=OriginSide(here.network, sign))
        order = await bench.new_order(kept)
        told, why = await answer(order, "erc1271", OWNERS[0])
        assert (told, "answers 0xffffffff" in why) == (Answered.NO, True)
        assert hashed_of(here, order).hex() in why  # what its owners sign
        assert (await answer(order, "erc1271", *OWNERS[1::-1]))[0] is Answered.NO
        assert (await answer(order, "erc1271", OWNERS[0], FIRST))[0] is Answered.NO
        told, why = await answer(order, "eip712", OWNERS[0])
        assert (told, "bring it as erc1271" in why) == (Answered.NO, True)
        assert (await answer(order, "erc1271", *OWNERS[:2]))[0] is Answered.YES
        await bench.carry_out(LockAsset, order)
        assert await bench.names(order) == ["AssetLocked"]

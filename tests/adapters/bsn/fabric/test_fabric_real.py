"""The escrow and our client on a real peer: what it refuses, orders, tells, and how it verifies."""

import asyncio
import itertools
import time
from dataclasses import replace

import pytest

from adapters.bsn.fabric_blocks import verified
from adapters.bsn.fabric_client import FabricClient
from adapters.bsn.fabric_ground import (
    FabricGround,
    WallClock,
    carried_out,
    records,
    until,
)
from adapters.bsn.fabric_outcomes import Misconfigured
from adapters.bsn.fabric_proposals import checked, read_proposal
from adapters.bsn.fabric_trust import Trust, Untrusted
from adapters.bsn.fabric_wire import Message, blob, decode, encode
from bridge.core.act import Act
from bridge.core.canonical import Value, canonical
from bridge.core.effects import Verb
from bridge.core.ids import Instant
from bridge.ports import Refused, Unavailable, Uncertain
from schemas.fabric.messages import MESSAGES
from tests.adapters.bsn.fabric.board import DAY, act, forms, hashed, notarised, settlement
from tests.adapters.bsn.fabric.real import whole_block

pytestmark = pytest.mark.slow
NUMBERS = itertools.count(1)


def made(real: FabricGround, verb: Verb, number: int, asset: str, **words: object) -> Act:
    """An act that fits the real network; User2 of org1 holds and is given."""
    fits = {
        "network": real.id,
        "party": real.account("org1", "User2"),
        "not_after": Instant(WallClock().now() + DAY if verb in {Verb.LOCK, Verb.MINT} else 0),
    }
    return act(verb, number, asset, **(fits | words))


def brought(one: Act) -> Value:
    """The argument that brings a notarised act."""
    return {"act": one.body(), "signatures": forms(notarised(one.message()))}


async def test_a_twin_is_minted_assigned_and_read_by_both_organisations(
    fabric: FabricGround,
) -> None:
    number, asset = next(NUMBERS), "twin/A"
    async with fabric.client() as client, fabric.client("org2") as other:
        for verb in (Verb.MINT, Verb.ASSIGN):
            _, told, code = await carried_out(
                client, verb.value, brought(made(fabric, verb, number, asset))
            )
            assert code == 0
            assert told.event is not None
            assert told.event[0] == f"settlement.{'minted' if verb is Verb.MINT else 'assigned'}"
            assert told.organisations == {"Org1MSP", "Org2MSP"}
        await until(lambda: _is_held(other, asset))
        (found,) = await records(other, f"asset/{asset}")
    assert found["holder"] == fabric.account("org1", "User2")


async def _is_held(client: FabricClient, asset: str) -> bool:
    return bool((await records(client, f"asset/{asset}"))[0].get("holder"))


async def test_what_the_chaincode_refuses_is_refused(fabric: FabricGround) -> None:
    number = next(NUMBERS)
    async with fabric.client() as client:
        fence = brought(made(fabric, Verb.UNMINT, number, "twin/B"))
        _, told, code = await carried_out(client, "unmint", fence)
        assert (code, told.event is not None) == (0, True)
        _, again, code = await carried_out(client, "unmint", fence)
        assert (code, again.event) == (0, None)
        mint = canonical(brought(made(fabric, Verb.MINT, number, "twin/B")))
        with pytest.raises(Refused, match="LQ409 fenced"):
            await client.endorse(client.propose("mint", mint))
        with pytest.raises(Refused, match="LQ409 fenced"):
            await client.evaluate("mint", mint)
        short = made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B")
        body: Value = {"act": short.body(), "signatures": forms(notarised(short.message())[:1])}
        with pytest.raises(Refused, match="LQ403"):
            await client.endorse(client.propose("unmint", canonical(body)))
        nothing = canonical(brought(made(fabric, Verb.ASSIGN, next(NUMBERS), "twin/B")))
        with pytest.raises(Unavailable, match="LQ503"):
            await client.endorse(client.propose("assign", nothing))


@pytest.mark.parametrize("skew", [-10 * 365 * DAY, -61_000, 61_000, 2 * 3_600_000])
async def test_a_proposal_with_a_skewed_time_is_not_endorsed(
    fabric: FabricGround, skew: int
) -> None:
    one = canonical(brought(made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B")))
    async with fabric.client() as client:
        time = Instant(WallClock().now() + skew)
        with pytest.raises(Unavailable, match="outside the window"):
            await client.endorse(client.propose("unmint", one, time=time))


async def test_what_is_held_back_until_after_its_fence_never_lands(fabric: FabricGround) -> None:
    number = next(NUMBERS)
    async with fabric.client() as client:
        late = client.propose("mint", canonical(brought(made(fabric, Verb.MINT, number, "twin/C"))))
        envelope, _ = await client.endorse(late)
        fence = brought(made(fabric, Verb.UNMINT, number, "twin/C"))
        _, _, code = await carried_out(client, "unmint", fence)
        assert code == 0
        await client.submit(late.tx, envelope)
        commit = await client.commit(late.tx)
        assert commit is not None
        assert commit.name == "MVCC_READ_CONFLICT"
        assert (await records(client, "asset/twin/C"))[0] == {}


async def test_of_two_verbs_in_one_block_one_is_valid(fabric: FabricGround) -> None:
    number = next(NUMBERS)
    async with fabric.client() as client:
        racing = []
        for verb in (Verb.MINT, Verb.UNMINT):
            body = canonical(brought(made(fabric, verb, number, "twin/D")))
            proposal = client.propose(verb.value, body)
            racing.append((proposal.tx, (await client.endorse(proposal))[0]))
        for tx, envelope in racing:
            await client.submit(tx, envelope)
        found = [await client.commit(tx) for tx, _ in racing]
        names = sorted(one.name for one in found if one is not None)
        assert names == ["MVCC_READ_CONFLICT", "VALID"]


async def test_the_same_envelope_again_changes_nothing(fabric: FabricGround) -> None:
    async with fabric.client() as client:
        body = canonical(brought(made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B")))
        proposal = client.propose("unmint", body)
        envelope, _ = await client.endorse(proposal)
        await client.submit(proposal.tx, envelope)
        first = await client.commit(proposal.tx)
        await client.submit(proposal.tx, envelope)
        assert await client.commit(proposal.tx) == first
        assert await client.status(proposal.tx) == 0
        with pytest.raises(Uncertain, match="already"):
            await client.endorse(proposal)


async def test_nothing_is_concluded_from_silence(fabric: FabricGround) -> None:
    async with fabric.client() as client:
        never = client.propose("unmint", b"{}")
        assert await client.commit(never.tx, patience_s=0.5) is None
        assert await client.status(never.tx) is None


async def test_a_peer_that_cannot_serve_us_says_so(fabric: FabricGround) -> None:
    for wrong in ({"channel": "other"}, {"chaincode": "other"}):
        async with fabric.client(**wrong) as client:
            with pytest.raises((Misconfigured, Unavailable)):
                await client.endorse(client.propose("read", b"{}"))
    async with fabric.client() as client:
        stranger = client.propose("unmint", b"{}")
        signed = decode("protos.SignedProposal", stranger.signed)
        spoiled = {**signed, "signature": blob(signed, "signature")[:-1] + b"\0"}
        bent = replace(stranger, signed=encode("protos.SignedProposal", spoiled))
        with pytest.raises(Misconfigured, match="access denied"):
            await client.endorse(bent)


async def test_an_envelope_signed_by_nobody_is_forbidden(fabric: FabricGround) -> None:
    async with fabric.client() as client:
        body = canonical(brought(made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B")))
        proposal = client.propose("unmint", body)
        envelope, _ = await client.endorse(proposal)
        bent = {**decode("common.Envelope", envelope), "signature": b"\x30\x00"}
        with pytest.raises(Refused, match="forbids"):
            await client.submit(proposal.tx, encode("common.Envelope", bent))
        assert await client.commit(proposal.tx, patience_s=0.5) is None


async def test_what_a_peer_bends_is_not_signed(fabric: FabricGround) -> None:
    """Each byte of what came back may be another: no such envelope is ever signed."""
    async with fabric.client() as client:
        body = canonical(brought(made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B")))
        proposal = client.propose("unmint", body)
        envelope, told = await client.endorse(proposal)
        payload = blob(decode("common.Envelope", envelope), "payload")
        organisations = frozenset({"Org1MSP", "Org2MSP"})
        assert checked(payload, proposal, fabric.trust, organisations) == told
        for index in range(0, len(payload), 41):
            bent = payload[:index] + bytes([payload[index] ^ 1]) + payload[index + 1 :]
            with pytest.raises(Untrusted):
                checked(bent, proposal, fabric.trust, organisations)
        with pytest.raises(Untrusted, match="5"):
            checked(payload, proposal, fabric.trust, frozenset({"Org3MSP"}))
        other = client.propose("unmint", body)
        with pytest.raises(Untrusted, match="1"):
            checked(payload, other, fabric.trust, organisations)
        assert read_proposal(proposal.signed) == proposal


async def test_every_block_verifies_and_no_bent_one_does(fabric: FabricGround) -> None:
    async with fabric.client() as client:
        await carried_out(
            client, "unmint", brought(made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B"))
        )
        raws = [await whole_block(client, index) for index in range((await client.info())[0])]
    previous, told = None, []
    for index, raw in enumerate(raws):
        block = verified(raw, previous, fabric.pinned, fabric.trust)
        assert block.number == index
        previous = block.hash
        told += [one.told.event[0] for one in block.transactions if one.told.event]
    assert told[0] == "quorum.configured"
    last, before = raws[-1], verified(raws[-2], None, fabric.pinned, fabric.trust).hash
    with pytest.raises(Untrusted, match="1"):
        verified(last, b"\0" * 32, fabric.pinned, fabric.trust)
    elsewhere = replace(fabric.pinned, genesis=b"\0" * 32)
    with pytest.raises(Untrusted, match="3"):
        verified(raws[0], None, elsewhere, fabric.trust)
    good = verified(last, before, fabric.pinned, fabric.trust)
    for index in range(0, len(last), 23):
        bent = last[:index] + bytes([last[index] ^ 1]) + last[index + 1 :]
        try:
            assert verified(bent, before, fabric.pinned, fabric.trust) == good, index
        except Untrusted:
            continue


async def test_members_whom_nobody_pinned_neither_prove_nor_stop_a_reader(
    fabric: FabricGround,
) -> None:
    """Anybody of the channel may bring an act or escape: their word is passed over, no more."""
    async with fabric.client() as client:
        fence = brought(made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B"))
        await carried_out(client, "unmint", fence)
        raw = await whole_block(client, (await client.info())[0] - 1)
    (whole,) = verified(raw, None, fabric.pinned, fabric.trust).transactions
    kept = {msp: pem for msp, pem in fabric.roots.items() if msp != "Org1MSP"}
    alone = replace(fabric.pinned, organisations=frozenset({"Org2MSP"}))
    (seen,) = verified(raw, None, alone, Trust(kept)).transactions
    assert seen.told.event == whole.told.event
    assert seen.told.organisations == {"Org2MSP"}
    with pytest.raises(Untrusted, match="Org1MSP did not endorse"):
        verified(raw, None, fabric.pinned, Trust(kept))


def again(name: str, raw: bytes) -> Message:
    """Read a message, and see that it is written back to the byte."""
    message = decode(name, raw)
    assert encode(name, message) == raw, name
    assert set(message) == {field.name for field in MESSAGES[name]}
    return message


async def test_what_a_real_peer_wrote_is_written_the_same(fabric: FabricGround) -> None:
    async with fabric.client() as client:
        raws = [await whole_block(client, index) for index in range(1, (await client.info())[0])]
    seen = 0
    for raw in raws:
        block = again("common.Block", raw)
        for envelope in block["data"]["data"]:  # type: ignore[index]
            payload = again("common.Payload", blob(again("common.Envelope", envelope), "payload"))
            header = payload["header"]
            channel = again("common.ChannelHeader", header["channel_header"])  # type: ignore[index]
            again("common.SignatureHeader", header["signature_header"])  # type: ignore[index]
            if channel["type"] != 3:
                continue
            seen += 1
            for action in again("protos.Transaction", blob(payload, "data"))["actions"]:  # type: ignore[attr-defined]
                inner = again("protos.ChaincodeActionPayload", action["payload"])
                again("protos.ChaincodeProposalPayload", blob(inner, "chaincode_proposal_payload"))
                endorsed = inner["action"]["proposal_response_payload"]  # type: ignore[index]
                response = again("protos.ProposalResponsePayload", endorsed)
                again("protos.ChaincodeAction", blob(response, "extension"))
    assert seen >= 4


async def test_events_resume_from_a_checkpoint(fabric: FabricGround) -> None:
    async with fabric.client() as client:
        sent = []
        for _ in range(3):
            fence = brought(made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B"))
            sent.append((await carried_out(client, "unmint", fence))[0])
        seen = await _events(client, 0, "", sent[-1])
        assert [tx for _, tx in seen if tx in sent] == sent
        at, after = next(one for one in seen if one[1] == sent[0])
        resumed = await _events(client, at, after, sent[-1])
        assert [tx for _, tx in resumed] == [tx for _, tx in seen][seen.index((at, after)) + 1 :]


async def _events(client: FabricClient, block: int, after: str, last: str) -> list[tuple[int, str]]:
    seen: list[tuple[int, str]] = []
    async with asyncio.timeout(10):
        async for at, events in client.events(block, after):
            seen += [(at, one.tx) for one in events]
            if seen and seen[-1][1] == last:
                break
    return seen


async def test_many_transactions_share_the_stream(fabric: FabricGround) -> None:
    began = time.monotonic()
    async with fabric.client() as client:
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(
                    carried_out(
                        client,
                        "unmint",
                        brought(made(fabric, Verb.UNMINT, next(NUMBERS), "twin/B")),
                    )
                )
                for _ in range(100)
            ]
        assert {one.result()[2] for one in running} == {0}
    assert time.monotonic() - began < 20


async def test_an_original_is_issued_locked_and_released(fabric: FabricGround) -> None:
    number, asset = next(NUMBERS), "INV-1"
    holder = fabric.identity("org1", "User2")
    paper: Value = {
        "network": fabric.id,
        "escrow": "settle/escrow",
        "asset": asset,
        "units": "100",
        "holder": fabric.account("org1", "User2"),
        "obligor": fabric.account("org2", "User1"),
        "profile": hashed("profile"),
    }
    async with fabric.client() as operator, fabric.client("org2") as debtor:
        issue: Value = {"paper": paper, "signatures": []}
        assert (await carried_out(debtor, "issue", issue))[2] == 0
        lock = made(fabric, Verb.LOCK, number, asset)
        key = str((await records(operator, f"account/{lock.party}"))[0]["key"])
        word = {
            "kind": "p256",
            "signer": key,
            "signature": holder.sign(lock.message()).hex(),
        }
        body: Value = {"act": lock.body(), "signatures": [word]}
        with pytest.raises(Refused, match="operator"):
            await debtor.endorse(debtor.propose("lock", canonical(body)))
        assert (await carried_out(operator, "lock", body))[2] == 0
        slot = (await records(operator, f"origin/{settlement(number)}"))[0]
        assert slot["state"] == "open"
        release = brought(made(fabric, Verb.RELEASE, number, asset))
        assert (await carried_out(debtor, "release", release))[2] == 0

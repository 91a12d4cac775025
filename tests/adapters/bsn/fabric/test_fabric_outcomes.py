"""Each answer of a peer means one outcome; the real ones are met in test_fabric_real."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.bsn.fabric_client import FabricClient, Target
from adapters.bsn.fabric_ground import WallClock
from adapters.bsn.fabric_outcomes import Bent, Lagging, Later, Misconfigured
from adapters.bsn.fabric_trust import Trust
from adapters.bsn.fabric_wire import encode
from bridge.ports import AdapterError, Refused, Unavailable, Uncertain
from tests.adapters.bsn.fabric.certified import IDENTITY
from tests.adapters.bsn.fabric.peer import Said, Scripted, targets

Code = grpc.StatusCode
ORGS = frozenset({"Org1MSP", "Org2MSP"})
NO, LATER = "chaincode response 409, LQ409 fenced", "chaincode response 503, LQ503 not yet"


@asynccontextmanager
async def client(peer: Scripted, patience_s: float = 0.3) -> AsyncIterator[FabricClient]:
    target = Target(channel="settle", chaincode="escrow", organisations=ORGS, patience_s=patience_s)
    async with peer.channel() as channel:
        yield FabricClient(channel, IDENTITY, target, Trust({}), WallClock())


ENDORSED: list[tuple[Said, type[AdapterError]]] = [
    (Said(Code.ABORTED, "failed to endorse", (NO,)), Refused),
    (Said(Code.ABORTED, "failed to endorse", (LATER,)), Later),
    (Said(Code.ABORTED, "failed to endorse", (NO, LATER)), Later),
    (Said(Code.ABORTED, "", ("duplicate transaction found [aa]",)), Uncertain),
    (Said(Code.ABORTED, "", ("error creating grpc connection to 127.0.0.1:1",)), Unavailable),
    (Said(Code.FAILED_PRECONDITION, "no combination of peers can be derived"), Misconfigured),
    (Said(Code.ABORTED, "", ("error validating proposal: access denied",)), Misconfigured),
    (Said(Code.ABORTED, "failed; ProposalResponsePayloads do not match"), Lagging),
    (Said(Code.DEADLINE_EXCEEDED, "timeout"), Unavailable),
    (Said(Code.UNAVAILABLE, "no peers available"), Unavailable),
    (Said(Code.INTERNAL, "chaincode response 409 in a text of ours"), Unavailable),
]


@pytest.mark.parametrize(("said", "kind"), ENDORSED)
async def test_what_an_endorsement_refused_means(said: Said, kind: type[AdapterError]) -> None:
    peer = Scripted()
    peer.says("Endorse", said)
    peer.says("Evaluate", Said(Code.UNKNOWN, f"evaluate call … error: {('', *said.details)[-1]}"))
    async with client(peer) as one:
        with pytest.raises(AdapterError) as caught:
            await one.endorse(one.propose("lock", b"{}"))
    assert type(caught.value) is kind


@pytest.mark.parametrize("first", [NO, LATER])
async def test_a_refusal_counts_when_every_organisation_refuses(first: str) -> None:
    """One peer lags behind: it does not know yet what the other has in a block."""
    peer = Scripted()
    peer.says("Endorse", Said(Code.ABORTED, "failed to endorse", (first,)))

    def evaluate(request: bytes) -> bytes | Said:
        if targets(request) == ["Org1MSP"]:
            return encode("gateway.EvaluateResponse", {"result": {"status": 200}})
        return Said(Code.UNKNOWN, f"evaluate call to endorser returned error: {first}")

    peer.answers["Evaluate"] = evaluate
    async with client(peer) as one:
        with pytest.raises(Lagging):
            await one.endorse(one.propose("lock", b"{}"))
    assert sum(name == "Endorse" for name, _ in peer.asked) > 5, "it is asked again"


async def test_a_peer_that_says_nothing_has_ordered_nothing() -> None:
    async with client(Scripted(), patience_s=0.05) as one:
        with pytest.raises(Unavailable):
            await one.endorse(one.propose("lock", b"{}"))
        with pytest.raises(Uncertain):
            await one.submit("aa", b"")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said(Code.UNAVAILABLE, "no orderers could successfully process transaction"), Uncertain),
        (Said(Code.DEADLINE_EXCEEDED, "submit timeout"), Uncertain),
        (Said(Code.ABORTED, "", ("received unsuccessful response: status=FORBIDDEN",)), Refused),
        (Said(Code.ABORTED, "", ("status=SERVICE_UNAVAILABLE",)), Uncertain),
        (Said(Code.CANCELLED, "broken stream"), Uncertain),
    ],
)
async def test_what_a_submission_that_failed_means(said: Said, kind: type[AdapterError]) -> None:
    peer = Scripted()
    peer.says("Submit", said)
    async with client(peer) as one:
        with pytest.raises(AdapterError) as caught:
            await one.submit("aa", b"")
    assert type(caught.value) is kind


async def test_silence_about_a_commit_is_no_answer() -> None:
    peer = Scripted()
    peer.says("CommitStatus", Said(Code.DEADLINE_EXCEEDED, "context finished"))
    async with client(peer) as one:
        assert await one.commit("aa") is None
        for code, name in ((0, "VALID"), (9, "DUPLICATE_TXID"), (11, "MVCC_READ_CONFLICT")):
            told = encode("gateway.CommitStatusResponse", {"result": code, "block_number": 7})
            peer.says("CommitStatus", told)
            commit = await one.commit("aa")
            assert commit is not None
            assert (commit.name, commit.block) == (name, 7)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.binary(max_size=60)
    | st.binary(max_size=40).map(
        lambda raw: encode("gateway.EvaluateResponse", {"result": {"payload": raw}})
    )
)
async def test_whatever_bytes_a_peer_sends_only_the_ports_errors_come_of_it(said: bytes) -> None:
    peer = Scripted()
    for method in ("Endorse", "Evaluate", "Submit", "CommitStatus"):
        peer.says(method, said)
    async with client(peer) as one:
        calls: list[Any] = [
            lambda: one.endorse(one.propose("lock", b"{}")),
            lambda: one.evaluate("read", b"{}"),
            lambda: one.submit("aa", b""),
            lambda: one.commit("aa"),
            one.info,
            lambda: one.status("aa"),
            lambda: one.signed_block(1, organisations=ORGS),
        ]
        for call in calls:
            try:
                await call()
            except AdapterError:
                continue
        with pytest.raises(Bent):
            await one.endorse(one.propose("lock", b"{}"))

"""Proofs served here convince a verifier that knows the log's key and nothing else."""

from base64 import b64decode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge.notary.checkpoint import Checkpoint, VerifierKey, log_key, sign, verify_proof
from bridge.notary.keys import Ed25519Key
from bridge.notary.tiles import bundle_entries
from tests.api.front import Front, front

SECRET = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
KEY = Ed25519Key(SECRET.public_key().public_bytes_raw().hex(), SECRET.sign)


async def sealed(desk: Front) -> VerifierKey:
    """Sign the ledger as it stands; return the key a verifier trusts."""
    head = desk.water.journal.head
    note = sign(Checkpoint("test/river", head.seq, bytes.fromhex(head.root), ()), KEY)
    await desk.water.journal.keep_checkpoint(head.seq, note)
    return log_key("test/river", KEY)


async def test_every_entry_is_proved_by_its_file(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        before = await desk.ask("GET", "/v1/proofs/0")
        assert (before.status, before.json["code"]) == (409, "LQ-NOT-SEALED")
        trusted = await sealed(desk)
        for n in range(desk.water.journal.sealed):
            told = (await desk.ask("GET", f"/v1/proofs/{n}")).json
            file = (await desk.ask("GET", f"/v1/proofs/{n}?form=tlog")).raw
            signed = verify_proof(file, b64decode(told["entry"]), trusted)
            assert signed.checkpoint.size == int(told["size"])


async def test_the_log_is_served_in_its_layout_up_to_the_checkpoint_only(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        assert (await desk.ask("GET", "/checkpoint")).status == 404
        await sealed(desk)
        size = desk.water.journal.sealed
        assert (await desk.ask("GET", "/checkpoint")).raw == desk.water.journal.checkpoint
        tile = await desk.ask("GET", f"/tile/0/000.p/{size}")
        assert tile.raw == b"".join(desk.water.journal.leaves(0, size))
        raw = (await desk.ask("GET", f"/tile/entries/000.p/{size}")).raw
        entries = [one.raw for one in desk.water.journal.entries(-1, size)]
        assert bundle_entries(raw, size) == entries
        await desk.send()
        for path in (f"/tile/0/000.p/{size + 1}", "/tile/0/000", "/tile/1/000.p/1", "/tile/0/001"):
            assert (await desk.ask("GET", path)).status == 404, path

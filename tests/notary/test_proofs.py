"""Proofs of the live ledger, and its export, checked by a reader that is not ours."""

import asyncio
import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from bridge.notary.checkpoint import BadNote, log_key, read_checkpoint, verify_proof
from bridge.notary.proofs import NotProvable, Proofs, export
from bridge.notary.store.memory import Disk, MemoryStore
from bridge.notary.tiles import bundles, tiles
from bridge.notary.tree import consistent
from tests.notary.sealed import ORIGIN, fill, log_secret, sealing

LOG = log_key(ORIGIN, log_secret())
GO = Path(__file__).with_name("gomod")


async def test_every_entry_is_proved_under_the_latest_checkpoint(tmp_path: Path) -> None:
    async with sealing(MemoryStore(), tmp_path) as journal:
        await fill(journal, 10, 610)
        await journal.wait(journal.head.seq - 1, "sealed")
        proofs = Proofs(journal)
        await proofs.grow()
        for n in (*range(0, journal.sealed, 37), journal.sealed - 1):
            entry, _, note = proofs.inclusion(n)
            signed = verify_proof(proofs.tlog_proof(n), entry.raw, LOG)
            assert entry.n == n
            assert note == journal.checkpoint
            assert signed.checkpoint.size == journal.sealed
        for n in (-1, journal.sealed):
            with pytest.raises(NotProvable):
                proofs.tlog_proof(n)
        with pytest.raises(BadNote):
            verify_proof(proofs.tlog_proof(5), b"another entry", LOG)


async def test_each_checkpoint_is_proved_to_begin_with_the_earlier_ones(tmp_path: Path) -> None:
    async with sealing(MemoryStore(), tmp_path) as journal:
        proofs = Proofs(journal)
        heads = []
        for first in range(10, 910, 150):
            await fill(journal, first, first + 150)
            await journal.wait(journal.head.seq - 1, "sealed")
            heads.append(read_checkpoint(journal.checkpoint, LOG).checkpoint)
            for head in heads:
                path = proofs.consistency(head.size)
                assert consistent(head.size, journal.sealed, head.root, heads[-1].root, path)
        between = proofs.consistency(heads[0].size, heads[1].size)
        assert consistent(heads[0].size, heads[1].size, heads[0].root, heads[1].root, between)
        for old, new in ((0, journal.sealed + 1), (9, 8), (-1, 5)):
            with pytest.raises(NotProvable):
                proofs.consistency(old, new)


async def test_an_export_grows_and_holds_every_tile_its_checkpoint_promises(
    tmp_path: Path,
) -> None:
    disk, folder = Disk(), tmp_path / "log"
    with pytest.raises(NotProvable):
        export(MemoryStore(disk).reader(), folder, LOG)
    async with sealing(MemoryStore(disk), tmp_path) as journal:
        for first in (10, 210, 610):
            await fill(journal, first, first + 200)
            await journal.wait(journal.head.seq - 1, "sealed")
            size = export(MemoryStore(disk).reader(), folder, LOG)
            assert size == journal.sealed
            for tile in (*tiles(size), *bundles(size)):
                assert (folder / tile.path()).is_file()
    again = tmp_path / "again"
    export(MemoryStore(disk).reader(), again, LOG)
    for file in again.rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (folder / file.relative_to(again)).read_bytes()
    with pytest.raises(BadNote):
        export(MemoryStore(disk).reader(), tmp_path / "other", log_key(ORIGIN, log_secret(2)))


def go(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=GO,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
async def test_gos_checksum_database_accepts_our_export_and_no_flipped_bit(tmp_path: Path) -> None:
    compiler = shutil.which("go")
    if compiler is None:
        pytest.xfail("no go on the path: what it would check is not checked here")
    disk, folder = Disk(), tmp_path / "log"
    async with sealing(MemoryStore(disk), tmp_path) as journal:
        await fill(journal, 10, 300)
        await journal.wait(journal.head.seq - 1, "sealed")
        export(MemoryStore(disk).reader(), folder, LOG)
        await fill(journal, 300, 700)
        await journal.wait(journal.head.seq - 1, "sealed")
        size = export(MemoryStore(disk).reader(), folder, LOG)
        proofs = Proofs(journal)
        asked = (0, 255, 256, 511, size - 1)
        grown = (1, 2, 255, 256, 293, 512, size)
        leaves = [one.leaf for one in journal.entries(-1, size)]
        for n in asked:
            (folder / f"{n}.tlog-proof").write_bytes(proofs.tlog_proof(n))
        for old in grown:
            path = [b64encode(one).decode() for one in proofs.consistency(old)]
            (folder / f"{old}.consistency").write_text("\n".join(path))
    program = str(tmp_path / "verify")
    built = await asyncio.to_thread(go, compiler, "build", "-o", program, ".")
    assert built.returncode == 0, built.stderr
    words = (program, str(folder), *map(str, asked), "--", *map(str, grown))
    said = await asyncio.to_thread(go, *words)
    assert said.returncode == 0, said.stderr
    *found, verified = said.stdout.splitlines()
    assert verified == f"verified {size}"
    assert found == [f"entry {n}, leaf {leaves[n]}, is in it" for n in asked]
    stale = {str(tile.path()) for tile in (*tiles(293), *bundles(293)) if tile.width < 256}
    for file in sorted(folder.rglob("*")):
        name = str(file.relative_to(folder))
        if not file.is_file() or name in stale:
            continue
        whole = file.read_bytes()
        if not whole:
            continue  # a consistency path between equal sizes
        file.write_bytes(
            whole[:-1] + bytes([whole[-1] ^ 1])
            if name.startswith("tile")
            else bytes([whole[0] ^ 1]) + whole[1:]
        )
        refused = await asyncio.to_thread(go, *words)
        assert refused.returncode == 1, f"{name}: {refused.stdout}"
        assert refused.stderr.startswith("refused:"), refused.stderr
        file.write_bytes(whole)

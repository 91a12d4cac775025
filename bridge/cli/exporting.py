"""The ledger in a folder, in C2SP layout: what any mirror or verifier reads.

Source: C2SP tlog-tiles.
"""

from pathlib import Path

from bridge.cli.manners import FAILED, NOT_FOUND, USAGE, Json, Stopped
from bridge.notary.checkpoint import VerifierKey, read_text, split
from bridge.notary.entries import read
from bridge.notary.keys import BadKey, load_ed25519
from bridge.notary.store.sqlite import SqliteReader
from bridge.notary.tiles import bundle_bytes, bundles, tile_bytes, tiles
from bridge.notary.tree import TILE, LeafTree
from bridge.settings import BadSettings, load


def exported(database: Path, folder: Path, target: Path) -> dict[str, Json]:
    """Write checkpoint, vkey, tiles and bundles to a new folder. Errors: Stopped."""
    if target.exists() and any(target.iterdir()):
        raise Stopped(
            USAGE,
            "LQ-NOT-EMPTY",
            f"{target} is not empty",
            cause="an export never writes over what is there",
            following="another DIR",
        )
    reader = SqliteReader(database)
    try:
        noted = reader.latest_note()
        if noted is None:
            raise Stopped(
                FAILED,
                "LQ-NOT-SEALED",
                "no checkpoint is signed yet",
                cause="no daemon has run over this ledger, and only it has the log's key",
                following="lianqiao up",
            )
        size, note = noted
        tree = LeafTree(reader.leaves)
        written = 0
        for tile in tiles(size):
            _write(target / tile.path(), tile_bytes(tile, tree.hash))
            written += 1
        for bundle in bundles(size):
            first = bundle.index * TILE
            raws = reader.entries(first, first + bundle.width)
            _write(target / bundle.path(), bundle_bytes(raws))
            written += 1
    finally:
        reader.close()
    _write(target / "checkpoint", note)
    _write(target / "vkey", f"{_key(note, folder).text()}\n".encode())
    return {"entries": str(size), "files": str(written + 2), "folder": str(target)}


def evidence_of(database: Path, n: int) -> bytes:
    """Return what a network gave as evidence for what an entry says, or the step it is about.

    Errors: Stopped: there is no such entry, or it rests on no evidence that is kept.
    """
    reader = SqliteReader(database)
    try:
        raws = reader.entries(n, n + 1)
        first = read(raws[0]).start if raws else n
        group = [read(raw) for raw in reader.entries(first, n + 1)]
        kept = [
            reader.side(f"bytes/{entry.body['sha256']}")
            for entry in group
            if entry.kind == "evidence" and "sha256" in entry.body
        ]
    finally:
        reader.close()
    if not kept or kept[0] is None:
        raise Stopped(
            NOT_FOUND,
            "LQ-NOT-FOUND",
            f"no evidence is kept for entry {n}",
            cause="it is no step that a network told, or what is kept beside was erased",
            following="lianqiao trace ID, for an entry of AssetLocked, AssetMinted and the like",
        )
    return kept[0]


def _key(note: bytes, folder: Path) -> VerifierKey:
    """Return the key the checkpoint is verified with: the log's, as the settings name it."""
    origin = read_text(split(note)[0]).origin
    try:
        settings = load(folder / "lianqiao.toml")
        public = load_ed25519(folder / settings.log_key).public
    except (BadSettings, BadKey) as error:
        cause = "the folder has no settings that name the log's key"
        raise Stopped(USAGE, "LQ-KEY", str(error), cause=cause, following="--folder DIR") from error
    return VerifierKey(origin, public)


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)

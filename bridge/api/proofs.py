"""What proves the ledger: inclusion proofs, the signed checkpoint, tiles and entry bundles.

Source: C2SP tlog-tiles, C2SP tlog-checkpoint; RFC 6962, section 2.1.
"""

from base64 import b64encode

from aiohttp import web

from bridge.api.problems import Trouble
from bridge.api.registers import missing
from bridge.api.routes import NUMBER, READERS, Answer, Call, Route
from bridge.notary.checkpoint import Proof
from bridge.notary.tiles import Tile, bundle_bytes, tile_at, tile_bytes
from bridge.notary.tree import TILE, TILE_LEVELS, inclusion_path
from schemas.answers import ProofView

LEVEL = "[0-9]{1,2}"
INDEX = r"(x[0-9]{3}/){0,6}[0-9]{3}(\.p/[0-9]{1,3})?"


async def proof(call: Call) -> Answer:
    """Prove that an entry stands in the latest signed checkpoint; `form=tlog` gives the file."""
    journal, n = call.room.ring.journal, int(call.path["n"])
    note, size = journal.checkpoint, journal.sealed
    entry = journal.entry(n)
    if entry is None:
        raise missing(f"there is no entry {n} yet", f"a number below {journal.head.seq}")
    if n >= size:
        raise Trouble(
            409,
            "LQ-NOT-SEALED",
            f"no checkpoint covers entry {n} yet",
            remedy="ask again in a second",
            headers={"Retry-After": "1"},
        )
    path = inclusion_path(n, size, call.room.tree.hash)
    if call.query.get("form") == "tlog":
        file = Proof(n, path, note).file()
        return _bytes(file, "text/plain")
    return ProofView(
        n=str(n),
        size=str(size),
        leaf=entry.leaf,
        path=tuple(one.hex() for one in path),
        checkpoint=note.decode(),
        entry=b64encode(entry.raw).decode(),
    )


async def checkpoint(call: Call) -> Answer:
    """Show the latest signed checkpoint, as the note it is."""
    note = call.room.ring.journal.checkpoint
    if not note:
        raise missing("no checkpoint is signed yet", "ask again in a second")
    return _bytes(note, "text/plain")


async def tile(call: Call) -> Answer:
    """Show a tile of hashes under the latest checkpoint."""
    found = _tile(call, f"tile/{int(call.path['level'])}/{call.path['index']}")
    return _bytes(tile_bytes(found, call.room.tree.hash), "application/octet-stream", found)


async def bundle(call: Call) -> Answer:
    """Show a bundle of entries under the latest checkpoint."""
    found = _tile(call, f"tile/entries/{call.path['index']}")
    first = found.index * TILE
    entries = call.room.ring.journal.entries(first - 1, found.width)
    data = bundle_bytes([entry.raw for entry in entries])
    return _bytes(data, "application/octet-stream", found)


def _tile(call: Call, path: str) -> Tile:
    """Return a tile that lies whole below the checkpoint. Errors: Trouble, 404."""
    found, size = tile_at(path), call.room.ring.journal.sealed
    covered = size >> (TILE_LEVELS * max(0, found.level)) if found is not None else 0
    if found is None or found.index * TILE + found.width > covered:
        raise missing(f"the tree of {size} entries has no {path}", "GET /checkpoint")
    return found


def _bytes(data: bytes, media: str, found: Tile | None = None) -> web.Response:
    """Return bytes; a full tile never changes, and may be kept for ever."""
    whole = found is not None and found.width == TILE
    kept = "private, max-age=31536000, immutable" if whole else "no-store"
    return web.Response(body=data, content_type=media, headers={"Cache-Control": kept})


AUDITORS = frozenset({"auditor", "compliance"})

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET", path=f"/v1/proofs/{{n:{NUMBER}}}", name="prove",
        says="The inclusion proof of an entry.", answer=proof, roles=READERS, gives=ProofView,
        query={"form": "json|tlog"},
    ),
    Route(
        method="GET", path="/checkpoint", name="checkpoint", says="The latest signed checkpoint.",
        answer=checkpoint, roles=READERS, media="text/plain",
    ),
    Route(
        method="GET", path=f"/tile/entries/{{index:{INDEX}}}", name="bundle",
        says="A bundle of entries.", answer=bundle, roles=AUDITORS,
        media="application/octet-stream",
    ),
    Route(
        method="GET", path=f"/tile/{{level:{LEVEL}}}/{{index:{INDEX}}}", name="tile",
        says="A tile of hashes.", answer=tile, roles=READERS, media="application/octet-stream",
    ),
)  # fmt: skip

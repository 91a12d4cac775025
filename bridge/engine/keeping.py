"""What was prepared, as the ledger keeps it: its entry, the bytes beside, and both read again."""

from hashlib import sha256

from bridge.core.act import Signature
from bridge.core.canonical import Value
from bridge.core.ids import TxRef, derived_id, findable
from bridge.core.settlement import Settlement
from bridge.notary.entries import Draft
from bridge.notary.journal import Journal
from bridge.ports import Key, Prepared

Beside = tuple[tuple[str, bytes | None], ...]


def entry_of(
    settlement: Settlement, prepared: Prepared, signatures: tuple[Signature, ...]
) -> tuple[Draft, Beside]:
    """Return the entry that names the bytes by their hashes, and what lies beside it."""
    key = prepared.key
    hashes = [sha256(item).hexdigest() for item in prepared.items]
    body: dict[str, Value] = {
        "settlement": key.settlement,
        "verb": key.verb.value,
        "attempt": str(key.attempt),
        "network": prepared.network,
        "tx": prepared.tx,
        "items": hashes,
        "visit": str(settlement.visit),
        "signatures": [
            {"kind": s.kind, "signer": s.signer, "signature": s.signature.hex()} for s in signatures
        ],
    }
    if prepared.expires is not None:
        body["expires"] = str(prepared.expires)
    if prepared.replaces is not None:
        body["replaces"] = prepared.replaces
    if prepared.names and (names := findable(prepared.names)):
        body["names"] = list(names)
    if prepared.keep:
        body["keep"] = [
            {"key": name, "sha256": sha256(kept).hexdigest() if kept is not None else ""}
            for name, kept in prepared.keep
        ]
    name = derived_id(key.settlement, "prepared", key.text, prepared.tx)
    beside = (
        *((f"bytes/{name}", item) for name, item in zip(hashes, prepared.items, strict=True)),
        *((f"kept/{prepared.network}/{name}", kept) for name, kept in prepared.keep),
    )
    return Draft(id=name, kind="prepared", body=body), beside


def kept(journal: Journal, key: Key) -> Prepared | None:
    """Return the bytes the ledger keeps for `key`, from this life or an earlier one."""
    row = journal.view.prepared(key.text)
    if row is None:
        return None
    items = tuple(journal.side(f"bytes/{name}") for name in row.items)
    assert all(item is not None for item in items), f"{key.text}: prepared bytes are gone"
    return Prepared(
        key=key,
        network=row.network,
        tx=row.tx,
        items=tuple(item for item in items if item is not None),
        expires=row.expires,
        replaces=TxRef(row.replaces) if row.replaces is not None else None,
    )

"""The table of settings that opens a channel behind this gateway, and its TOML."""

import base64
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.bsn.devnet.behind import Behind
from adapters.bsn.devnet.gateway import MSP, UPLOAD, App
from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2, Secret

MARK = "# a devnet's key: everybody can make it, it protects nothing\n"
ALGORITHMS = {"sm2": SM2, "secp256r1": SECP256R1, "secp256k1": SECP256K1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Whose words a channel's blocks stand on, and who calls its escrow.

    `identity` is the key and certificate file of upload mode; `orderers` and the keys of
    `endorsers`, by organisation, are SubjectPublicKeyInfo.
    """

    app: App
    behind: Behind
    genesis: bytes
    orderers: tuple[bytes, ...]
    endorsers: tuple[tuple[str, bytes], ...]
    user: str
    identity: tuple[Path, Path]
    window_ms: int


def table_of(opening: Opening, folder: Path, base: str) -> dict[str, object]:
    """Write the user's key into a folder and return the table that opens the channel."""
    app, behind = opening.app, opening.behind
    user = folder / "user.pem"
    write_secret(user, MARK + Secret(app.algorithm, "user").pem())
    algorithm = next(name for name, number in ALGORITHMS.items() if number == app.algorithm)
    upload = app.mode == UPLOAD
    table: dict[str, object] = {
        "adapter": "bsn",
        "network": behind.network,
        "base_url": base,
        "user_code": app.user_code,
        "app_code": app.app_code,
        "user_name": opening.user,
        "mode": "upload" if upload else "trust",
        "algorithm": algorithm,
        "gateway_pin": base64.b64encode(app.secret.public().spki()).decode(),
        "user_key_file": str(user),
        "msp_id": MSP,
        "channel": behind.channel,
        "chaincode": behind.chaincode,
        "genesis_hash": opening.genesis.hex(),
        "orderer_keys": [base64.b64encode(one).decode() for one in opening.orderers],
        "window_ms": opening.window_ms,
        "allow_software_sm2": algorithm == "sm2",
    }
    if upload:
        table["identity_key_file"] = str(opening.identity[0])
        table["identity_certificate_file"] = str(opening.identity[1])
    table["endorsers"] = [
        {"msp": msp, "key": base64.b64encode(key).decode()} for msp, key in opening.endorsers
    ]
    return table


def toml(table: Mapping[str, object], remarks: Iterable[str] = ()) -> str:
    """The table as text, with remarks behind it."""
    lines = ["[network.channel]", *_lines(table)]
    tables = {name: held for name, held in table.items() if _is_tables(held)}
    for name, held in tables.items():
        assert isinstance(held, list), "a list of tables"
        for one in held:
            lines += ["", f"[[network.channel.{name}]]", *_lines(one)]
    return "\n".join([*lines, "", *(f"# {one}" for one in remarks), ""])


def _lines(table: Mapping[str, object]) -> list[str]:
    return [f"{name} = {_value(held)}" for name, held in table.items() if not _is_tables(held)]


def _is_tables(held: object) -> bool:
    return isinstance(held, list) and bool(held) and isinstance(held[0], Mapping)


def _value(held: object) -> str:
    if isinstance(held, bool):
        return str(held).lower()
    if isinstance(held, list):
        return f"[{', '.join(map(_value, held))}]"
    return str(held) if isinstance(held, int) else f'"{held}"'


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        os.fchmod(descriptor, 0o600)  # one that was there may have been open to others
        opened.write(text)

"""A new installation in a folder: keys, settings, tokens, the ledger's first group."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.settings_text import written
from bridge.clock import SystemClock
from bridge.core.ids import PersonId
from bridge.notary.attestation import Eip712Signer
from bridge.notary.keys import (
    Ed25519Key,
    load_ed25519,
    load_secp256k1,
    make_ed25519,
    make_secp256k1,
    write_durably,
)

ROLES = ("operator", "approver", "compliance", "admin")
NOTARIES = {"harbour": "HK", "meridian": "CN", "lantern": "SG"}  # three named operators
QUORUM = 2
CEILINGS = {  # of a pilot, until its people write others
    "custody.per_settlement": "1000000.00 CNY",
    "custody.per_day": "5000000.00 CNY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """One of the first people: id and name; their key file is made here."""

    id: str
    name: str


PEOPLE = (
    Newcomer(id="li.wei", name="Li Wei"),
    Newcomer(id="wang.fang", name="Wang Fang"),
    Newcomer(id="zhao.min", name="Zhao Min"),
)


def keys_of(folder: Path) -> dict[str, Ed25519Key]:
    """Make the keys of the log and the notaries; return the notaries' by operator."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700, parents=True)
    write_durably(keys / "fingerprint.key", secrets.token_bytes(32), new=True)
    made: dict[str, Ed25519Key] = {}
    for name in NOTARIES:
        made[name] = make_ed25519(keys / f"notary-{name}.ed25519.pem")
        make_secp256k1(keys / f"notary-{name}.secp256k1.pem")
    return made


def keys_again(folder: Path) -> dict[str, Ed25519Key]:
    """Return the notaries' keys that were made in a folder, by operator. Errors: BadKey."""
    return {name: load_ed25519(folder / f"keys/notary-{name}.ed25519.pem") for name in NOTARIES}


def addresses_of(folder: Path) -> tuple[str, ...]:
    """Return the addresses of the notaries' secp256k1 keys in a folder, in order."""
    keys = (load_secp256k1(folder / f"keys/notary-{name}.secp256k1.pem") for name in NOTARIES)
    return tuple(sorted(Eip712Signer(key, {}).address for key in keys))


def write_settings(
    folder: Path,
    *,
    profile: str,
    listen: str,
    networks: Mapping[str, Mapping[str, object]],
    rails: Mapping[str, Mapping[str, object]],
) -> Path:
    """Write lianqiao.toml, which is never overwritten, and return it."""
    values = {
        "profile": _toml(profile),
        "ledger.origin": _toml(f"localhost/{profile}"),
        "ledger.seal_every_ms": "100",
        "api.listen": _toml(listen),
    }
    if profile == "pilot":
        values |= {name: _toml(ceiling) for name, ceiling in CEILINGS.items()}
    lines: list[str] = []
    for name in NOTARIES:
        lines += [
            "",
            f"[notary.{name}]  # development custody: production settings refuse it",
            f'ed25519 = "keys/notary-{name}.ed25519.pem"',
            f'secp256k1 = "keys/notary-{name}.secp256k1.pem"',
            f'votes = "data/votes-{name}"',
        ]
    for section, held in (("network", networks), ("rail", rails)):
        for name, table in held.items():
            lines += ["", f"[{section}.{name}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in table.items()]
    file = folder / "lianqiao.toml"
    text = written(values, "\n".join(lines) + "\n")
    write_durably(file, text.encode(), new=True)
    return file


def _toml(value: object) -> str:
    """A value of a table of settings, tables and lists within it in one line."""
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(key))} = {_toml(held)}" for key, held in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def found(folder: Path, notaries: Mapping[str, Ed25519Key], *, profile: str, url: str) -> None:
    """Make people's keys and tokens, and write the ledger's first group."""
    from bridge.api.tokens import Tokens  # noqa: PLC0415 loaded while wires start
    from bridge.engine.founding import Founder, first_group  # noqa: PLC0415
    from bridge.notary.journal import Journal  # noqa: PLC0415
    from bridge.notary.store.sqlite import SqliteStore  # noqa: PLC0415

    data = folder / "data"
    data.mkdir(mode=0o700)
    log = make_ed25519(folder / "keys" / "log.pem")
    tokens = Tokens(data / "tokens.json")
    founders: list[Founder] = []
    files: dict[str, str] = {}
    for one in PEOPLE:
        key = make_ed25519(folder / "keys" / f"person-{one.id}.pem")
        token = folder / "keys" / f"token-{one.id}"
        write_durably(token, tokens.create(PersonId(one.id)).encode() + b"\n", new=True)
        files[one.id] = str(token)
        founder = Founder(id=PersonId(one.id), name=one.name, key=key.public, roles=ROLES)
        founders.append(founder)
    client = {
        "url": url,
        "as": PEOPLE[0].id,
        "tokens": files,
        "keys": {one.id: str(folder / "keys" / f"person-{one.id}.pem") for one in PEOPLE},
    }
    write_durably(data / "client.json", json.dumps(client, indent=1).encode() + b"\n", new=True)
    group = first_group(
        SystemClock().now(),
        secrets.token_bytes,
        origin=f"localhost/{profile}",
        log_key=log.public,
        notaries={name: (where, notaries[name].public) for name, where in NOTARIES.items()},
        threshold=QUORUM,
        people=tuple(founders),
    )

    async def begin() -> None:
        journal = Journal.open(SqliteStore(data / "ledger.db"), SystemClock())
        await journal.append((group,))
        await journal.close()

    asyncio.run(begin())

"""What `lianqiao evm account` and `evm plan` do: addresses of keys, and a plan to be reviewed."""

import asyncio
import os
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import ValidationError

from adapters.evm.accounts import Account, BadKeystore, opened, sealed
from adapters.evm.addresses import to_checksum_address
from adapters.evm.client import Bounds, Endpoint
from adapters.evm.deploying.command import DOWN, clock, first_of
from adapters.evm.deploying.plan import toml
from adapters.evm.finality import Finality
from adapters.evm.nodes import Nodes
from adapters.evm.opening import number
from adapters.evm.settings import SHALLOWEST, EndpointSettings
from bridge.ports import AdapterError, Unavailable

PEM: Final = b"-----BEGIN"
READER: Final = "keys/reader.key"
_ASIDE_MS: Final = 3_600_000
_OWN: Final = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a quorum of the operators says of their chain."""

    chain_id: int
    genesis: str
    is_tagged: bool  # whether they call a block final by themselves
    lag_ms: int  # from that block to their head


def accounted(file: Path, password_file: Path | None, *, make: bool) -> str:
    """Return the address of a key's file, EIP-55. With `make`, the file is new, mode 0600.

    Errors: click.UsageError.
    """
    if make:
        _make(file, _password(password_file))
    return to_checksum_address(account_of(file, password_file).address)


def account_of(file: Path, password_file: Path | None) -> Account:
    """Return the account of a keystore V3, or of a secp256k1 key in PEM. Errors: UsageError."""
    try:
        held = file.read_bytes()
        if held.startswith(PEM):
            return _of_pem(held, file)
        return opened(held, _password(password_file))
    except (OSError, BadKeystore) as error:
        raise click.UsageError(f"{file}: {error}") from error


def drafted(
    file: Path, nodes: Sequence[str], settings: Path, keys: Mapping[str, Path], password: Path
) -> int:
    """Return the exit code; the plan is in `file`, which is new.

    A reader's key is made where there is none beside `settings`.
    `nodes` are OPERATOR=URL; `keys` are the keystores of `entry` and `exit`.
    Errors: click.UsageError.
    """
    if file.exists():
        raise click.UsageError(f"{file}: is there already; give the new plan another name")
    endpoints = [_endpoint(one) for one in nodes]
    notaries = _notaries(settings)
    accounts = {name: accounted(one, password, make=False) for name, one in keys.items()}
    try:
        seen = asyncio.run(_seen(endpoints))
    except AdapterError as error:
        click.echo(f"no answer to rest on: {error}", err=True)
        return DOWN
    reader = _reader(settings.parent / READER)
    at = {name: os.path.relpath(one, settings.parent) for name, one in keys.items()}
    secret = os.path.relpath(password, settings.parent)
    tables = {name: toml({"keystore": one, "password_file": secret}) for name, one in at.items()}
    roles = _roles(notaries, accounts["entry"])
    _write(file, "\n".join([*roles, *_network(seen, endpoints, tables, reader)]).encode())
    click.echo(f"{file}: say who the governor and the guardian are, then evm deploy", err=True)
    return 0


def _roles(notaries: Mapping[str, str], entry: str) -> list[str]:
    return [
        "# A plan for `lianqiao evm deploy`: two people read it, nothing is sent before.",
        'governor = ""  # address that lists assets and names operators: a Safe of several people',
        'guardian = ""  # address that may only stop: a veto, never a transfer',
        "notaries = [",
        *(f'  "{address}",  # {name}' for name, address in sorted(notaries.items())),
        "]",
        f"threshold = {len(notaries) // 2 + 1}  # signatures an act needs: a majority",
        f'operators = ["{entry}"]  # may bring a lock',
        "escape_days = 400  # 30 to 3650: then a holder takes back by themselves what is locked",
        '# title_factory = "0x…"  # where TradeTrust titles are at home',
        "",
    ]


def _network(
    seen: Seen, endpoints: Sequence[tuple[str, str]], keys: Mapping[str, str], reader: str
) -> list[str]:
    finality = ['finality = "finalized"  # the nodes\' own tag']
    if not seen.is_tagged:
        finality = ['finality = "depth"  # the nodes call no block final', f"depth = {SHALLOWEST}"]
    return [
        "[settings]",
        f'network = "eip155:{seen.chain_id}"',
        f'genesis_hash = "{seen.genesis}"  # said by these nodes: compare it elsewhere',
        "endpoints = [",
        *(f"  {toml({'operator': operator, 'url': url})}," for operator, url in endpoints),
        "]",
        f"quorum = {_majority(endpoints)}  # operators, not addresses",
        *finality,
        f"finality_ms = {2 * seen.lag_ms}  # twice what it took while this was written",
        f'readers = ["{reader}"]  # the public half of the next: whose word of finality is taken',
        f'reader_key_file = "{READER}"',
        f"entry_key = {keys['entry']}  # locks and mints",
        f"exit_key = {keys['exit']}  # releases, unmints, burns, assigns, holds",
        "max_fee_wei = 100_000_000_000  # for one gas; above it we wait",
        "",
    ]


def _majority(endpoints: Sequence[tuple[str, str]]) -> int:
    return len({operator for operator, _ in endpoints}) // 2 + 1


async def _seen(endpoints: Sequence[tuple[str, str]]) -> Seen:
    bounds = Bounds()
    async with AsyncExitStack() as stack:
        held = [
            await stack.enter_async_context(Endpoint(url, operator, bounds))
            for operator, url in endpoints
        ]
        nodes = Nodes("", held, _majority(endpoints), clock(), _ASIDE_MS)
        stack.push_async_callback(nodes.close)
        (chain,) = await nodes.agreed([("eth_chainId", ())])
        finality = Finality(nodes, None)
        genesis, _ = await finality.agreed(0)
        head, _ = await finality.agreed(await nodes.head())
        try:
            final = (await finality.final()).header
            tagged = True
        except Unavailable:
            final, _ = await finality.agreed(max(0, head.number - SHALLOWEST))
            tagged = False
    lag = max(1, head.timestamp - final.timestamp) * 1_000
    return Seen(
        chain_id=number(chain), genesis=f"0x{genesis.hash.hex()}", is_tagged=tagged, lag_ms=lag
    )


def _endpoint(said: str) -> tuple[str, str]:
    """Return who runs a node, and where it answers. Errors: UsageError, without the URL."""
    operator, equals, url = said.partition("=")
    if not equals:
        raise click.UsageError("--node: is no OPERATOR=URL; say who runs it")
    try:
        found = EndpointSettings.model_validate({"operator": operator, "url": url})
    except ValidationError as error:
        raise click.UsageError(f"--node: {operator}: {first_of(error)}") from error
    return found.operator, found.url


def _notaries(settings: Path) -> dict[str, str]:
    """Return the addresses of the notaries that a file of settings names, by name."""
    try:
        told = tomllib.loads(settings.read_text("utf-8")).get("notary", {})
        files = {str(name): settings.parent / one["secp256k1"] for name, one in told.items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"{settings}: {error}") from error
    except (AttributeError, KeyError, TypeError) as error:
        raise click.UsageError(f"{settings}: a [notary] names no secp256k1 key file") from error
    if len(files) < 2:
        raise click.UsageError(f"{settings}: has {len(files)} of the two [notary] a set needs")
    return {name: accounted(file, None, make=False) for name, file in files.items()}


def _of_pem(pem: bytes, file: Path) -> Account:
    try:
        key = load_pem_private_key(pem, None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise click.UsageError(f"{file}: no private key without a passphrase: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256k1":
        raise click.UsageError(f"{file}: no secp256k1 key; an account needs one")
    return Account(key.private_numbers().private_value.to_bytes(32, "big"))


def _password(file: Path | None) -> bytes:
    if file is None:
        raise click.UsageError("--password-file: a keystore needs one")
    try:
        held = file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise click.UsageError(f"--password-file: {error}") from error
    if not held:
        raise click.UsageError(f"--password-file: {file} is empty; write a password into it")
    return held


def _make(file: Path, password: bytes) -> None:
    key = ec.generate_private_key(ec.SECP256K1()).private_numbers().private_value
    salt, iv = secrets.token_bytes(32), secrets.token_bytes(16)
    _write(file, sealed(key.to_bytes(32, "big"), password, salt=salt, iv=iv))


def _reader(file: Path) -> str:
    """Return the public half of a reader's key, which is made where it is not there."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        _write(file, secrets.token_bytes(32))
    try:
        return (
            Ed25519PrivateKey.from_private_bytes(file.read_bytes())
            .public_key()
            .public_bytes_raw()
            .hex()
        )
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{file}: no key of 32 bytes: {error}") from error


def _write(file: Path, held: bytes) -> None:
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWN)
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}; nothing was written over") from error
    with os.fdopen(handle, "wb") as out:
        out.write(held)
        out.flush()
        os.fsync(out.fileno())

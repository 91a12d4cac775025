"""What the entry point `evm` names: how a chain is set, opened, pinned and verified."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.evm.accounts import Account, BadKeystore, opened
from adapters.evm.client import Bounds, Endpoint
from adapters.evm.evidence import DEPTH, QUORUM, verify
from adapters.evm.finality import Finality
from adapters.evm.network import EscrowNetwork, Keys
from adapters.evm.nodes import Node, Nodes
from adapters.evm.opening import checked
from adapters.evm.reading import Pinned, Reader
from adapters.evm.settings import EvmSettings, KeySettings
from adapters.evm.ticket import Domain
from adapters.evm.wallet import Limits, Wallet
from adapters.evm.watchman import BEHIND, KEPT, Watchman
from bridge.core.canonical import Value
from bridge.ports import Adapter, AdapterSettings, Clock, Kept

PASSWORD_LONGEST = 4_096  # bytes of its file


def network_settings(table: Mapping[str, object]) -> EvmSettings:
    """Return the settings of a network's table. Errors: ValueError naming key and rule."""
    return EvmSettings.model_validate(dict(table))


def network_pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes for a chain: block 0, escrow, readers, whose word is final."""
    assert isinstance(settings, EvmSettings)
    needed = settings.quorum if settings.depth is None else settings.depth
    return {
        "network": settings.network,
        "genesis": settings.genesis_hash,
        "escrow": settings.escrow,
        "readers": list(settings.readers),
        "finality": {
            "kind": QUORUM if settings.depth is None else DEPTH,
            "needed": str(needed),
            "operators": list(settings.operators),
        },
    }


def network_over(
    nodes: Sequence[Node],
    settings: EvmSettings,
    clock: Clock,
    *,
    reader: Ed25519PrivateKey,
    entry: Account | None,
    leave: Account | None,
    known: Sequence[str] = (),
    behind: Mapping[str, bytes] | None = None,
) -> EscrowNetwork:
    """Return the door of a chain over nodes that are there."""
    if reader.public_key().public_bytes_raw().hex() not in settings.readers:
        raise ValueError("reader_key_file: its public key is not among `readers`; add it there")
    asked = Nodes(settings.network, nodes, settings.quorum, clock, settings.quarantine_ms)
    finality = Finality(asked, settings.depth)
    domain = Domain(
        settings.chain_id,
        bytes.fromhex(settings.escrow[2:]),
        bytes.fromhex(settings.genesis_hash[2:]),
    )
    pinned = Pinned(
        network=settings.network,
        genesis=domain.genesis,
        escrow=domain.contract,
        start_block=settings.start_block,
        reader=reader,
    )
    limits = Limits(
        max_fee=settings.max_fee_wei,
        min_tip=settings.min_tip_wei,
        max_gas=settings.max_gas,
        bump_blocks=settings.bump_blocks,
        life_ms=settings.tx_life_ms,
    )

    def wallet(account: Account | None) -> Wallet | None:
        return None if account is None else Wallet(account, asked, clock, settings.chain_id, limits)

    others = [
        (one.name, one.address, bytes.fromhex(one.code_hash[2:])) for one in settings.contracts
    ]
    named = [one.address for one in settings.contracts]
    watchman = Watchman(asked, settings.escrow, known, behind=behind, pinned=named)
    escrow_code = bytes.fromhex(settings.escrow_code_hash[2:])
    return EscrowNetwork(
        settings.network,
        domain,
        asked,
        finality,
        reader=Reader(asked, finality, pinned, poll_ms=settings.poll_ms, watchman=watchman),
        keys=Keys(entry=wallet(entry), exit=wallet(leave)),
        finality_ms=settings.finality_ms,
        check=partial(checked, asked, domain, escrow_code, others),
        pinned=named,
    )


@asynccontextmanager
async def open_network(
    settings: AdapterSettings, clock: Clock, kept: Kept
) -> AsyncGenerator[EscrowNetwork]:
    """Yield the door of one chain; its nodes are compared with the settings when first used.

    Errors: ValueError, OSError: a key file that gives no key.
    """
    assert isinstance(settings, EvmSettings)
    known = [key.removeprefix(KEPT) for key in kept.keys(KEPT)]  # assets that were moved here
    seen = {one.removeprefix(BEHIND): kept.get(one) or b"{}" for one in kept.keys(BEHIND)}
    entry = await asyncio.to_thread(_account, settings.entry_key, "entry_key")
    leave = await asyncio.to_thread(_account, settings.exit_key, "exit_key")
    reader = await asyncio.to_thread(_reader, settings.reader_key_file)
    bounds = Bounds(timeout_s=settings.timeout_ms / 1000)
    async with AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(Endpoint(one.url, one.operator, bounds))
            for one in settings.endpoints
        ]
        network = network_over(
            nodes,
            settings,
            clock,
            reader=reader,
            entry=entry,
            leave=leave,
            known=known,
            behind=seen,
        )
        stack.push_async_callback(network.close)
        yield network


def _reader(file: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(Path(file).read_bytes())


def _account(key: KeySettings | None, name: str) -> Account | None:
    """Return the account of a keystore; scrypt takes a second. Errors: ValueError, OSError."""
    if key is None:
        return None
    password = Path(key.password_file).read_bytes()[:PASSWORD_LONGEST].rstrip(b"\r\n")
    try:
        return opened(Path(key.keystore).read_bytes(), password)
    except BadKeystore as error:
        raise ValueError(f"{name}: {error}") from error


ADAPTER = Adapter(
    name="evm",
    settings=network_settings,
    open=open_network,
    pinned=network_pinned,
    verify=verify,
)

"""The gateway before a real network that `adapters.bsn.fabric_network` brought up in a folder.

Its user is the network's User1 of the first organisation: in trust mode the gateway signs with a
copy of their key, in upload mode it closes the envelopes of what they signed.
"""

import json
from collections.abc import Callable
from pathlib import Path

from adapters.bsn.devnet.gateway import MSP, TRUST, App, Gateway
from adapters.bsn.devnet.macs import Secret
from adapters.bsn.devnet.opening import Opening
from adapters.bsn.devnet.peer import Copied, Peer, block_in, copied, spki_of
from adapters.bsn.fabric_layout import ORDERER_HOME, ORGANISATIONS, msp, peer_home, user_home

USER = "user1"


def before(
    root: Path, clock: Callable[[], int], *, algorithm: int, mode: int, window_ms: int
) -> tuple[Gateway, Opening]:
    """A gateway at the first organisation's peer, and what opens the channel through it."""
    first = ORGANISATIONS[0]
    ports: dict[str, int] = json.loads((root / "network.json").read_text("utf-8"))["ports"]
    genesis = block_in((root / "settle.block").read_bytes()).hash
    certificate, key = _files(root, user_home(first, "User1"))
    user = copied(msp(first), certificate.read_bytes(), key.read_bytes())
    peer = Peer(
        address=f"127.0.0.1:{ports[f'{first}.peer']}",
        ca=(root / peer_home(first) / "tls/ca.crt").read_bytes(),
        genesis=genesis,
        organisations=tuple(map(msp, ORGANISATIONS)),
        asking=user,
        users={user.identity: user},
        clock=clock,
    )
    gateway = Gateway(ledger=peer)
    app = _opened(gateway, algorithm, mode, user)
    orderer, _ = _files(root, ORDERER_HOME)
    peers = {one: _files(root, peer_home(one))[0] for one in ORGANISATIONS}
    opening = Opening(
        app=app,
        behind=peer,
        genesis=genesis,
        orderers=(spki_of(orderer.read_bytes()),),
        endorsers=tuple((msp(one), spki_of(file.read_bytes())) for one, file in peers.items()),
        user=USER,
        identity=(key, certificate),
        window_ms=window_ms,
    )
    return gateway, opening


def _opened(gateway: Gateway, algorithm: int, mode: int, user: Copied) -> App:
    app = gateway.open(algorithm, mode, Secret(algorithm, "user").public())
    if mode == TRUST:
        assert msp(ORGANISATIONS[0]) == MSP, "getAppInfo names the first organisation"
        gateway.kept[app.app_code, USER] = (user, user.identity)
    return app


def _files(root: Path, home: str) -> tuple[Path, Path]:
    """The certificate and the key of somebody of the network."""
    (certificate,), (key,) = (
        (root / home / "msp" / folder).iterdir() for folder in ("signcerts", "keystore")
    )
    return certificate, key

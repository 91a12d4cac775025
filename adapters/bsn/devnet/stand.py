"""A channel made ready: its escrow configured, its people enrolled, an asset each, keys in files.

Every key follows from its name. Whoever reads this can make them; so the files say what they are,
and settings that reach beyond this machine refuse them.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from adapters.bsn.chaincode.lots import ISSUE_PREFIX
from adapters.bsn.devnet.blocks import ENDORSERS, ORDERER
from adapters.bsn.devnet.gateway import MSP, UPLOAD, App, Gateway
from adapters.bsn.devnet.ledger import Ledger, proposal
from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2, Public, Secret
from adapters.bsn.devnet.names import certificate
from bridge.core.canonical import Value, canonical

MARK = "# a devnet's key: everybody can make it, it protects nothing\n"
ALGORITHMS = {"sm2": SM2, "secp256r1": SECP256R1, "secp256k1": SECP256K1}
OPERATOR = "operator"
DEEDS = ("issue", "split", "endorse")  # of somebody beside the bridge
DAY = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a certificate of the network."""

    name: str
    secret: Secret
    identity: bytes

    @property
    def account(self) -> str:
        """The account as the escrow names it."""
        return f"{MSP}/{sha256(self.secret.public().point).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A gateway with what its caller has to know."""

    gateway: Gateway
    app: App
    operator: Person
    holders: dict[str, Person]
    assets: dict[str, str]  # holder to asset

    def do(self, words: Mapping[str, str]) -> None:
        """Carry out what somebody beside the bridge asks for: a paper issued, split or endorsed.

        People are named by their name or account. An issue names its holder as `account`, and as
        `obligor` whose word it is, else the holder's own; a split parts `units` off `part` into
        `into`; an endorsement leaves `part` to `to`.
        Errors: ValueError, KeyError for what is no command; EndorsementFailed.
        """
        match words["do"]:
            case "issue":
                self._issue(words)
            case "split" | "endorse" as verb:
                self._changed(verb, words)
            case other:
                raise ValueError(f"{other!r} is none of {', '.join(DEEDS)}")

    def _person(self, name: str) -> Person:
        for one in self.holders.values():
            if name in (one.name, one.account):
                return one
        raise ValueError(f"{name!r} is none of {', '.join(self.holders)}")

    def _issue(self, words: Mapping[str, str]) -> None:
        if words.get("part"):
            raise ValueError("part: a paper is issued whole, then split")
        holder = self._person(words["account"])
        obligor = self._person(words.get("obligor", holder.name))
        issue(self.gateway.ledger, holder, words["asset"], words["units"], obligor=obligor)

    def _changed(self, verb: str, words: Mapping[str, str]) -> None:
        holder, asset, part = self._person(words["account"]), words["asset"], words.get("part", "")
        lot = self.gateway.ledger.lot(asset, part)
        if not lot:
            raise ValueError(f"asset: no lot {asset} {part}")
        argument: dict[str, Value] = {"asset": asset, "part": part, "last": lot["last"]}
        if verb == "split":
            argument |= {"into": words["into"], "units": words["units"]}
        else:
            argument["to"] = self._person(words["to"]).account
        call(self.gateway.ledger, holder, verb, argument)


def set_up(
    clock: Callable[[], int],
    *,
    algorithm: int,
    mode: int,
    notaries: list[str],
    threshold: int,
    names: list[str],
    block_ms: int = 200,
    window_ms: int = 60_000,
    channel: str = "settle",
) -> Stand:
    """Return a channel whose escrow trusts these notaries, with an account and asset for each name.

    Errors: EndorsementFailed where the escrow does not take such notaries.
    """
    ledger = Ledger(clock=clock, block_ms=block_ms, channel=channel)
    gateway = Gateway(ledger=ledger)
    app = gateway.open(algorithm, mode, Secret(algorithm, "user").public())
    operator = _operator(gateway, app)
    configuration: Value = {
        "network": ledger.network,
        "escrow": f"{ledger.channel}/{ledger.chaincode}",
        "number": "1",
        "escape_after": str(400 * DAY),
        "window": str(window_ms),
        "operators": [operator.account],
        "notaries": sorted(notaries),
        "threshold": str(threshold),
    }
    ledger.admits = sha256(canonical(configuration)).hexdigest()
    call(ledger, operator, "configure", configuration)
    kind = SM2 if algorithm == SM2 else SECP256R1
    holders = {name: _member(ledger, name, Secret(kind, name)) for name in names}
    assets = {}
    for name, holder in holders.items():
        call(ledger, holder, "enrol", {})
        assets[name] = f"asset-of-{name}"
        issue(ledger, holder, assets[name], "100", obligor=holder)
    return Stand(gateway=gateway, app=app, operator=operator, holders=holders, assets=assets)


def _member(ledger: Ledger, name: str, secret: Secret) -> Person:
    made = certificate(name, secret.public())
    return Person(name, secret, ledger.join(MSP, name, made, secret.public()))


def _operator(gateway: Gateway, app: App) -> Person:
    if app.mode == UPLOAD:
        return _member(gateway.ledger, OPERATOR, Secret(app.algorithm, OPERATOR))
    gateway.register(app, {"name": OPERATOR, "secret": "0" * 32})
    secret, identity = gateway.kept[app.app_code, OPERATOR]
    return Person(OPERATOR, secret, identity)


def call(ledger: Ledger, who: Person, verb: str, argument: Value) -> bytes:
    """Carry out a call by somebody who is not the bridge, in a block at once; return its answer.

    Errors: EndorsementFailed.
    """
    number = len(ledger.blocks)
    signed = proposal(
        secret=who.secret,
        identity=who.identity,
        nonce=sha256(f"{who.name} {verb} {number}".encode()).digest()[:24],
        time_ms=ledger.clock(),
        place=(ledger.channel, ledger.chaincode),
        words=(verb.encode(), canonical(argument)),
    )
    endorsed = ledger.endorse(signed)
    ledger.order(endorsed)
    ledger.cut()
    return endorsed.payload


def issue(ledger: Ledger, holder: Person, asset: str, units: str, *, obligor: Person) -> None:
    """Issue a paper to a holder, its obligor's signature beside it where they are another.

    Errors: EndorsementFailed.
    """
    paper: Value = {
        "network": ledger.network,
        "escrow": f"{ledger.channel}/{ledger.chaincode}",
        "asset": asset,
        "units": units,
        "holder": holder.account,
        "obligor": obligor.account,
        "profile": sha256(b"devnet").hexdigest(),
    }
    words: list[Value] = []
    if obligor != holder:
        key, signed = obligor.secret, obligor.secret.sign(ISSUE_PREFIX + canonical(paper))
        kind = "sm2" if key.algorithm == SM2 else "p256"
        signer = key.public().point.hex()
        words.append({"kind": kind, "signer": signer, "signature": signed.hex()})
    call(ledger, holder, "issue", {"paper": paper, "signatures": words})


def spki(key: Public) -> str:
    """A public key as the settings have it: the lines of its PEM, without the first and last."""
    return "".join(key.pem().splitlines()[1:-1])


def _write_secret(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        os.fchmod(descriptor, 0o600)  # one that was there may have been open to others
        opened.write(text)


def written(stand: Stand, folder: Path, base: str, *, window_ms: int = 60_000) -> str:
    """Write the keys into a folder and return the block of settings that opens this channel."""
    app, ledger = stand.app, stand.gateway.ledger
    secret = Secret(app.algorithm, "user")
    files = {"user.pem": MARK + secret.pem()}
    if app.mode == UPLOAD:
        files["identity.pem"] = MARK + stand.operator.secret.pem()
        files["identity.crt"] = certificate(OPERATOR, stand.operator.secret.public())
    for name, holder in stand.holders.items():
        files[f"{name}.pem"] = MARK + holder.secret.pem()
    for name, text in files.items():
        _write_secret(folder / name, text)
    algorithm = next(name for name, number in ALGORITHMS.items() if number == app.algorithm)
    upload = app.mode == UPLOAD
    lines = [
        "[network.channel]",
        'adapter = "bsn"',
        f'network = "{ledger.network}"',
        f'base_url = "{base}"',
        f'user_code = "{app.user_code}"',
        f'app_code = "{app.app_code}"',
        f'user_name = "{OPERATOR}"',
        f'mode = "{"upload" if upload else "trust"}"',
        f'algorithm = "{algorithm}"',
        f'gateway_key = "{spki(app.secret.public())}"',
        f'user_key_file = "{folder / "user.pem"}"',
        f'msp_id = "{MSP}"',
        f'channel = "{ledger.channel}"',
        f'chaincode = "{ledger.chaincode}"',
        f'genesis_hash = "{ledger.blocks[0].hash.hex()}"',
        f'orderer_keys = ["{spki(ORDERER.secret.public())}"]',
        f"window_ms = {window_ms}",
        f"allow_software_sm2 = {'true' if algorithm == 'sm2' else 'false'}",
    ]
    if upload:
        lines.append(f'identity_key_file = "{folder / "identity.pem"}"')
        lines.append(f'identity_certificate_file = "{folder / "identity.crt"}"')
    for one in ENDORSERS:
        lines += ["", "[[network.channel.endorsers]]", f'msp = "{one.msp}"']
        lines.append(f'key = "{spki(one.secret.public())}"')
    lines += ["", "# accounts and what they hold"]
    for name, holder in stand.holders.items():
        lines.append(f"# {name}: {holder.account}, 100 of {stand.assets[name]}")
    return "\n".join([*lines, ""])

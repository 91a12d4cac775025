"""A channel made ready: its escrow configured, its people enrolled, an asset each, keys in files.

Every key follows from its name. Whoever reads this can make them; so the files say what they are,
and settings that reach beyond this machine refuse them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from adapters.bsn.chaincode.lots import ISSUE_PREFIX
from adapters.bsn.devnet.blocks import ENDORSERS, ORDERER
from adapters.bsn.devnet.gateway import MSP, UPLOAD, App, Gateway
from adapters.bsn.devnet.ledger import Ledger, proposal
from adapters.bsn.devnet.macs import SECP256R1, SM2, Secret
from adapters.bsn.devnet.names import certificate
from adapters.bsn.devnet.opening import MARK, Opening, table_of, toml, write_secret
from adapters.bsn.devnet.tape import Tape
from bridge.core.canonical import Value, canonical

OPERATOR = "operator"
DEEDS = ("issue", "split", "endorse")  # of somebody beside the bridge
DAY = 24 * 3_600_000
READY = {"ready": True}  # on a tape: the channel stands


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
    ledger: Ledger
    app: App
    operator: Person
    holders: dict[str, Person]
    assets: dict[str, str]  # holder to asset
    units: int  # of each

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
        issue(self.ledger, holder, words["asset"], words["units"], obligor=obligor)

    def _changed(self, verb: str, words: Mapping[str, str]) -> None:
        holder, asset, part = self._person(words["account"]), words["asset"], words.get("part", "")
        lot = self.ledger.lot(asset, part)
        if not lot:
            raise ValueError(f"asset: no lot {asset} {part}")
        argument: dict[str, Value] = {"asset": asset, "part": part, "last": lot["last"]}
        if verb == "split":
            argument |= {"into": words["into"], "units": words["units"]}
        else:
            argument["to"] = self._person(words["to"]).account
        call(self.ledger, holder, verb, argument)


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
    units: int = 100,
    tape: Tape | None = None,
) -> Stand:
    """Return a channel whose escrow trusts these notaries, with an account and asset for each name.

    It is the channel of the tape where that holds one that was ready.
    Errors: EndorsementFailed where the escrow does not take such notaries.
    """
    is_kept = tape is not None and READY in tape.lines()
    if tape is not None and not is_kept:
        tape.wipe()  # killed before anybody was told of it
    ledger = Ledger(clock=clock, block_ms=block_ms, channel=channel, tape=tape)
    gateway = Gateway(ledger=ledger)
    app = gateway.open(algorithm, mode, Secret(algorithm, "user").public())
    operator = _operator(gateway, ledger, app)
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
    if not is_kept:
        call(ledger, operator, "configure", configuration)
    kind = SM2 if algorithm == SM2 else SECP256R1
    holders = {name: _member(ledger, name, Secret(kind, name)) for name in names}
    assets = {name: f"asset-of-{name}" for name in names}
    for name, holder in holders.items() if not is_kept else ():
        call(ledger, holder, "enrol", {})
        issue(ledger, holder, assets[name], str(units), obligor=holder)
    if tape is not None and not is_kept:
        tape.add(READY)
    return Stand(
        gateway=gateway,
        ledger=ledger,
        app=app,
        operator=operator,
        holders=holders,
        assets=assets,
        units=units,
    )


def _member(ledger: Ledger, name: str, secret: Secret) -> Person:
    made = certificate(name, secret.public())
    return Person(name, secret, ledger.join(MSP, name, made, secret.public()))


def _operator(gateway: Gateway, ledger: Ledger, app: App) -> Person:
    if app.mode == UPLOAD:
        return _member(ledger, OPERATOR, Secret(app.algorithm, OPERATOR))
    gateway.register(app, {"name": OPERATOR, "secret": "0" * 32})
    secret, identity = gateway.kept[app.app_code, OPERATOR]
    assert isinstance(secret, Secret), "it was made just now"
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


def written(stand: Stand, folder: Path, base: str, *, window_ms: int = 60_000) -> str:
    """Write the keys into a folder and return the block of settings that opens this channel."""
    files = {f"{name}.pem": holder.secret.pem() for name, holder in stand.holders.items()}
    key, named = folder / "identity.pem", folder / "identity.crt"
    if stand.app.mode == UPLOAD:
        files[key.name] = stand.operator.secret.pem()
        named.write_text(certificate(OPERATOR, stand.operator.secret.public()), "ascii")
    for name, text in files.items():
        write_secret(folder / name, MARK + text)
    opening = Opening(
        app=stand.app,
        behind=stand.ledger,
        genesis=stand.ledger.blocks[0].hash,
        orderers=(ORDERER.secret.public().spki(),),
        endorsers=tuple((one.msp, one.secret.public().spki()) for one in ENDORSERS),
        user=OPERATOR,
        identity=(key, named),
        window_ms=window_ms,
    )
    held = [
        f"{name}: {holder.account}, {stand.units} of {stand.assets[name]}"
        for name, holder in stand.holders.items()
    ]
    return toml(table_of(opening, folder, base), ("accounts and what they hold", *held))

"""A channel behind the devnet's gateway, in this process, with everything a card asks for."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path

from adapters.bsn.adapter import network_over, network_pinned
from adapters.bsn.certificates import Algorithm
from adapters.bsn.devnet.blocks import ENDORSERS, ORDERER
from adapters.bsn.devnet.gateway import MSP, UPLOAD, App, Gateway
from adapters.bsn.devnet.ledger import Ledger, proposal
from adapters.bsn.devnet.macs import SECP256R1, SM2, Public, Secret
from adapters.bsn.devnet.names import certificate
from adapters.bsn.devnet.replies import Lost
from adapters.bsn.devnet.server import steer
from adapters.bsn.devnet.wire import part
from adapters.bsn.network import ChannelNetwork
from adapters.bsn.pcn_evidence import verify
from adapters.bsn.pcn_wire import Heard, NoAnswer, NotSent
from adapters.bsn.settings import PcnSettings
from adapters.conformance.bench import Bench, DestinationSide, OriginSide
from adapters.conformance.exam import EPOCH, NOTARY_KEYS, THRESHOLD, Owned, exam_act
from bridge.core.canonical import Value, canonical, parse
from bridge.core.consent import Consent
from bridge.core.effects import BurnAsset, LockAsset, NetworkEffect
from bridge.core.events import Fact
from bridge.core.ids import Instant
from bridge.core.order import SettlementOrder

START = 1_767_225_600_000
BLOCK_MS, POLL_MS, WINDOW_MS, TIMEOUT_MS = 200, 100, 2_000, 500
DAY = 24 * 3_600_000


class LoopClock:
    """The running loop's time as a clock, and ahead of it by what a test let pass at once."""

    def __init__(self) -> None:
        self._ahead_ms = 0
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    def now(self) -> Instant:
        return Instant(START + self._ahead_ms + round((self._loop.time() - self._began) * 1_000))

    def goes_to(self, then: int) -> None:
        """It is then, unless it is later already."""
        self._ahead_ms += max(0, then - self.now())


@dataclass
class Direct:
    """The gateway as a wire of this process."""

    gateway: Gateway
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    async def post(self, path: str, data: bytes) -> Heard:
        self.sent.append((path, data))
        if self.gateway.closed:
            raise NotSent("nobody listens")
        await asyncio.sleep(0)
        try:
            reply = self.gateway.answer(path, data)
        except Lost as error:
            raise NoAnswer(str(error)) from error
        if reply.late_ms > TIMEOUT_MS:
            raise NoAnswer("too late")
        await asyncio.sleep(reply.late_ms / 1000)
        return Heard(reply.status, reply.data)

    def uploaded(self) -> list[str]:
        """The ids of the transactions that were sent in upload mode, in order."""
        bodies = [json.loads(data)["body"] for path, data in self.sent if path.endswith("/trans")]
        signed = [base64.b64decode(body["transData"]) for body in bodies]
        return [part(one, 1, 1, 1, 5).decode() for one in signed]


@dataclass(frozen=True)
class Person:
    """Somebody with a certificate of the network."""

    secret: Secret
    identity: bytes
    msp: str = MSP

    @property
    def key(self) -> Public:
        return self.secret.public()

    @property
    def account(self) -> str:
        return f"{self.msp}/{sha256(self.key.point).hexdigest()}"


@dataclass
class Here:
    """One channel, one application, an operator, two holders, and assets made on demand."""

    algorithm: int = SECP256R1
    mode: int = UPLOAD
    is_home: bool = True
    folder: Path = Path()
    made: int = 0
    notary_keys: tuple[str, ...] = NOTARY_KEYS

    def __post_init__(self) -> None:
        self.clock = LoopClock()
        self.ledger = Ledger(clock=self.clock.now, block_ms=BLOCK_MS)
        self.gateway = Gateway(ledger=self.ledger)
        self.wire = Direct(self.gateway)
        self.user = Secret(self.algorithm, "user")
        self.app: App = self.gateway.open(self.algorithm, self.mode, self.user.public())
        holding = SM2 if self.algorithm == SM2 else SECP256R1
        self.holder = self.member(Secret(holding, "holder"), "holder")
        self.receiver = self.member(Secret(holding, "receiver"), "receiver")
        self.stranger = self.member(Secret(SECP256R1, "stranger"), "stranger")
        self.operator = self._operator()
        self._configure()
        for who in (self.holder, self.receiver):
            self.call(who, "enrol", {})
        self.network: ChannelNetwork = network_over(self.wire, self.settings(), self.clock)

    def member(self, secret: Secret, name: str) -> Person:
        made = certificate(name, secret.public())
        return Person(secret, self.ledger.join(MSP, name, made, secret.public()))

    def _operator(self) -> Person:
        if self.mode == UPLOAD:
            return self.member(Secret(self.algorithm, "operator"), "operator")
        self.gateway.register(self.app, {"name": "operator", "secret": "0" * 32})
        secret, identity = self.gateway.kept[self.app.app_code, "operator"]
        assert isinstance(secret, Secret)
        return Person(secret, identity)

    def _configure(self) -> None:
        body: Value = {
            "network": self.ledger.network,
            "escrow": self.escrow,
            "number": "1",
            "escape_after": str(400 * DAY),
            "window": str(WINDOW_MS),
            "operators": [self.operator.account],
            "notaries": sorted(self.notary_keys),
            "threshold": str(THRESHOLD),
        }
        assert EPOCH == 1
        self.ledger.admits = sha256(canonical(body)).hexdigest()
        self.call(self.operator, "configure", body)

    @property
    def escrow(self) -> str:
        return f"{self.ledger.channel}/{self.ledger.chaincode}"

    def call(self, who: Person, verb: str, argument: Value) -> bytes:
        """A call by somebody who is not the bridge, in a block at once."""
        self.made += 1
        signed = proposal(
            secret=who.secret,
            identity=who.identity,
            nonce=sha256(f"{self.made}".encode()).digest()[:24],
            time_ms=self.clock.now(),
            place=(self.ledger.channel, self.ledger.chaincode),
            words=(verb.encode(), canonical(argument)),
        )
        endorsed = self.ledger.endorse(signed)
        self.ledger.order(endorsed)
        self.ledger.cut()
        return endorsed.payload

    def settings(self, **changes: object) -> PcnSettings:
        """What an operator would write for this channel."""
        files = {"user.pem": self.user.pem(), "identity.pem": self.operator.secret.pem()}
        files["identity.crt"] = certificate("operator", self.operator.key)
        for name, text in files.items():
            (self.folder / name).write_text(text)
        upload = self.mode == UPLOAD
        table: dict[str, object] = {
            "network": self.ledger.network,
            "base_url": "http://127.0.0.1:1",
            "user_code": self.app.user_code,
            "app_code": self.app.app_code,
            "user_name": "operator",
            "mode": "upload" if upload else "trust",
            "algorithm": Algorithm(self.algorithm).name.lower(),
            "gateway_pin": spki(self.app.secret.public()),
            "user_key_file": str(self.folder / "user.pem"),
            "identity_key_file": str(self.folder / "identity.pem") if upload else None,
            "identity_certificate_file": str(self.folder / "identity.crt") if upload else None,
            "msp_id": MSP,
            "channel": self.ledger.channel,
            "chaincode": self.ledger.chaincode,
            "genesis_hash": self.ledger.blocks[0].hash.hex(),
            "orderer_keys": [spki(ORDERER.secret.public())],
            "endorsers": [{"msp": e.msp, "key": spki(e.secret.public())} for e in ENDORSERS],
            "allow_software_sm2": True,
            "poll_ms": POLL_MS,
            "timeout_ms": TIMEOUT_MS,
            "window_ms": WINDOW_MS,
            "finality_ms": BLOCK_MS + 2 * POLL_MS,
        }
        return PcnSettings.model_validate({**table, **changes})

    async def new_asset(self) -> Owned:
        """Units that were never locked; elsewhere their name alone, for a twin is made of it."""
        self.made += 1
        asset = f"asset-{self.made}" if self.is_home else f"twin/asset-{self.made}"
        if self.is_home:
            self._issue(asset)
        return Owned(escrow=self.escrow, asset=asset, account=self.holder.account, units=5)

    def _issue(self, asset: str) -> None:
        paper: Value = {
            "network": self.ledger.network,
            "escrow": self.escrow,
            "asset": asset,
            "units": "5",
            "holder": self.holder.account,
            "obligor": self.holder.account,
            "profile": sha256(b"profile").hexdigest(),
        }
        self.call(self.holder, "issue", {"paper": paper, "signatures": []})

    async def new_twin(self) -> Owned:
        """What may be made here; at home, an original that crossed to elsewhere before."""
        owned = await self.new_asset()
        if self.is_home:
            bench = self.bench()
            bench._number = count(1_000 + self.made)  # ids that no card gives out
            order = await bench.new_order(owned)
            for effect in (LockAsset(order), BurnAsset(order)):
                await self._land(bench, effect)
        return Owned(escrow=owned.escrow, asset=owned.asset, account=self.receiver.account, units=5)

    async def _land(self, bench: Bench, effect: NetworkEffect) -> None:
        act = exam_act(effect)
        signed = await bench.signed(effect, act)
        body: Value = {
            "act": act.body(),
            "signatures": [
                {"kind": s.kind, "signer": s.signer, "signature": s.signature.hex()} for s in signed
            ],
        }
        self.call(self.operator, act.verb.value, body)

    async def sign_consent(self, order: SettlementOrder) -> Consent:
        owed = self.network.consent_owed(order)
        signature = b"" if owed.kind == "custody" else self.holder.secret.sign(owed.message)
        return Consent(
            settlement=order.id,
            terms=order.terms,
            network=self.network.id,
            by=owed.by,
            kind=owed.kind,
            public_key="" if owed.kind == "custody" else self.holder.key.point.hex(),
            signature=signature,
            not_after=order.deadline,
        )

    async def holding(self, owned: Owned, account: str) -> int:
        self.ledger.advance()
        raw = self.ledger.state.get(f"asset/{owned.asset}")
        lot = parse(raw[0]) if raw else {}
        assert isinstance(lot, dict)
        mine = lot.get("holder") == account and not lot.get("settlement")
        return int(str(lot["units"])) if mine else 0

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        return verify(evidence, network_pinned(self.settings()))

    async def break_finality(self) -> None:
        """Take back every block from the one that holds what the bridge last did but one."""
        done = [place[0] for tx in self.wire.uploaded() if (place := self.ledger.places.get(tx))]
        depth = len(self.ledger.blocks) - sorted(done)[-2]
        steer(self.gateway, {"do": "rewrite", "depth": depth})

    async def close(self) -> None:
        steer(self.gateway, {"do": "close", "on": True})

    async def reopen(self) -> None:
        steer(self.gateway, {"do": "close", "on": False})

    def bench(self, *, destination: bool = False) -> Bench:
        make: Callable[[], Awaitable[Owned]] = self.new_twin if destination else self.new_asset
        side = (
            DestinationSide(self.network)
            if destination
            else OriginSide(self.network, self.sign_consent)
        )
        return Bench(
            side=side,
            clock=self.clock,
            new_asset=make,
            verify=self.verify,
            patience_s=1_000,
            holding=self.holding,
            break_finality=self.break_finality,
            close=self.close,
            reopen=self.reopen,
        )


def spki(key: Public) -> str:
    """A public key as the settings have it."""
    return base64.b64encode(key.spki()).decode()

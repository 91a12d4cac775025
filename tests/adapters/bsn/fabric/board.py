"""A board to play the escrow on: people with keys, three notaries, a state in a dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from adapters.bsn import der, sm2
from adapters.bsn.chaincode.call import Call, Caller, Outcome
from adapters.bsn.chaincode.escrow import invoke, reads
from adapters.bsn.chaincode.governing import ROTATION_PREFIX
from adapters.bsn.chaincode.lots import ISSUE_PREFIX
from bridge.core.act import Act, Signature
from bridge.core.canonical import Value, canonical, parse
from bridge.core.effects import Verb
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId, new_ulid
from bridge.core.money import Units

NETWORK = NetworkId("fabric:" + "a1" * 16)
ELSEWHERE = NetworkId("memory:elsewhere")
CHANNEL, CHAINCODE = "settle", "escrow"
ESCROW = f"{CHANNEL}/{CHAINCODE}"
START = Instant(1_790_000_000_000)
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WINDOW = MINUTE
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def hashed(label: str) -> Digest:
    """A digest that stands for something."""
    return Digest(sha256(label.encode()).hexdigest())


@dataclass(frozen=True)
class Person:
    """A member of an organisation with a key of P-256, or of SM2; the key follows the name."""

    name: str
    msp: str = "Org1MSP"
    kind: str = "p256"

    @property
    def secret(self) -> int:
        return int.from_bytes(sha256(f"board {self.name}".encode()).digest(), "big") % (ORDER // 2)

    @property
    def key(self) -> str:
        if self.kind == "sm2":
            point = sm2.accumulate(self.secret, sm2.generator_table())
            ((x, y),) = sm2.affine([point])
            return f"04{x:064x}{y:064x}"
        public = ec.derive_private_key(self.secret, ec.SECP256R1()).public_key()
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()

    @property
    def caller(self) -> Caller:
        return Caller(self.msp, self.kind, self.key)

    @property
    def account(self) -> str:
        return self.caller.account

    def sign(self, message: bytes) -> Signature:
        """This person's word under a message."""
        if self.kind == "sm2":
            made = der.write_signature(*sm2.Signer(self.secret).sign(message))
        else:
            scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
            key = ec.derive_private_key(self.secret, ec.SECP256R1())
            r, s = der.read_signature(key.sign(message, scheme))
            made = der.write_signature(r, min(s, ORDER - s))
        return Signature(kind=self.kind, signer=self.key, signature=made)


ALICE, BOB, CAROL = Person("alice"), Person("bob", "Org2MSP"), Person("carol", "Org2MSP", "sm2")
DEBTOR, OPERATOR, STRANGER = Person("debtor", "Org2MSP"), Person("operator"), Person("stranger")
PEOPLE = (ALICE, BOB, CAROL, DEBTOR, OPERATOR)


def notary_keys(*labels: str) -> list[Ed25519PrivateKey]:
    """Keys of notaries, in the order of their public halves."""
    made = [Ed25519PrivateKey.from_private_bytes(sha256(one.encode()).digest()) for one in labels]
    return sorted(made, key=public)


def public(key: Ed25519PrivateKey) -> str:
    """The public half, hex."""
    return key.public_key().public_bytes_raw().hex()


NOTARIES = notary_keys("notary 1", "notary 2", "notary 3")
THRESHOLD = 2


def notarised(message: bytes, keys: list[Ed25519PrivateKey] | None = None) -> list[Signature]:
    """What these notaries sign; two of three, if none are named."""
    chosen = NOTARIES[:THRESHOLD] if keys is None else keys
    return [
        Signature(kind="ed25519", signer=public(key), signature=key.sign(message)) for key in chosen
    ]


def forms(signatures: list[Signature]) -> Value:
    """Signatures as they ride with a call."""
    return [
        {"kind": one.kind, "signer": one.signer, "signature": one.signature.hex()}
        for one in signatures
    ]


def settlement(number: int) -> SettlementId:
    """The id of the n-th settlement."""
    return SettlementId(new_ulid(START, sha256(f"{number}".encode()).digest()[:10]))


def act(verb: Verb, number: int, asset: str, **words: object) -> Act:
    """An act of the n-th settlement; every other word has a value that fits."""
    made = Act(
        verb=verb,
        settlement=settlement(number),
        terms=hashed(f"terms {number}"),
        network=NETWORK,
        escrow=ESCROW,
        asset=asset,
        part="",
        units=Units(100),
        party=(ALICE if verb in {Verb.LOCK, Verb.RELEASE, Verb.BURN, Verb.HOLD} else BOB).account,
        counterpart=ELSEWHERE,
        evidence=Digest("") if verb is Verb.LOCK else hashed(f"evidence {verb} {number}"),
        verdict=hashed("verdict") if verb in {Verb.MINT, Verb.BURN} else Digest(""),
        epoch=0 if verb is Verb.LOCK else 1,
        not_after=Instant(START + DAY if verb in {Verb.LOCK, Verb.MINT} else 0),
        until=Instant(0),
    )
    return replace(made, **words)  # type: ignore[arg-type]


CONFIGURATION: Mapping[str, Value] = {
    "network": NETWORK,
    "escrow": ESCROW,
    "number": "1",
    "escape_after": str(400 * DAY),
    "window": str(WINDOW),
    "operators": [OPERATOR.account],
    "notaries": [public(key) for key in NOTARIES],
    "threshold": str(THRESHOLD),
}


@dataclass
class Board:
    """One chaincode on one channel. A call that is not refused changes the state at once."""

    state: dict[str, bytes] = field(default_factory=dict)
    now: Instant = START
    count: int = 0
    log: list[tuple[Call, dict[str, bytes], Outcome]] = field(default_factory=list)

    def call(
        self,
        verb: str,
        argument: "Value | bytes",
        caller: Person = OPERATOR,
        *,
        clock: int | None = None,
        admits: str = "",
    ) -> Outcome:
        """What a call comes to; its writes are in the state afterwards."""
        self.count += 1
        made = Call(
            channel=CHANNEL,
            chaincode=CHAINCODE,
            tx=hashed(f"tx {self.count}"),
            caller=caller.caller,
            verb=verb,
            argument=argument if isinstance(argument, bytes) else canonical(argument),
            time=self.now,
            clock=Instant(self.now if clock is None else clock),
            admits=admits,
        )
        before = {key: self.state[key] for key in reads(made) if key in self.state}
        outcome = invoke(made, before)
        assert outcome == invoke(made, dict(reversed(before.items()))), "not a function"
        self.log.append((made, before, outcome))
        for key, value in outcome.writes:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        return outcome

    def ok(self, verb: str, argument: Value, caller: Person = OPERATOR, **more: str) -> Outcome:
        """A call that is not refused."""
        outcome = self.call(verb, argument, caller, admits=more.get("admits", ""))
        assert outcome.response.status == 200, outcome.response.message
        return outcome

    def configure(self, **changes: Value) -> Outcome:
        """The first configuration, or one with some words changed, as both organisations admit."""
        body = canonical({**CONFIGURATION, **changes})
        return self.call("configure", body, admits=sha256(body).hexdigest())

    def opened(self) -> "Board":
        """The board with its configuration and with everybody's account."""
        assert self.configure().response.status == 200
        for person in PEOPLE:
            self.ok("enrol", {}, person)
        return self

    def do(
        self, one: Act, signatures: list[Signature] | None = None, caller: Person = OPERATOR
    ) -> Outcome:
        """Bring an act, signed as it has to be unless signatures are given."""
        if signatures is None and one.verb is Verb.LOCK:
            holder = next((who for who in PEOPLE if who.account == one.party), STRANGER)
            signatures = [holder.sign(one.message())]
        elif signatures is None:
            signatures = notarised(one.message())
        body: Value = {"act": one.body(), "signatures": forms(signatures)}
        return self.call(one.verb.value, body, caller)

    def issue(
        self, asset: str, units: int = 100, holder: Person = ALICE, caller: Person = DEBTOR
    ) -> Outcome:
        """Issue an asset, its debtor calling, or its holder with the debtor's signature."""
        paper: Value = {
            "network": NETWORK,
            "escrow": ESCROW,
            "asset": asset,
            "units": str(units),
            "holder": holder.account,
            "obligor": DEBTOR.account,
            "profile": hashed("profile"),
        }
        word = [] if caller == DEBTOR else [DEBTOR.sign(ISSUE_PREFIX + canonical(paper))]
        return self.call("issue", {"paper": paper, "signatures": forms(word)}, caller)

    def part(self, verb: str, asset: str, part: str, caller: Person, **words: str) -> Outcome:
        """Split, join or endorse a lot as it stands now."""
        last = str(self.record(f"asset/{asset}#{part}" if part else f"asset/{asset}").get("last"))
        body: Value = {"asset": asset, "part": part, "last": last, **words}
        return self.call(verb, body, caller)

    def record(self, key: str) -> Mapping[str, Value]:
        """What stands under a key; nothing where there is none."""
        raw = self.state.get(key)
        found = {} if raw is None else parse(raw)
        assert isinstance(found, Mapping)
        return found

    def rotate(self, epoch: int, keys: list[Ed25519PrivateKey], **more: object) -> Outcome:
        """Name the next notaries, three days ahead unless a time is given."""
        words: Value = {
            "network": NETWORK,
            "escrow": ESCROW,
            "epoch": str(epoch),
            "keys": [public(key) for key in keys],
            "threshold": str(THRESHOLD),
            "since": str(more.get("since", self.now + 3 * DAY)),
        }
        signers = more.get("signers")
        signed = notarised(
            ROTATION_PREFIX + canonical(words), signers if isinstance(signers, list) else None
        )
        return self.call("rotate", {"rotation": words, "signatures": forms(signed)})


def code(outcome: Outcome) -> str:
    """How a call ended: its code, or the event it told, or `ok` for a repeat."""
    if outcome.response.status != 200:
        assert not outcome.writes
        assert outcome.event is None
        assert outcome.response.message.startswith(f"LQ{outcome.response.status} ")
        return outcome.response.message.partition(" ")[0]
    if outcome.event is None:
        assert not outcome.writes
        return "ok"
    return outcome.event.name.partition(".")[2]


def held_by(board: Board, asset: str, part: str = "") -> tuple[str, str, str]:
    """Units, holder and settlement of a lot; empty texts where there is none."""
    lot = board.record(f"asset/{asset}#{part}" if part else f"asset/{asset}")
    return str(lot.get("units", "")), str(lot.get("holder", "")), str(lot.get("settlement", ""))

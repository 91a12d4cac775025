"""lianqiao.toml to frozen settings; the one pydantic file of the bridge.

One TOML file; unknown keys are refused with the nearest spelling; secrets are files, by path;
relations between values are checked at load.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bridge.core.ids import NetworkId, is_ethereum
from bridge.core.money import BadMoney, Money, money
from bridge.core.registers import Lane, Shut

_FILES = ("_key", "_file", "_folder", "keystore")  # keys of a table that name a file


class BadSettings(ValueError):
    """Raised for settings that do not load; the sentence names key, rule and remedy.

    `key` is the one that is wrong, where it is one; `adapter` whose own keys they are.
    """

    def __init__(self, sentence: str, key: str = "", *, adapter: str = "") -> None:
        super().__init__(sentence)
        self.key = key
        self.adapter = adapter


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LedgerSettings(_Strict):
    store: str = "sqlite:ledger.db"  # relative to the data folder; `memory:` for tests only
    origin: str = Field(default="localhost/demo", pattern=r"^[a-z0-9.-]+/[a-z0-9-]+$")
    seal_every_ms: int = Field(default=1_000, ge=10, le=60_000)
    queue_max: int = Field(default=10_000, ge=100, le=100_000)  # groups that may wait
    queue_age_ms: int = Field(default=2_000, ge=100, le=60_000)  # how long one may wait
    rows_held: int = Field(default=20_000, ge=1_000, le=1_000_000)  # of the state, twice at most

    @field_validator("store")
    @classmethod
    def _known_store(cls, value: str) -> str:
        kind, colon, name = value.partition(":")
        if not colon or kind not in {"sqlite", "memory"} or (kind == "sqlite" and not name):
            raise ValueError("write sqlite:FILE, or memory: for a test")
        return value


class ApiSettings(_Strict):
    listen: str = "tcp:localhost:8420"  # or unix:PATH; a public address needs tls
    tls_certificate: str | None = None
    tls_key: str | None = None
    body_max: int = Field(default=262_144, ge=1_024, le=4_194_304)  # bytes
    read_timeout_s: int = Field(default=10, ge=1, le=120)
    keep_alive_s: int = Field(default=15, ge=1, le=300)
    rate_per_s: int = Field(default=200, ge=1, le=100_000)  # requests a token

    @field_validator("listen")
    @classmethod
    def _known_form(cls, value: str) -> str:
        kind, _, rest = value.partition(":")
        if kind == "unix" and rest:
            return value
        host, _, port = rest.rpartition(":")
        if kind != "tcp" or not host or not port.isdigit() or int(port) > 65_535:
            raise ValueError("write tcp:HOST:PORT or unix:PATH")
        return value


class CustodySettings(_Strict):
    """What several operators' keys in one process are trusted with; a pilot sets both."""

    per_settlement: str | None = None  # amount and currency
    per_day: str | None = None  # of orders taken in a UTC day, in the same currency

    @model_validator(mode="after")
    def _relations(self) -> "CustodySettings":
        if (self.per_settlement is None) != (self.per_day is None):
            raise ValueError("per_settlement, per_day: set both, or neither")
        if self.per_settlement is not None and self.per_day is not None:
            each = ceiling("per_settlement", self.per_settlement)
            day = ceiling("per_day", self.per_day)
            if each.currency != day.currency:
                raise ValueError("per_day: write both ceilings in one currency")
            if day.minor < each.minor:
                raise ValueError("per_day: less than one settlement may be")
        return self


def ceiling(name: str, text: str) -> Money:
    """Return what a ceiling of custody says. Errors: BadSettings."""
    amount, _, code = text.partition(" ")
    try:
        return money(amount, code)
    except BadMoney as error:
        raise BadSettings(f"{name}: {text}: {error}; write 1000000.00 CNY") from error


class NotarySettings(_Strict):
    """The keys of one operator; the section is called as the operator is."""

    ed25519: str  # key file
    secp256k1: str | None = None  # key file; every network `eip155:` asks for it
    votes: str  # vote book, outside the ledger's database


class LaneSettings(_Strict):
    """What settings propose; the register puts a lane in force, and both must agree."""

    origin: str
    destination: str
    rail: str | None = None
    pack: str
    limit: str
    verifier: Annotated[str, Field(pattern=r"^[1-9][0-9]?of[1-9][0-9]?$")]
    acknowledge: Literal["committed", "sealed", "cosigned", "mirrored"] = "sealed"


_SECTIONS = (LedgerSettings, ApiSettings, CustodySettings, NotarySettings, LaneSettings)


class Settings(_Strict):
    """Everything an operator writes. Paths are relative to the folder of the file."""

    profile: Literal["demo", "pilot", "single", "production"] = "demo"
    data: str = "data"
    fingerprint_key: str = "keys/fingerprint.key"
    log_key: str = "keys/log.pem"
    ledger: LedgerSettings = LedgerSettings()
    api: ApiSettings = ApiSettings()
    custody: CustodySettings = CustodySettings()
    notary: dict[str, NotarySettings] = {}
    network: dict[str, dict[str, object]] = {}  # by instance name; `adapter` and its own keys
    rail: dict[str, dict[str, object]] = {}
    lane: dict[str, LaneSettings] = {}

    @model_validator(mode="after")
    def _relations(self) -> "Settings":
        if self.profile == "production" and self.notary:
            raise ValueError(
                "profile production refuses development custody: several operators' keys in one "
                "process make one key of them; configure remote notaries"
            )
        if self.profile == "pilot" and self.notary and self.custody.per_day is None:
            raise ValueError(
                "custody.per_settlement, custody.per_day: profile pilot sets both ceilings, "
                "as its notaries' keys lie in one process"
            )
        host = self.api.listen.removeprefix("tcp:").rpartition(":")[0]
        loopback = host in {"localhost", "127.0.0.1", "[::1]"}
        if self.api.listen.startswith("tcp:") and not loopback and not self.api.tls_certificate:
            raise ValueError(
                f"api.listen: {host} is public; set api.tls_certificate and api.tls_key"
            )
        for name, table in self.network.items():
            mute = [who for who, keys in self.notary.items() if keys.secp256k1 is None]
            if mute and is_ethereum(str(table.get("network"))):
                raise ValueError(
                    f"network.{name}: no act on {table['network']} can be signed without "
                    f"notary.{mute[0]}.secp256k1; name its key file"
                )
        for name, lane in self.lane.items():
            needed, _, there = lane.verifier.partition("of")
            if int(there) != len(self.notary) or int(needed) > int(there):
                raise ValueError(
                    f"lane.{name}.verifier: {lane.verifier}, but {len(self.notary)} are set"
                )
            if 2 * int(needed) <= int(there):
                raise ValueError(f"lane.{name}.verifier: {lane.verifier} is no majority")
            for side, held in (("origin", self.network), ("destination", self.network)):
                if getattr(lane, side) not in held:
                    raise ValueError(f"lane.{name}.{side}: no [network.{getattr(lane, side)}]")
            if lane.rail is not None and lane.rail not in self.rail:
                raise ValueError(f"lane.{name}.rail: no [rail.{lane.rail}]")
        return self


def load(file: Path) -> Settings:
    """Return the settings of a file.

    Errors: BadSettings, with file, key, rule and the nearest spelling of an unknown key.
    """
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadSettings(f"{file}: no such file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file}: not TOML: {error}") from error
    return parse(table, str(file))


def parse(table: Mapping[str, object], source: str) -> Settings:
    """Return the settings of a TOML table.

    Errors: BadSettings.
    """
    try:
        return Settings.model_validate(dict(table))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = [*Settings.model_fields]
            for model in _SECTIONS:
                known += model.model_fields
            raise BadSettings(f"{source}: {place}: {_unknown(place, known)}") from error
        said = first["msg"].removeprefix("Value error, ")
        if first["type"] == "string_pattern_mismatch":
            said = "is of another form"  # in which, config explain says in words
        raise BadSettings(f"{source}: {place or 'settings'}: {said}", place) from error


def flaws(error: ValueError) -> str:
    """Return what is wrong with an adapter's own keys, in one line and without what was written.

    What is written may be a secret. A key that is unknown may be one that lacks, misspelled.
    """
    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())
    found = error.errors(include_url=False, include_input=False)
    places = [(".".join(map(str, one["loc"])), one) for one in found]
    lacking = [place for place, one in places if one["type"] == "missing"]
    said = [f"{', '.join(lacking)} {'are' if lacking[1:] else 'is'} required"] if lacking else []
    for place, one in places:
        if one["type"] == "extra_forbidden":
            said.append(f"{place}: {_unknown(place, lacking)}")
        elif one["type"] != "missing":
            told = " ".join(one["msg"].removeprefix("Value error, ").split())
            said.append(f"{place}: {told}" if place else told)
    return "; ".join(said)


def _unknown(place: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(place.rpartition(".")[2], list(known), 1)
    return f"unknown key; did you mean {close[0]}?" if close else "unknown key"


def placed(table: Mapping[str, object], folder: Path) -> dict[str, object]:
    """Return a table whose files, and those of tables within it, are named from `folder`."""
    out: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, str) and key.endswith(_FILES):
            out[key] = str(folder / value)
        elif isinstance(value, dict):
            out[key] = placed(value, folder)
        else:
            out[key] = value
    return out


def differs(proposed: LaneSettings, lane: Lane, instances: Mapping[str, NetworkId]) -> str:
    """Return where the two differ, as a sentence; empty where they agree.

    `instances` are the networks and rails of the settings by section and name.
    """
    amount, _, currency = proposed.limit.partition(" ")
    try:
        limit = money(amount, currency)
    except BadMoney as error:
        return f"limit: {proposed.limit} in the settings: {error}"
    rail = None if proposed.rail is None else instances.get(f"rail.{proposed.rail}")
    pairs = (
        ("origin", instances.get(f"network.{proposed.origin}"), lane.origin),
        ("destination", instances.get(f"network.{proposed.destination}"), lane.destination),
        ("rail", rail, lane.rail),
        ("pack", proposed.pack, lane.pack),
        ("limit", f"{limit.text} {limit.currency.code}", _limit(lane)),
        ("verifier", proposed.verifier, f"{lane.quorum}of{len(lane.notaries)}"),
        ("acknowledge", proposed.acknowledge, lane.acknowledge),
    )
    for name, ours, theirs in pairs:
        if ours != theirs:
            return f"{name}: {ours or 'none'} in the settings, {theirs or 'none'} in the register"
    return ""


def outlasted(lane: Lane, finality_ms: Mapping[NetworkId, int]) -> str:
    """Return why a lane's locks are too short for its networks and rail; empty where they are not.

    An order's deadline lies in the first half of its lock's life, and the payment is final in the
    second: each half outlasts every finality that a settlement waits for. The cut-off and the
    calendar of a payment are asked order by order, by the rail's preflight.
    """
    named = [lane.origin, lane.destination, *([] if lane.rail is None else [lane.rail])]
    waits = sum(finality_ms.get(name, 0) for name in named)
    half = lane.lapse_ms // 2
    if half > waits:
        return ""
    return (
        f"lapse_ms: half of a lock's life is {half} ms, and finality on "
        f"{', '.join(named)} takes {waits} ms"
    )


def why_shut(
    lane: Lane,
    proposed: LaneSettings | None,
    instances: Mapping[str, NetworkId],
    finality_ms: Mapping[NetworkId, int],
) -> Shut | None:
    """Return why a lane of the register takes no order here; None where it may."""
    if proposed is not None and (why := differs(proposed, lane, instances)):
        remedy = "write what the register has into lianqiao.toml, or let two change the lane"
        return Shut("LQ-LANE-DIFFERS", why, remedy)
    if why := outlasted(lane, finality_ms):
        return Shut("LQ-LOCK-LIFE", why, "let two people register a longer lapse_ms")
    return None


def _limit(lane: Lane) -> str:
    return f"{lane.limit.text} {lane.limit.currency.code}"

"""Rule packs: one JSON document for a corridor, told from every other by its hash.

The bytes are the ledger's canonical form: strings, booleans, arrays, objects. A pack that names an
unknown kind, a parameter too many, no article or no screening for one of its directions does not
load.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, cast

from bridge.core.canonical import NotCanonical, Value, canonical, parse
from bridge.core.ids import BadId, Digest, date_text
from bridge.policy.guards import ALWAYS, STEPS, BadGuard, compiled
from bridge.policy.params import BadPack, Params
from bridge.policy.rules import KINDS
from bridge.policy.verdict import Rule

FORMAT: Final = "lianqiao.pack/1"
LANGUAGES: Final = ("en", "zh_hans", "zh_hant")
_PACK: Final[frozenset[str]] = frozenset("format pack version corridor zone reasons rules".split())
_RULE: Final = frozenset(
    (
        "id version kind jurisdiction effective_from article source owner severity reason params"
    ).split()
)
_RULE_MAY: Final = frozenset("effective_to when known_because directions".split())
_SOURCE: Final[frozenset[str]] = frozenset({"title", "date", "sha256"})
_SEVERITIES: Final = ("low", "medium", "high", "critical")
_ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}\Z")
_DIRECTION: Final = re.compile(r"([A-Z]{2}-[A-Z]{2}|\*)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack, ready to be judged by. `id` is the SHA-256 of its bytes."""

    id: Digest
    name: str
    version: str
    directions: tuple[str, ...]
    zone: str  # whose calendar the legal date is read from
    rules: tuple[Rule, ...]
    reasons: Mapping[str, tuple[str, ...]]  # code to its texts, in the order of LANGUAGES

    @property
    def facts(self) -> frozenset[str]:
        """Every fact a rule or its guard reads."""
        return frozenset(name for rule in self.rules for name in rule.facts | rule.when.facts)

    @property
    def lists(self) -> tuple[str, ...]:
        """Every list a rule looks into."""
        return tuple(sorted({name for rule in self.rules for name in rule.lists}))


def compact(written: bytes) -> bytes:
    """Return the canonical bytes of a pack as a person wrote it, with white space.

    Errors: BadPack for a number, a null, a name twice.
    """
    try:
        value: Value = json.loads(
            written.decode(),
            object_pairs_hook=_once,
            parse_constant=_number,
            parse_float=_number,
            parse_int=_number,
        )
        return canonical(value)
    except (UnicodeDecodeError, json.JSONDecodeError, NotCanonical, RecursionError) as error:
        raise BadPack(f"not a pack: {error}") from error


def _once(pairs: list[tuple[str, Value]]) -> Mapping[str, Value]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadPack("a member stands twice")
    return members


def _number(text: str) -> Value:
    raise BadPack(f"{text[:40]}: numbers are written as text")


def load(data: bytes) -> Pack:
    """Return the pack of its canonical bytes. Errors: BadPack."""
    try:
        body = parse(data)
    except NotCanonical as error:
        raise BadPack(f"not the canonical form: {error}") from error
    if not isinstance(body, Mapping) or frozenset(body) != _PACK:
        raise BadPack(f"a pack has the members {', '.join(sorted(_PACK))}")
    if body["format"] != FORMAT:
        raise BadPack(f"format: {FORMAT} was expected")
    directions = _texts(body["corridor"], "corridor")
    if not directions or not all(_DIRECTION.match(one) for one in directions):
        raise BadPack("corridor: directions such as CN-HK")
    reasons = _reasons(body["reasons"])
    rules = tuple(_rule(item, reasons) for item in _objects(body["rules"], "rules"))
    _whole(rules, directions)
    return Pack(
        id=Digest(sha256(data).hexdigest()),
        name=_text(body, "pack"),
        version=_text(body, "version"),
        directions=directions,
        zone=_text(body, "zone"),
        rules=rules,
        reasons=reasons,
    )


def _whole(rules: tuple[Rule, ...], directions: tuple[str, ...]) -> None:
    """See what only shows in the pack as a whole. Errors: BadPack."""
    if not rules:
        raise BadPack("rules: a pack without rules judges nothing")
    versions = [rule.name for rule in rules]
    if len(set(versions)) != len(versions):
        raise BadPack("rules: one version of a rule stands twice")
    for one in rules:
        for other in rules:
            if one is not other and one.id == other.id and _overlap(one, other):
                raise BadPack(f"{one.id}: two versions are in force on one day")
    if sum(rule.when.steps for rule in rules) > STEPS:
        raise BadPack(f"rules: more than {STEPS} steps in the worst case")
    for direction in directions:
        if not any(_screens(rule, direction) for rule in rules):
            raise BadPack(f"corridor: no screening rule covers {direction} at all times")


def _overlap(one: Rule, other: Rule) -> bool:
    shared = (
        not one.directions or not other.directions or set(one.directions) & set(other.directions)
    )
    begins = max(one.effective_from, other.effective_from)
    ends = [end for end in (one.effective_to, other.effective_to) if end]
    return bool(shared) and (not ends or begins <= min(ends))


def _screens(rule: Rule, direction: str) -> bool:
    """A screening that a guard could turn off, or a date will end, covers nothing."""
    covers = not rule.directions or direction in rule.directions
    return rule.kind == "screening" and covers and rule.when is ALWAYS and not rule.effective_to


def _rule(item: Mapping[str, Value], reasons: Mapping[str, tuple[str, ...]]) -> Rule:
    name = _text(item, "id")
    if not _ID.match(name):
        raise BadPack(f"{name[:64]!r} is not the id of a rule")
    if not _RULE <= item.keys() <= _RULE | _RULE_MAY:
        wrong = min(item.keys() ^ _RULE - _RULE_MAY)
        raise BadPack(f"{name}: the member {wrong[:32]!r} is missing or not known")
    kind = KINDS.get(_text(item, "kind"))
    if kind is None:
        raise BadPack(f"{name}: there is no kind {_text(item, 'kind')[:64]!r}")
    if _text(item, "reason") not in reasons:
        raise BadPack(f"{name}: the reason {_text(item, 'reason')[:32]!r} has no texts")
    if _text(item, "severity") not in _SEVERITIES:
        raise BadPack(f"{name}: severity is one of {', '.join(_SEVERITIES)}")
    _source(name, item["source"])
    params = Params(name, _text(item, "jurisdiction"), _object(item["params"], f"{name}: params"))
    made = kind.read(params)
    params.finish()
    guard = ALWAYS
    if "when" in item:
        try:
            guard = compiled(item["when"])
        except BadGuard as error:
            raise BadPack(f"{name}: when: {error}") from error
    if guard.forgives and not item.get("known_because"):
        raise BadPack(f"{name}: `known` makes unknown false: say why in known_because")
    dates = [item["effective_from"], item.get("effective_to", "")]
    return Rule(
        id=name,
        version=_text(item, "version"),
        kind=kind.name,
        jurisdiction=params.jurisdiction,
        effective_from=_date(name, dates[0]),
        effective_to=_date(name, dates[1]) if dates[1] else "",
        directions=_texts(item.get("directions", ()), f"{name}: directions"),
        article=_text(item, "article"),
        reason=_text(item, "reason"),
        severity=_text(item, "severity"),
        when=guard,
        test=made.test,
        points=kind.points,
        could_block=kind.could_block,
        facts=made.facts,
        quotas=made.quotas,
        lists=made.lists,
    )


def _source(name: str, value: Value) -> None:
    source = _object(value, f"{name}: source")
    if frozenset(source) != _SOURCE:
        raise BadPack(f"{name}: source has title, date and sha256")
    for member in _SOURCE:
        _text(source, member)
    _date(name, source["date"])


def _date(name: str, value: Value) -> str:
    try:
        return date_text(value if isinstance(value, str) else "")
    except BadId as error:
        raise BadPack(f"{name}: {error}") from error


def _reasons(value: Value) -> Mapping[str, tuple[str, ...]]:
    reasons: dict[str, tuple[str, ...]] = {}
    for item in _objects(value, "reasons"):
        if set(item) != {"code", *LANGUAGES}:
            raise BadPack(f"reasons: a code and its texts in {', '.join(LANGUAGES)}")
        reasons[_text(item, "code")] = tuple(_text(item, name) for name in LANGUAGES)
    return reasons


def _text(members: Mapping[str, Value], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise BadPack(f"{name}: text was expected")
    return value


def _texts(value: Value, what: str) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return cast("tuple[str, ...]", tuple(value))
    raise BadPack(f"{what}: an array of texts was expected")


def _object(value: Value, what: str) -> Mapping[str, Value]:
    if isinstance(value, Mapping):
        return value
    raise BadPack(f"{what}: an object was expected")


def _objects(value: Value, what: str) -> Sequence[Mapping[str, Value]]:
    if isinstance(value, list | tuple):
        return [_object(one, what) for one in value]
    raise BadPack(f"{what}: an array of objects was expected")

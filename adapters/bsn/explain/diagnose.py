"""The search: does the mac verify, and if not, which mistake would explain it.

A hit is no guess: a signature that verifies under a mistaken reading was made with that mistake.
The nearest reading wins: one mistake before two, in the order in which readings are listed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, combinations

from adapters.bsn.certificates import Algorithm
from adapters.bsn.explain import texts, wholes, writings
from adapters.bsn.explain.captured import Captured
from adapters.bsn.explain.forms import Pair, read_pairs
from adapters.bsn.explain.message import (
    DIRECTIONS,
    PUSH,
    Message,
    Table,
    all_tables,
    fit,
    message_of,
)
from adapters.bsn.explain.parts import Parts, every_leaf, render
from adapters.bsn.explain.schemes import Judge, Known, Scheme, schemes
from adapters.bsn.explain.texts import Variant
from adapters.bsn.signing import ORDERS

WORK = {Algorithm.SM2: 120_000, Algorithm.SECP256R1: 12_000, Algorithm.SECP256K1: 12_000}
"""How many readings are tried for a file, a large text counting as many: some seconds at most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, under the name of its rule."""

    rule: str
    said: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What became of a mac: verified, or why not as far as that was found out."""

    message: Message
    verified: bool
    expected: Known | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    tried: int = 0
    covered: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Try:
    """One reading: the bytes signed, under which key, pair and scheme, and what is wrong then."""

    data: bytes
    known: Known
    pair: Pair
    scheme: Scheme
    findings: tuple[Finding, ...]
    message: Message
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Search:
    """The material of one search: the readings of the capture, its numbers, the keys."""

    messages: list[Message]
    keys: list[Known]
    pairs: list[Pair]
    tried: int = 0
    work: int = 0
    judges: dict[tuple[str, int, int], Judge] = field(default_factory=dict)

    @property
    def expected(self) -> Known:
        return self.keys[0]

    def first(self, tries: Iterator[_Try]) -> _Try | None:
        """The first reading that the signature bears out, within the work allowed."""
        limit = WORK[self.expected.point.algorithm]
        for one in tries:
            self.tried += 1
            self.work += 1 + len(one.data) // 4096
            if self.work > limit:
                return None
            where = (one.known.name, one.pair.r, one.pair.s)
            if where not in self.judges:
                self.judges[where] = Judge(one.known, one.pair.r, one.pair.s)
            if self.judges[where].accepts(one.scheme.digest(one.data)):
                return one
        return None


def diagnose(captured: Captured, tables: list[Table], keys: list[Known]) -> Diagnosis:
    """What the mac of a capture is worth under the first key, the expected one."""
    best = fit(captured, tables[0])[0]
    messages = [message_of(captured, t) for t in tables if fit(captured, t)[0] == best]
    message = messages[0]
    expected = keys[0] if keys else None
    if message.unsigned and len(tables) == 1 and not captured.mac:
        return Diagnosis(message, True, expected, (), ("this request is not signed",))  # noqa: FBT003
    pairs, why = read_pairs(captured.mac)
    troubles = [Finding("form", reason) for reason in why]
    if not keys:
        troubles.append(Finding("key", "no key was given to verify with"))
    if troubles or not keys:
        troubles += _form(pairs[0], None) if pairs else []
        return Diagnosis(message, False, expected, tuple(troubles + _types(message)))  # noqa: FBT003
    search = _Search(messages, keys, pairs)
    hit = search.first(_tries(search))
    if hit is None:
        return _unexplained(search)
    found = [*hit.findings, *_form(hit.pair, hit.known), *_types(hit.message)]
    if hit.known is not search.expected:
        algorithms = [k.point.algorithm.name for k in (hit.known, search.expected)]
        said = f"signed with key {hit.known.name} ({algorithms[0]})"
        found.append(Finding("key", f"{said}, not with {search.expected.name} ({algorithms[1]})"))
    notes = (*hit.notes, *_remarks(hit.message), *_unnamed(hit.message, messages))
    return Diagnosis(hit.message, not found, search.expected, tuple(found), notes, search.tried)


def _unexplained(search: _Search) -> Diagnosis:
    message, pair = search.messages[0], search.pairs[0]
    said = f"the mac does not verify, and none of {search.tried} readings explains it"
    found = [Finding("unexplained", said), *_form(pair, search.expected), *_types(message)]
    judge = Judge(search.expected, pair.r, pair.s)
    if not judge.in_range:
        found.append(Finding("form", "r or s is out of the curve's range"))
    notes = _remarks(message)
    return Diagnosis(
        message, False, search.expected, tuple(found), notes, search.tried, judge.covered  # noqa: FBT003
    )  # fmt: skip


def _form(pair: Pair, known: Known | None) -> list[Finding]:
    found = [Finding("form", note) for note in pair.notes]
    if known is not None and known.point.algorithm in ORDERS and pair.s > known.order // 2:
        said = "form: s lies in the upper half (high s); n - s is the one form"
        found.append(Finding("form", said))
    return found


def _types(message: Message) -> list[Finding]:
    seen: dict[str, str] = {}

    def walk(parts: Parts, at: tuple[str, ...]) -> None:
        for part in parts:
            here = (*at, part.name)
            if part.wrong:
                seen.setdefault(texts.name_of(here), part.wrong)
            for one in part.elements:
                walk(one, here)

    walk(message.root, ())
    return [Finding("type", f"{name}: {wrong}") for name, wrong in seen.items()]


def _unnamed(message: Message, messages: list[Message]) -> tuple[str, ...]:
    same = sum(1 for one in messages if one.text == message.text)
    return (f"no end point was named: {same} have this text",) if same > 1 else ()


def _remarks(message: Message) -> tuple[str, ...]:
    found = list(message.capture.notes)
    if message.stray_header:
        names = ", ".join(part.name for part in message.stray_header)
        found.append(f"the header has {names}, which the table does not sign")
    if message.stray_body:
        names = ", ".join(part.name for part in message.stray_body)
        found.append(f"the body has {names}, which the table does not sign")
    return tuple(found)


def _tries(search: _Search) -> Iterator[_Try]:
    """Every reading worth trying, the nearest first."""
    header = search.messages[0].capture.header
    ways = {known.name: schemes(known, header) for known in search.keys}
    expected, first = search.expected, search.pairs[0]
    right, message = ways[expected.name][0], search.messages[0]
    yield from _as_captured(search, expected, first, right)
    yield from _other_tables(search, first, right, better=True)
    variants = _distinct(message)
    for variant, data in variants:
        yield _Try(data, expected, first, right, _of(variant), message)
    plain = _plain(message)
    for data, notes in plain:
        for scheme in ways[expected.name][1:]:
            yield _Try(data, expected, first, scheme, _by(scheme), message, notes)
    for known in search.keys[1:]:
        yield from _as_captured(search, known, first, ways[known.name][0])
    swapped = [
        Pair(pair.s, pair.r, (*pair.notes, "form: s stands before r")) for pair in search.pairs
    ]
    others = [*search.pairs[1:], *swapped]
    for pair in others:
        yield from _as_captured(search, expected, pair, right)
    yield from _other_tables(search, first, right, better=False)
    likely = [one for one in variants if one[0].likely]
    yield from _two_mistakes(search, ways, variants, likely, others)


def _as_captured(search: _Search, known: Known, pair: Pair, right: Scheme) -> Iterator[_Try]:
    for message in search.messages:
        for data, notes in _plain(message):
            yield _Try(data, known, pair, right, (), message, notes)


def _plain(message: Message) -> list[tuple[bytes, tuple[str, ...]]]:
    """The text by the rule, and beside it the reading with zeros where that is admitted."""
    found: list[tuple[bytes, tuple[str, ...]]] = [(message.text.encode(), ())]
    absent = texts.absent_numbers(message)
    if message.zeros and absent:
        zeroed = render(texts.zeroed(message.root)).encode()
        found.append((zeroed, (texts.zeros_said(list(absent)),)))
    return found


def _all_variants(message: Message) -> Iterator[Variant]:
    return chain(
        texts.messages(message),
        texts.orders(message),
        texts.lacking(message),
        texts.having(message),
        texts.doubled(message),
        texts.zeros(message),
        writings.lines(message),
        writings.numbers(message),
        writings.rewritten(message),
        writings.containers(message),
        wholes.whole(message),
    )


def _distinct(message: Message) -> list[tuple[Variant, bytes]]:
    """Every variant that gives a text of its own, while they stay small enough to hold."""
    seen = {data for data, _ in _plain(message)}
    found, size = [], 0
    for variant in _all_variants(message):
        data = variant.data(message.root)
        if data not in seen:
            seen.add(data)
            found.append((variant, data))
            size += len(data)
        if size > 64 << 20:
            break
    return found


def _of(variant: Variant) -> tuple[Finding, ...]:
    return (Finding(variant.rule, variant.said),)


def _by(scheme: Scheme) -> tuple[Finding, ...]:
    return (Finding("hash", scheme.said),) if scheme.said else ()


def _other_tables(search: _Search, pair: Pair, right: Scheme, *, better: bool) -> Iterator[_Try]:
    """The texts of other tables: first those that fit the body better than the one named."""
    known = [message.table for message in search.messages]
    capture, mine = search.messages[0].capture, search.messages[0].table
    best = fit(capture, mine)[0]
    for direction in (mine.direction, *(d for d in DIRECTIONS if d != mine.direction)):
        if (direction == "response") != (mine.direction == "response"):
            continue  # the header tells these apart
        for table in all_tables(direction):
            if table not in known and (fit(capture, table)[0] < best) is better:
                message = message_of(capture, table)
                where = table.path if direction != PUSH else f"{table.path} push"
                said = f"signed by the table of the {direction} of {where}"
                yield _Try(
                    message.text.encode(), search.expected, pair, right,
                    (Finding("table", said),), search.messages[0],
                )  # fmt: skip


def _two_mistakes(
    search: _Search,
    ways: dict[str, list[Scheme]],
    variants: list[tuple[Variant, bytes]],
    likely: list[tuple[Variant, bytes]],
    others: list[Pair],
) -> Iterator[_Try]:
    message, expected, first = search.messages[0], search.expected, search.pairs[0]
    right = ways[expected.name][0]
    for variant, data in likely:
        for scheme in ways[expected.name][1:]:
            yield _Try(data, expected, first, scheme, _of(variant) + _by(scheme), message)
    for known in search.keys[1:]:
        for data, notes in _plain(message):
            for scheme in ways[known.name][1:]:
                yield _Try(data, known, first, scheme, _by(scheme), message, notes)
        for variant, data in variants[:2000]:
            yield _Try(data, known, first, ways[known.name][0], _of(variant), message)
    for pair in others:
        for data, notes in _plain(message):
            for scheme in ways[expected.name][1:]:
                yield _Try(data, expected, pair, scheme, _by(scheme), message, notes)
    for (one, _), (other, _) in combinations(likely[:60], 2):
        data = other.data(one.edit(message.root))
        yield _Try(data, expected, first, right, _of(one) + _of(other), message)
    for (one, _), (other, _) in ((a, b) for a in likely[:40] for b in variants[:400]):
        data = other.data(one.edit(message.root))
        yield _Try(data, expected, first, right, _of(one) + _of(other), message)


def parts_listed(message: Message) -> list[tuple[str, str, str, int, bool]]:
    """Each field of the text: its name, type, what it adds, where that begins, if it is there."""
    rows, at = [], 0
    for path, part in every_leaf(message.root):
        value = "".join(part.values)
        kind = part.kind.value if part.kind is not None else "unknown"
        rows.append((".".join(path), kind, value, at, not part.absent))
        at += len(value)
    return rows

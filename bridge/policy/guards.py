"""The closed language of a rule's `when`: total, typed and bounded when it is loaded.

A node is a JSON array, `[operator, argument…]`. Three values, as Kleene has them: a fact that is
missing is unknown, and unknown spreads unless the other side decides. No float, no text made, no
pattern, no clock, no recursion.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from bridge.core.canonical import Value
from bridge.policy.dossier import BOOL, COUNT, MOST, TEXT, Datum, Record, Type, fact_type

NODES: Final = 512  # of one rule
DEPTH: Final = 16
STEPS: Final = 1_000_000  # worst case, of one pack
DIGITS: Final = 10**38  # an integer beyond is unknown

Facts: TypeAlias = Mapping[str, Datum]
Bound: TypeAlias = Mapping[str, Record]
Run: TypeAlias = Callable[[Facts, Bound], Datum]
Compiled: TypeAlias = "tuple[Type, Run, int]"  # type, closure, worst-case steps
NOBODY: Final[Bound] = {}


class BadGuard(ValueError):
    """Raised at load for a guard that is not of the language; the sentence names the node."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A compiled guard."""

    run: Run
    facts: frozenset[str]  # every fact it reads
    steps: int  # worst case
    forgives: bool  # it uses `known`, the one way to make unknown false

    def holds(self, facts: Facts) -> bool | None:
        """Tell whether the guard is true, false or (None) unknown of these facts."""
        value = self.run(facts, NOBODY)
        return value if isinstance(value, bool) else None


def _always(_facts: Facts, _bound: Bound) -> Datum:
    return True


ALWAYS: Final = Guard(_always, frozenset(), 1, forgives=False)


def compiled(node: Value, params: Mapping[str, tuple[Type, Datum]] | None = None) -> Guard:
    """Return the guard a pack's `when` says. Errors: BadGuard."""
    compiler = _Compiler(params or {})
    of, run, steps = compiler.node(node, 1, {})
    if of != BOOL:
        raise BadGuard(f"a guard is true or false, this one is {_called(of)}")
    return Guard(run, frozenset(compiler.facts), steps, compiler.forgives)


def _called(of: Type) -> str:
    return f"{of.kind} of {of.unit}" if of.unit else of.kind


class _Compiler:
    """Reads one guard, counting nodes and depth as it goes."""

    def __init__(self, params: Mapping[str, tuple[Type, Datum]]) -> None:
        self.params = params
        self.facts: set[str] = set()
        self.forgives = False
        self._nodes = 0

    def node(self, value: Value, depth: int, names: Mapping[str, Type]) -> Compiled:
        """Return the type, closure and worst-case steps of one node. Errors: BadGuard."""
        self._nodes += 1
        if self._nodes > NODES or depth > DEPTH:
            raise BadGuard(f"more than {NODES} nodes, or deeper than {DEPTH}")
        if isinstance(value, str | bool | Mapping) or not value or not isinstance(value[0], str):
            raise BadGuard("a node is an array that begins with its operator")
        op, args = value[0], tuple(value[1:])
        if op in _LEAVES:
            return self._leaf(op, args, names)
        if op in {"any", "all", "sum"}:
            return self._over(op, args, depth, names)
        taken = tuple(self.node(arg, depth + 1, names) for arg in args[: _fixed(op, args)])
        return self._inner(op, args, taken)

    def _leaf(self, op: str, args: tuple[Value, ...], names: Mapping[str, Type]) -> Compiled:
        if not args or not isinstance(args[0], str):
            if op == "b" and len(args) == 1 and isinstance(args[0], bool):
                return BOOL, _constant(args[0]), 1
            raise BadGuard(f"{op}: an argument of text was expected")
        said = args[0]
        if op == "i":
            unit = args[1] if len(args) == 2 else "count"
            if not isinstance(unit, str) or len(args) > 2:
                raise BadGuard("i: a number and its unit")
            return Type("int", unit), _constant(_integer(said)), 1
        if len(args) != 1:
            raise BadGuard(f"{op}: one argument was expected")
        if op == "s":
            return TEXT, _constant(said), 1
        if op == "p" and said in self.params:
            of, value = self.params[said]
            return of, _constant(value), 1
        if op == "f":
            return self._fact(said, names)
        raise BadGuard(f"{op}: {said[:64]!r} is not known here")

    def _fact(self, said: str, names: Mapping[str, Type]) -> Compiled:
        name, _, member = said.partition(".")
        if name in names:
            of = dict(names[name].fields).get(member)
            if of is None:
                raise BadGuard(f"f: the records of {name} have no {member[:64]!r}")
            return of, _member(name, member, of), 1
        known = fact_type(said)
        if known is None:
            raise BadGuard(f"f: there is no fact {said[:64]!r}")
        self.facts.add(said)
        return known, _read(said, known), 1

    def _over(
        self, op: str, args: tuple[Value, ...], depth: int, names: Mapping[str, Type]
    ) -> Compiled:
        if len(args) != 3 or not isinstance(args[0], str) or not args[0].isidentifier():
            raise BadGuard(f"{op}: a name, a list and what is asked of each")
        if args[0] in names:
            raise BadGuard(f"{op}: {args[0]} is bound already")
        of, rows, cost = self.node(args[1], depth + 1, names)
        if of.kind != "list":
            raise BadGuard(f"{op}: goes over a list, not over {_called(of)}")
        inner, body, each = self.node(args[2], depth + 1, {**names, args[0]: of})
        if op == "sum":
            if inner.kind != "int":
                raise BadGuard("sum: adds integers")
            return inner, _summed(rows, args[0], body), cost + MOST * each
        if inner != BOOL:
            raise BadGuard(f"{op}: asks what is true or false")
        return BOOL, _every(rows, args[0], body, stops=op == "any"), cost + MOST * each

    def _inner(self, op: str, args: tuple[Value, ...], taken: tuple[Compiled, ...]) -> Compiled:
        types = tuple(of for of, _, _ in taken)
        runs = tuple(run for _, run, _ in taken)
        steps = 1 + sum(cost for _, _, cost in taken)
        if op == "known" and len(taken) == 1 == len(args):
            self.forgives = True
            return BOOL, _known(runs[0]), steps
        of, run = _typed(op, args, types, runs)
        return of, run, steps


_LEAVES: Final = frozenset({"s", "i", "b", "f", "p"})


def _fixed(op: str, args: Sequence[Value]) -> int:
    """Return how many arguments are nodes: the direction of `muldiv` is a word."""
    return 3 if op == "muldiv" else len(args)


def _typed(
    op: str, args: tuple[Value, ...], types: tuple[Type, ...], runs: tuple[Run, ...]
) -> tuple[Type, Run]:
    """Return the type and closure of an operator over compiled arguments. Errors: BadGuard."""
    same = len(set(types)) == 1
    kinds = {of.kind for of in types}
    match op, len(args):
        case (("and" | "or"), n) if n >= 2 and kinds == {"bool"}:
            return BOOL, _junction(runs, stops=op == "or")
        case "not", 1 if kinds == {"bool"}:
            return BOOL, _not(runs[0])
        case "if", 3 if types[0] == BOOL and types[1] == types[2]:
            return types[1], _if(*runs)
        case (("eq" | "ne"), 2) if same and "list" not in kinds:
            return BOOL, _equal(*runs, wanted=op == "eq")
        case (("lt" | "le" | "gt" | "ge"), 2) if same and kinds == {"int"}:
            return BOOL, _ordered(op, *runs)
        case (("add" | "sub" | "min" | "max"), 2) if same and kinds == {"int"}:
            return types[0], _counted(_ARITHMETIC[op], *runs)
        case "mul", 2 if kinds == {"int"} and COUNT in types:
            return types[1] if types[0] == COUNT else types[0], _counted(_times, *runs)
        case "muldiv", 4 if kinds == {"int"} and types[1] == types[2] and args[3] in _WAYS:
            return types[0], _muldiv(*runs, up=args[3] == "up")
        case "in", n if n >= 2 and same and kinds == {"text"}:
            return BOOL, _among(runs[0], runs[1:])
        case "size", 1 if kinds == {"list"}:
            return COUNT, _size(runs[0])
        case _:
            said = ", ".join(_called(of) for of in types)
            raise BadGuard(f"{op[:32]!r} does not take {said or 'nothing'}")


_WAYS: Final = ("up", "down")


def _integer(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 38):
        raise BadGuard(f"i: {text[:48]!r} is not an integer of at most 38 digits")
    if str(int(text)) != text:
        raise BadGuard(f"i: {text[:48]!r} is not the integer's only spelling")
    return int(text)


def _constant(value: Datum) -> Run:
    return lambda _facts, _bound: value


def _fits(value: Datum, of: Type) -> Datum:
    """Return the value where it has its type, else unknown: a guard cannot raise."""
    match of.kind:
        case "bool":
            return value if isinstance(value, bool) else None
        case "int":
            whole = isinstance(value, int) and not isinstance(value, bool)
            return value if whole else None
        case "text":
            return value if isinstance(value, str) else None
        case _:
            return value if isinstance(value, tuple) and len(value) <= MOST else None


def _read(name: str, of: Type) -> Run:
    return lambda facts, _bound: _fits(facts.get(name), of)


def _member(name: str, member: str, of: Type) -> Run:
    return lambda _facts, bound: _fits(bound[name].get(member), of)


def _known(run: Run) -> Run:
    return lambda facts, bound: run(facts, bound) is not None


def _junction(runs: tuple[Run, ...], *, stops: bool) -> Run:
    """One that is `stops` decides; else one unknown makes it unknown."""

    def run(facts: Facts, bound: Bound) -> Datum:
        result: bool | None = not stops
        for part in runs:
            value = part(facts, bound)
            if value is stops:
                return stops
            if value is None:
                result = None
        return result

    return run


def _not(run: Run) -> Run:
    def turned(facts: Facts, bound: Bound) -> Datum:
        value = run(facts, bound)
        return None if value is None else not value

    return turned


def _if(asked: Run, then: Run, other: Run) -> Run:
    def run(facts: Facts, bound: Bound) -> Datum:
        value = asked(facts, bound)
        return None if value is None else (then if value else other)(facts, bound)

    return run


def _equal(left: Run, right: Run, *, wanted: bool) -> Run:
    def run(facts: Facts, bound: Bound) -> Datum:
        a, b = left(facts, bound), right(facts, bound)
        return None if a is None or b is None else (a == b) is wanted

    return run


def _ordered(op: str, left: Run, right: Run) -> Run:
    def run(facts: Facts, bound: Bound) -> Datum:
        a, b = left(facts, bound), right(facts, bound)
        if not isinstance(a, int) or not isinstance(b, int):
            return None
        if op == "lt":
            return a < b
        if op == "le":
            return a <= b
        return a > b if op == "gt" else a >= b

    return run


def _plus(a: int, b: int) -> int:
    return a + b


def _minus(a: int, b: int) -> int:
    return a - b


def _times(a: int, b: int) -> int:
    return a * b


def _least(a: int, b: int) -> int:
    return min(a, b)


def _most(a: int, b: int) -> int:
    return max(a, b)


_ARITHMETIC: Final[Mapping[str, Callable[[int, int], int]]] = {
    "add": _plus,
    "sub": _minus,
    "min": _least,
    "max": _most,
}


def _bounded(number: int) -> int | None:
    return number if -DIGITS < number < DIGITS else None


def _counted(make: Callable[[int, int], int], left: Run, right: Run) -> Run:
    def run(facts: Facts, bound: Bound) -> Datum:
        a, b = left(facts, bound), right(facts, bound)
        if not isinstance(a, int) or not isinstance(b, int):
            return None
        return _bounded(make(a, b))

    return run


def _muldiv(first: Run, second: Run, third: Run, *, up: bool) -> Run:
    """The only division: a times b by c, towards plus or minus infinity; by zero is unknown."""

    def run(facts: Facts, bound: Bound) -> Datum:
        a, b, c = first(facts, bound), second(facts, bound), third(facts, bound)
        if not (isinstance(a, int) and isinstance(b, int) and isinstance(c, int)) or c == 0:
            return None
        return _bounded(-(-(a * b) // c) if up else (a * b) // c)

    return run


def _among(one: Run, others: tuple[Run, ...]) -> Run:
    return _junction(tuple(_equal(one, other, wanted=True) for other in others), stops=True)


def _size(rows: Run) -> Run:
    def run(facts: Facts, bound: Bound) -> Datum:
        value = rows(facts, bound)
        return len(value) if isinstance(value, tuple) else None

    return run


def _every(rows: Run, name: str, body: Run, *, stops: bool) -> Run:
    def run(facts: Facts, bound: Bound) -> Datum:
        records = rows(facts, bound)
        if not isinstance(records, tuple):
            return None
        result: bool | None = not stops
        for record in records:
            value = body(facts, {**bound, name: record})
            if value is stops:
                return stops
            if value is None:
                result = None
        return result

    return run


def _summed(rows: Run, name: str, body: Run) -> Run:
    def run(facts: Facts, bound: Bound) -> Datum:
        records = rows(facts, bound)
        if not isinstance(records, tuple):
            return None
        total = 0
        for record in records:
            value = body(facts, {**bound, name: record})
            if not isinstance(value, int):
                return None
            total += value
        return _bounded(total)

    return run

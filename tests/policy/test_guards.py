"""Guards: total, typed at load, bounded; unknown spreads as Kleene says and never loosens."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.canonical import Value
from bridge.policy.dossier import COUNT, Datum
from bridge.policy.guards import NODES, BadGuard, compiled

T: Value = ["b", True]
F: Value = ["b", False]
U: Value = [
    "eq",
    ["f", "purpose"],
    ["s", "GDDS"],
]  # unknown while the order's purpose is not gathered
TRUTH: Mapping[bool | None, Value] = {True: T, False: F, None: U}


def holds(node: Value, **facts: Datum) -> bool | None:
    """What a guard says of these facts; `__` stands for a point."""
    return compiled(node).holds({name.replace("__", "."): value for name, value in facts.items()})


@pytest.mark.parametrize("left", [True, False, None])
@pytest.mark.parametrize("right", [True, False, None])
def test_and_or_and_not_are_kleenes(left: bool | None, right: bool | None) -> None:
    both, either = {left, right}, {left, right}
    conjunction = False if False in both else (None if None in both else True)
    disjunction = True if True in either else (None if None in either else False)
    assert holds(["and", TRUTH[left], TRUTH[right]]) is conjunction
    assert holds(["or", TRUTH[left], TRUTH[right]]) is disjunction
    assert holds(["not", TRUTH[left]]) is (None if left is None else not left)
    assert holds(["if", TRUTH[left], TRUTH[right], F]) is (
        None if left is None else (right if left else False)
    )
    assert holds(["known", TRUTH[left]]) is (left is not None)


def integer(number: int, unit: str = "count") -> list[Value]:
    return ["i", str(number), unit]


SMALL = st.integers(-(10**19), 10**19)


@given(SMALL, SMALL, SMALL.filter(bool), st.sampled_from(["up", "down"]))
def test_muldiv_is_exact_and_rounds_the_way_it_says(a: int, b: int, c: int, way: str) -> None:
    quotient, rest = divmod(a * b, c)
    wanted = quotient + (1 if way == "up" and rest else 0)
    said = ["eq", ["muldiv", integer(a), integer(b), integer(c), way], integer(wanted)]
    assert holds(said) is (True if abs(wanted) < 10**38 else None)


@given(SMALL, SMALL)
def test_arithmetic_agrees_with_pythons(a: int, b: int) -> None:
    for op, wanted in (("add", a + b), ("sub", a - b), ("min", min(a, b)), ("max", max(a, b))):
        assert holds(["eq", [op, integer(a), integer(b)], integer(wanted)]) is True
    for op, said in (("lt", a < b), ("le", a <= b), ("gt", a > b), ("ge", a >= b)):
        assert holds([op, integer(a), integer(b)]) is said


def test_division_by_zero_and_overflow_are_unknown_not_an_error() -> None:
    most = integer(10**37)
    assert holds(["eq", ["muldiv", most, most, integer(0), "up"], most]) is None
    assert holds(["eq", ["mul", most, most], most]) is None


NODE = st.recursive(
    st.sampled_from([T, F, U, ["known", U], ["eq", ["f", "units"], ["i", "1", "count"]]]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(list),
        inner.map(lambda node: ["not", node]),
        st.tuples(st.just("if"), inner, inner, inner).map(list),
    ),
    max_leaves=12,
)


def refines(vague: bool | None, sharp: bool | None) -> bool:
    return vague is None or vague is sharp


def without_known(node: Value) -> Value:
    if isinstance(node, list):
        return U if node[:1] == ["known"] else [without_known(one) for one in node]
    return node


@given(NODE, st.booleans(), st.sampled_from([0, 1, None]))
def test_learning_a_fact_never_turns_an_answer_round(
    node: list[Value], purpose: bool, units: int | None
) -> None:
    """Monotone: what is true of less is true of more; `known` alone may forget, so it is out."""
    guard = compiled(without_known(node))
    less: Mapping[str, Datum] = {"units": units}
    more: Mapping[str, Datum] = {"units": units, "purpose": "GDDS" if purpose else "SALA"}
    assert refines(guard.holds(less), guard.holds(more))
    assert refines(guard.holds({"purpose": more["purpose"]}), guard.holds(more))


@given(
    NODE,
    st.dictionaries(
        st.sampled_from(["units", "purpose"]), st.none() | st.text() | st.integers() | st.booleans()
    ),
)
def test_a_guard_never_raises_even_on_facts_of_another_type(
    node: list[Value], facts: dict[str, Datum]
) -> None:
    assert compiled(node).holds(facts) in {True, False, None}


def test_lists_are_asked_one_by_one() -> None:
    papers: Datum = ({"kind": "contract"}, {"kind": "invoice"})
    one = ["eq", ["f", "x.kind"], ["s", "invoice"]]
    assert holds(["any", "x", ["f", "documents"], one], documents=papers) is True
    assert holds(["all", "x", ["f", "documents"], one], documents=papers) is False
    assert holds(["any", "x", ["f", "documents"], one]) is None
    assert holds(["all", "x", ["f", "documents"], one], documents=({"kind": None},)) is None
    counted = ["sum", "x", ["f", "documents"], ["i", "2", "count"]]
    assert holds(["eq", counted, ["i", "4", "count"]], documents=papers) is True
    assert (
        holds(["eq", ["size", ["f", "documents"]], ["i", "2", "count"]], documents=papers) is True
    )


def test_a_list_longer_than_its_bound_is_unknown() -> None:
    long: Datum = tuple({"kind": "x"} for _ in range(1_001))
    assert holds(["ge", ["size", ["f", "documents"]], ["i", "0", "count"]], documents=long) is None


def test_a_parameter_has_the_type_its_rule_gives_it() -> None:
    guard = compiled(["ge", ["f", "units"], ["p", "least"]], {"least": (COUNT, 5)})
    assert guard.holds({"units": 5}) is True


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (["eq", ["f", "amount.CNY"], ["i", "1", "minor:USD"]], "does not take"),
        (["add", ["f", "amount.CNY"], ["f", "amount.USD"]], "does not take"),
        (["eq", ["f", "purpose"], ["i", "1"]], "does not take"),
        (["lt", ["s", "a"], ["s", "b"]], "does not take"),
        (["eq", ["f", "purpose"], ["f", "documents"]], "does not take"),
        (["i", "1"], "is true or false"),
        (["eq", ["i", "01"], ["i", "1"]], "only spelling"),
        (["eq", ["i", "1.0"], ["i", "1"]], "not an integer"),
        (["eq", ["i", "1" * 39], ["i", "1"]], "38 digits"),
        (["f", "payer.name"], "no fact"),
        (["f", "amount.CNH"], "no fact"),
        (["p", "limit"], "not known here"),
        (["muldiv", ["i", "1"], ["i", "1"], ["i", "1"], "nearest"], "does not take"),
        (["any", "x", ["f", "purpose"], ["b", True]], "goes over a list"),
        (["any", "x", ["f", "documents"], ["f", "x.digest"]], "have no"),
        (["eval", ["s", "1"]], "does not take"),
        (["and", ["b", True]], "does not take"),
        ([], "begins with its operator"),
        ("true", "begins with its operator"),
        ({"and": []}, "begins with its operator"),
    ],
)
def test_what_is_not_of_the_language_does_not_load(node: Value, says: str) -> None:
    with pytest.raises(BadGuard, match=says):
        compiled(node)


def test_size_and_depth_are_bounded_at_load() -> None:
    deep: Value = T
    for _ in range(16):
        deep = ["not", deep]
    with pytest.raises(BadGuard, match="deeper"):
        compiled(deep)
    wide: list[Value] = ["and", *([T] * NODES)]
    with pytest.raises(BadGuard, match="nodes"):
        compiled(wide)


def test_nested_lists_cost_what_they_could_cost() -> None:
    papers = ["f", "documents"]
    inner = ["any", "y", papers, ["eq", ["f", "x.kind"], ["f", "y.kind"]]]
    assert compiled(["any", "x", papers, inner]).steps > 1_000_000

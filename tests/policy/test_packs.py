"""Packs: what is not whole does not load, and the sentence names the place."""

import json
from collections.abc import Callable

import pytest

from bridge.core.canonical import Value, canonical
from bridge.policy.packs import compact, load
from bridge.policy.params import BadPack
from tests.policy.packs import SCREENING_PARAMS, pack, pack_value, rule, screening

CURRENCY: dict[str, Value] = {"currencies": ["CNY"], "directions": ["*"], "says": "only"}


def loading(value: Value) -> str:
    """Why a pack does not load."""
    with pytest.raises(BadPack) as caught:
        load(canonical(value))
    return str(caught.value)


def test_a_pack_is_known_by_the_hash_of_its_bytes() -> None:
    one, other = pack(), pack(version="2")
    assert one.id != other.id
    assert one.id == pack().id
    assert one.directions == ("CN-HK",)
    assert one.lists == ("house",)


def test_white_space_is_for_people_and_changes_no_hash() -> None:
    written = json.dumps(pack_value(), indent=2, ensure_ascii=False).encode()
    assert load(compact(written)).id == pack().id


@pytest.mark.parametrize(
    "written", [b'{"a":1}', b'{"a":null}', b'{"a":NaN}', b'{"a":"1","a":"2"}', b"\xff", b"["]
)
def test_numbers_null_and_names_that_stand_twice_are_refused(written: bytes) -> None:
    with pytest.raises(BadPack):
        compact(written)


def test_bytes_that_are_not_canonical_do_not_load() -> None:
    with pytest.raises(BadPack, match="canonical"):
        load(json.dumps(pack_value(), indent=1).encode())


def changed(**members: Value) -> Callable[[], Value]:
    return lambda: pack_value({**rule("currency_restriction", CURRENCY), **members})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (changed(kind="astrology"), "no kind 'astrology'"),
        (changed(params={**CURRENCY, "extra": "1"}), "params.extra is not a parameter"),
        (changed(params={"currencies": ["CNY"]}), "params.directions is missing"),
        (changed(params={**CURRENCY, "says": "maybe"}), "one of only, never"),
        (changed(params={**CURRENCY, "currencies": []}), "array of texts"),
        (changed(article=""), "article"),
        (changed(colour="red"), "'colour' is missing or not known"),
        (changed(reason="NOBODY"), "has no texts"),
        (changed(severity="grave"), "severity"),
        (changed(effective_from="2026-02-30"), "no such day"),
        (changed(effective_to="soon"), "not a date"),
        (changed(source={"title": "a law", "date": "2025-01-01"}), "title, date and sha256"),
        (changed(when=["eq", ["f", "purpose"], ["i", "1"]]), "when: "),
        (changed(when=["known", ["f", "purpose"]]), "known_because"),
        (changed(id="Bad Id"), "not the id"),
        (lambda: pack_value(corridor=[]), "directions such as"),
        (lambda: pack_value(corridor=["CN"]), "directions such as"),
        (lambda: pack_value(format="lianqiao.pack/2"), "format"),
        (lambda: pack_value(more="x"), "members"),
        (lambda: pack_value(rules=[]), "without rules"),
        (lambda: pack_value(rules="none"), "array of objects"),
        (lambda: pack_value(reasons=[{"code": "TEST", "en": "x"}]), "texts in en, zh_hans"),
    ],
)
def test_what_is_not_whole_does_not_load(make: Callable[[], Value], says: str) -> None:
    assert says in loading(make())


def test_a_member_that_is_missing_is_named() -> None:
    without = rule("currency_restriction", CURRENCY)
    del without["article"]
    assert "'article' is missing" in loading(pack_value(without))


@pytest.mark.parametrize(
    "screen",
    [
        {**screening(), "when": ["b", True]},
        {**screening(), "effective_to": "2030-12-31"},
        {**screening(), "directions": ["HK-CN"]},
        rule("currency_restriction", CURRENCY),
    ],
)
def test_a_direction_without_an_unconditional_screening_does_not_load(
    screen: dict[str, Value],
) -> None:
    assert "no screening rule covers CN-HK" in loading(pack_value(rules=[screen]))


def test_each_direction_of_a_corridor_needs_its_screening() -> None:
    one = {**screening(), "directions": ["CN-HK"]}
    other = {**screening(), "directions": ["HK-CN"], "version": "2"}
    both = pack_value(corridor=["CN-HK", "HK-CN"], rules=[one, other])
    assert load(canonical(both)).directions == ("CN-HK", "HK-CN")
    assert "HK-CN" in loading({**both, "rules": [one]})


def test_two_versions_of_a_rule_are_never_in_force_on_one_day() -> None:
    old = rule("currency_restriction", CURRENCY, effective_to="2026-06-30")
    new = rule("currency_restriction", CURRENCY, version="2", effective_from="2026-07-01")
    assert len(pack(old, new).rules) == 3
    new["effective_from"] = "2026-06-30"
    assert "in force on one day" in loading(pack_value(old, new))
    assert "stands twice" in loading(pack_value(old, old))


def test_a_pack_that_could_take_too_long_does_not_load() -> None:
    papers: Value = ["f", "documents"]
    pair: Value = ["eq", ["f", "x.kind"], ["f", "y.kind"]]
    slow: Value = ["any", "x", papers, ["any", "y", papers, pair]]
    assert "steps" in loading(pack_value(rule("currency_restriction", CURRENCY, when=slow)))


@pytest.mark.parametrize("name", sorted(SCREENING_PARAMS))
def test_every_parameter_of_a_kind_is_required(name: str) -> None:
    params = {one: value for one, value in SCREENING_PARAMS.items() if one != name}
    assert f"params.{name} is missing" in loading(pack_value(rules=[rule("screening", params)]))

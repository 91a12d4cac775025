"""Exact matching: notation is no difference, another name is; a hit by id needs no name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.screening.lists import read
from bridge.screening.match import Index, Subject, name_keys, normal_name, wallet_key

ETH = "0x8589427373D6D84E98730D7795D8f6f8731FDA16"
BECH = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
BASE58 = "12QtD5BFwRsdNsAZY76UVE1xyCGNTojH9h"
LIST = f"""id,type,names,ids,dates,countries,wallets
E1,person,陈大文;陳大文;Chan Tai Man;José Müller-Núñez,LEI: 5299 00T8-BM49AURSDO55,,HK,{ETH}
E2,company,深圳市某某公司;Example Trading (Shenzhen) Co. Ltd,91440300MA5DC2CA0X,,,{BECH};{BASE58}
E3,person,Tai Man Chan,,,SG,
""".encode()
INDEX = Index(read(LIST))


def hits(**asked: str) -> dict[str, str]:
    subject = Subject(**{kind: (value,) for kind, value in asked.items()})
    return {match.entry: match.by for match in INDEX.matches(subject)}


@pytest.mark.parametrize(
    "name",
    [
        "陈大文",
        "陳 大 文",
        "CHAN TAI MAN",
        "Chan, Tai-Man",
        "ＣＨＡＮ　Ｔａｉ　Ｍａｎ",
        "chan\u200b tai  man",
        "jose muller nunez",
        "JOSÉ MÜLLER NÚÑEZ",
    ],
)
def test_notation_is_no_difference(name: str) -> None:
    assert hits(names=name)["E1"] == "name"


def test_the_order_of_words_is_notation_too() -> None:
    assert hits(names="Tai Man Chan") == {"E1": "name", "E3": "name"}


@pytest.mark.parametrize(
    "name", ["Chan Tai", "Chan Tai Ming", "陈大", "", " . ", "Co Ltd", "大文陈王"]
)
def test_another_name_or_a_part_of_one_is_nobody(name: str) -> None:
    assert hits(names=name) == {}


def test_a_company_is_found_in_both_scripts() -> None:
    assert hits(names="EXAMPLE TRADING SHENZHEN CO LTD") == {"E2": "name"}
    assert hits(names="深圳市某某公司") == {"E2": "name"}


def test_a_hit_by_id_needs_no_name_and_outweighs_it() -> None:
    assert hits(ids="529900t8bm49aursdo55") == {"E1": "id"}
    assert hits(ids="9144 0300-MA5DC2CA0X") == {"E2": "id"}
    assert hits(names="Chan Tai Man", ids="529900T8BM49AURSDO55")["E1"] == "id"
    assert hits(ids="") == {}


@pytest.mark.parametrize(
    ("wallet", "found"),
    [
        (ETH, "E1"),
        (ETH.lower(), "E1"),
        (ETH.upper().replace("0X", "0x"), "E1"),
        (BECH.upper(), "E2"),
        (BASE58, "E2"),
        (BASE58.lower(), None),
        (ETH[:-1], None),
    ],
)
def test_wallets_match_by_their_normal_form_alone(wallet: str, found: str | None) -> None:
    assert hits(wallets=wallet) == ({} if found is None else {found: "wallet"})


@given(st.text(max_size=60))
def test_a_name_is_its_own_normal_form_and_never_raises(name: str) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)
    assert name_keys(name) == name_keys(f"  {name} ")


def test_what_is_longer_than_a_name_is_cut_before_anything_else() -> None:
    assert name_keys("a" * 300) == name_keys("a" * 256)
    assert len(normal_name("\ufdfa" * 10**6)) < 20 * 256


@given(st.text(alphabet="ab0x1", max_size=20))
def test_a_wallets_normal_form_is_stable(wallet: str) -> None:
    assert wallet_key(wallet_key(wallet)) == wallet_key(wallet)


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_ascii_takes_a_short_way_to_the_same_place(name: str) -> None:
    assert normal_name(name) == normal_name(f"{name}\u200b")

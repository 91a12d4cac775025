"""The list format: it parses completely or not at all, and says where it does not."""

import pytest

from bridge.screening.lists import BadList, read

HEADER = "id,type,names,ids,dates,countries,wallets\n"


def test_several_values_in_a_cell_are_parted_by_a_semicolon() -> None:
    (entry,) = read(
        (HEADER + 'E1,person,"陈大文; Chan Tai Man ;",P1;P2,1970-01-01,HK,0xAB\n').encode()
    )
    assert entry.names == ("陈大文", "Chan Tai Man")
    assert entry.ids == ("P1", "P2")
    assert entry.wallets == ("0xAB",)


def test_entries_are_sorted_and_their_hash_is_of_their_content() -> None:
    one = read((HEADER + "B,person,x;y,,,,\nA,company,z,,,,\n").encode())
    other = read(("\ufeff" + HEADER + "A,company,z,,,,\r\nB,person,y;x,,,,\r\n").encode())
    assert [entry.id for entry in one] == ["A", "B"]
    assert [entry.hash for entry in one] == [entry.hash for entry in other]
    changed = read((HEADER + "B,person,x;y2,,,,\n").encode())
    assert changed[0].hash != one[1].hash


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the header"),
        ("id,name\n", "line 1: the header"),
        (HEADER + "A,person,x\n", "line 2: 7 cells"),
        (HEADER + "A,person,x,,,,\nA,person,y,,,,\n", "line 3: the id 'A' stands twice"),
        (HEADER + ",person,x,,,,\n", "line 2: one id"),
        (HEADER + "A,ghost,x,,,,\n", "line 2: type is one of"),
        (HEADER + "A,person,,,1970-01-01,HK,\n", "line 2: an entry has a name"),
        (HEADER + "A,person,x\x00y,,,,\n", "line 2"),
        (HEADER + 'A,person,"x,,,,\n', "line"),
    ],
)
def test_a_list_that_does_not_parse_is_not_taken(text: str, says: str) -> None:
    with pytest.raises(BadList, match=says):
        read(text.encode())


def test_bytes_that_are_no_text_are_not_taken() -> None:
    with pytest.raises(BadList, match="not UTF-8"):
        read(HEADER.encode() + b"A,person,\xff,,,,\n")

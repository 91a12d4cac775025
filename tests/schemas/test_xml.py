"""Bytes nobody may believe are refused before anything in them is read."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import xml
from schemas.xml import Fault

DTD = b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'
REFUSED = [
    ("mismatched tag", b"<a></b>", Fault.MALFORMED),
    ("bare ampersand", b"<a>R & D</a>", Fault.MALFORMED),
    ("duplicate attribute", b'<a b="1" b="2"/>', Fault.MALFORMED),
    ("truncation", b"<a><b>", Fault.MALFORMED),
    ("text after the root", b"<a/>x", Fault.MALFORMED),
    ("nothing", b"", Fault.MALFORMED),
    ("a prefix not bound", b"<a><h:b/></a>", Fault.MALFORMED),
    ("a prefix not bound, then a warning", b'<a><h:b/><c xmlns="rel"/></a>', Fault.MALFORMED),
    ("document type", b"<!DOCTYPE a><a/>", Fault.DOCTYPE),
    ("internal entity", DTD, Fault.DOCTYPE),
    ("external entity", DTD.replace(b'"x"', b'SYSTEM "file:///etc/passwd"'), Fault.DOCTYPE),
    ("UTF-16 with mark", "<a/>".encode("utf-16"), Fault.NUL),
    ("UTF-16 bare", "<a/>".encode("utf-16-le"), Fault.NUL),
    ("Latin-1", "<a>é</a>".encode("latin-1"), Fault.NOT_UTF8),
    ("declared Latin-1", b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', Fault.ENCODING),
    ("declared utf-7", b'<?xml version="1.0" encoding="utf-7"?><a/>', Fault.ENCODING),
    ("declared nonsense", b'<?xml version="1.0" encoding="no-such"?><a/>', Fault.MALFORMED),
    ("NUL", b"<a>\0</a>", Fault.NUL),
    ("overlong UTF-8", b"<a>\xc0\xaf</a>", Fault.NOT_UTF8),
    ("surrogate", b"<a>\xed\xa0\x80</a>", Fault.NOT_UTF8),
    ("300,000 nested elements", b"<a>" * 300_000 + b"</a>" * 300_000, Fault.MALFORMED),
    ("11 MB of text", b"<a>" + b"x" * 11_000_000 + b"</a>", Fault.TOO_LARGE),
    ("white space, then a declaration", b' <?xml version="1.0"?><a/>', Fault.MALFORMED),
]


@pytest.mark.parametrize(
    ("raw", "fault"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_no_parser_may_believe(raw: bytes, fault: Fault) -> None:
    with pytest.raises(xml.Unreadable) as caught:
        xml.parse(raw)
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    "inside", ["13<!--x-->6480", "13<?x y?>6480", "<![CDATA[136480]]>", "13<![CDATA[6480]]>"]
)
def test_a_value_cut_in_two_is_whole_again(inside: str) -> None:
    assert xml.parse(f"<a>{inside}</a>".encode()).text == "136480"


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbf<a/>", b" \r\n<a/>", b"<a/>"])
def test_a_mark_or_white_space_before_the_root_does_no_harm(raw: bytes) -> None:
    assert xml.parse(raw).tag == "a"


def test_two_hundred_thousand_attributes_are_read() -> None:
    raw = b"<a " + b" ".join(b'b%d="1"' % at for at in range(200_000)) + b"/>"
    assert len(xml.parse(raw).attrib) == 200_000


@given(st.binary(max_size=200))
def test_bytes_are_read_or_unreadable_and_nothing_else(raw: bytes) -> None:
    try:
        xml.parse(raw)
    except xml.Unreadable:
        return


def test_an_unreadable_message_quotes_nothing() -> None:
    with pytest.raises(xml.Unreadable) as caught:
        xml.parse(b"<a>Jane Roe</b>")
    assert "Jane" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_path_numbers_brothers_and_drops_prefixes() -> None:
    root = xml.parse(b'<p:a xmlns:p="urn:x"><p:b/><p:b><p:c/></p:b></p:a>')
    assert xml.local_path(root[1][0]) == "a/b[2]/c"


def test_threads_do_not_take_each_others_faults() -> None:
    """A parser tells what was wrong with its last document; two threads share none."""
    right = b"<a>" + b"<b/>" * 2_000 + b"</a>"
    wrong = b'<a><h:b/><c xmlns="rel"/></a>'

    def refused(raw: bytes) -> bool:
        try:
            xml.parse(raw)
        except xml.Unreadable:
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(refused, [right, wrong] * 400))
    assert said == [False, True] * 400

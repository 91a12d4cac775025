"""What we believe of lxml and libxml2 when a stranger sends XML."""

import io
import itertools

import pytest
from lxml import etree

ENTITY = b'<!DOCTYPE a [<!ENTITY sum "1000000">]><a>&sum;</a>'


def strict() -> etree.XMLParser:
    """The parser of schemas/xml.py."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )


def parsed(data: bytes, parser: etree.XMLParser | None = None) -> etree._Element:
    return etree.fromstring(data, parser or strict())


def test_by_default_an_entity_is_expanded_in_silence() -> None:
    assert parsed(ENTITY, etree.XMLParser()).text == "1000000"


def test_strictly_it_is_not_and_its_doctype_is_seen() -> None:
    tree = parsed(ENTITY).getroottree()
    assert tree.getroot().text is None
    assert tree.docinfo.doctype
    assert tree.docinfo.internalDTD is not None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7"])
def test_a_byte_search_for_doctype_sees_nothing_in_another_encoding(encoding: str) -> None:
    """So encodings are refused first, and the declared one is read back."""
    text = f'<?xml version="1.0" encoding="{encoding}"?>{ENTITY.decode()}'
    data = text.encode("utf-16") if encoding == "utf-16" else utf_7(text)
    assert b"<!DOCTYPE" not in data
    docinfo = parsed(data).getroottree().docinfo
    assert docinfo.doctype
    assert docinfo.encoding.lower().startswith("utf-")
    assert docinfo.encoding.upper() != "UTF-8"


def utf_7(text: str) -> bytes:
    """The declaration in ASCII, what follows with its brackets hidden."""
    declaration, rest = text.split("?>", 1)
    return f"{declaration}?>".encode() + rest.encode("utf-7").replace(b"<!", b"+ADwAIQ-")


def test_a_comment_inside_an_amount_hides_half_of_it_unless_stripped() -> None:
    data = b"<Amt>13<!--x-->6480</Amt>"
    assert parsed(data, etree.XMLParser()).text == "13"
    assert parsed(data).text == "136480"
    assert parsed(b"<Amt>13<?x y?>6480</Amt>").text == "136480"


def test_an_outside_entity_is_never_read() -> None:
    data = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
    assert parsed(data).text is None


def test_entities_that_multiply_are_refused() -> None:
    steps = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    data = f'<!DOCTYPE a [<!ENTITY a0 "ha">{steps}]><a>&a8;</a>'.encode()
    with pytest.raises(etree.XMLSyntaxError, match="amplification"):
        parsed(data)


def test_depth_has_an_end() -> None:
    with pytest.raises(etree.XMLSyntaxError):
        parsed(b"<a>" * 300 + b"</a>" * 300)


def test_broken_is_broken() -> None:
    with pytest.raises(etree.XMLSyntaxError):
        parsed(b"<a><b></a>")
    with pytest.raises(etree.XMLSyntaxError):
        parsed(b"<a>\x00</a>")


SCHEMA = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x"
 xmlns="urn:x" elementFormDefault="qualified">
<xs:element name="Document"><xs:complexType><xs:sequence>
<xs:element name="Amt" type="Amt"/></xs:sequence></xs:complexType></xs:element>
<xs:simpleType name="Amt"><xs:restriction base="xs:decimal"><xs:minInclusive value="0"/>
<xs:fractionDigits value="2"/></xs:restriction></xs:simpleType></xs:schema>"""


def test_a_subtree_validates_in_place_and_every_error_is_kept() -> None:
    schema = etree.XMLSchema(parsed(SCHEMA))
    wrapped = parsed(b'<w><Document xmlns="urn:x"><Amt>-1.234</Amt></Document></w>')
    assert not schema.validate(wrapped[0])
    kinds = {error.type_name for error in schema.error_log}
    assert {"SCHEMAV_CVC_MININCLUSIVE_VALID", "SCHEMAV_CVC_FRACTIONDIGITS_VALID"} <= kinds


def test_the_messages_of_the_validator_quote_the_value() -> None:
    """Often personal data, so only type and path are logged."""
    schema = etree.XMLSchema(parsed(SCHEMA))
    assert not schema.validate(parsed(b'<Document xmlns="urn:x"><Amt>Zhang San</Amt></Document>'))
    assert "Zhang San" in schema.error_log[0].message
    assert "Zhang San" not in str(schema.error_log[0].path)


def test_a_stream_tells_its_schema_error_only_at_the_end() -> None:
    """So results of a batch count when the iterator is exhausted, not before."""
    data = b'<Document xmlns="urn:x"><Amt>1.00</Amt><Amt>2.00</Amt></Document>'
    schema = etree.XMLSchema(parsed(SCHEMA))
    events = etree.iterparse(io.BytesIO(data), schema=schema)
    assert [element.text for _event, element in itertools.islice(events, 2)] == ["1.00", "2.00"]
    with pytest.raises(etree.XMLSyntaxError):
        list(events)


def test_exclusive_canonical_form_does_not_depend_on_the_wrapper() -> None:
    inner = b'<Document xmlns="urn:x"><Amt>1</Amt></Document>'
    wrapped = parsed(b'<w xmlns:y="urn:y">' + inner + b"</w>")
    alone = etree.tostring(parsed(inner), method="c14n", exclusive=True)
    assert etree.tostring(wrapped[0], method="c14n", exclusive=True) == alone
    assert etree.tostring(wrapped[0], method="c14n") != alone

"""The schemas we generate judge as the official ones do: the same verdict, the same errors."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random  # noqa: TID251 seeded by the case

import pytest
from lxml import etree

from schemas.iso20022 import build, definitions, xsd
from tests.schemas.iso20022.instances import instance, spoil

HOME = Path(build.__file__).with_name("dictionary.json")
Errors = list[tuple[str, str | None]]


def errors(schema: etree.XMLSchema, root: etree._Element) -> Errors:
    """What a validator says of a tree: nothing, or each error's type and path."""
    schema.validate(root)
    return [(entry.type_name, entry.path) for entry in schema.error_log]


def compare(folder: Path, rounds: int) -> tuple[int, int]:
    """Judge generated instances and their mutations twice; how many were valid, how many not."""
    dictionary = definitions.shipped()
    valid = invalid = 0
    for path in sorted(folder.glob("*.xsd")):
        official = etree.XMLSchema(etree.parse(path))
        message = dictionary.messages[path.stem]
        ours = etree.XMLSchema(etree.fromstring(xsd.text(dictionary, message)))
        for number in range(rounds):
            chance = Random(f"{message.id} {number}")
            root = instance(dictionary, message, chance)
            for _ in range(number % 3):
                spoil(root, chance)
            theirs = errors(official, root)
            where = f"{message.id}, case {number}"
            assert errors(ours, root) == theirs, where
            valid, invalid = valid + (not theirs), invalid + bool(theirs)
    return valid, invalid


@pytest.mark.slow
def test_a_generated_schema_judges_as_the_official_one(data_dir: Path) -> None:
    valid, invalid = compare(data_dir / "iso20022-xsd", 100)
    assert min(valid, invalid) > 1000, "an oracle that meets one verdict only is none"


@pytest.mark.long
def test_a_generated_schema_judges_as_the_official_one_for_long(data_dir: Path) -> None:
    valid, invalid = compare(data_dir / "iso20022-xsd", 2000)
    assert min(valid, invalid) > 20_000


def test_an_instance_drawn_from_the_definitions_is_mostly_valid() -> None:
    """The generator is worth something only if it gets past the first element."""
    dictionary = definitions.shipped()
    message = dictionary.messages["pacs.008.001.08"]
    schema = xsd.compiled(message.id)
    good = [schema.validate(instance(dictionary, message, Random(seed))) for seed in range(40)]
    assert sum(good) > 20


def test_every_sample_gets_the_official_verdict(data_dir: Path) -> None:
    """Header and document of each sample, by namespace, before and after the dictionary."""
    dictionary, seen = definitions.shipped(), 0
    for path in sorted((data_dir / "iso20022-samples").glob("*/*")):
        if path.suffix not in (".xml", ".txt") or path.parent.name == "LICENSES":
            continue
        root = etree.fromstring(path.read_bytes().lstrip(b"\xef\xbb\xbf \t\r\n"))
        for node in root.iter("{*}AppHdr", "{*}Document"):
            uri = etree.QName(node).namespace or ""
            message = dictionary.messages.get(uri.removeprefix(definitions.NAMESPACE))
            if message is None:
                continue
            official = etree.XMLSchema(etree.parse(data_dir / f"iso20022-xsd/{message.id}.xsd"))
            assert errors(xsd.compiled(message.id), node) == errors(official, node), path.name
            seen += 1
    assert seen > 60


def test_the_same_folder_gives_the_same_bytes_as_are_shipped(data_dir: Path) -> None:
    assert build.build(data_dir / "iso20022-xsd") == HOME.read_bytes()


SCHEMA = """<xs:schema xmlns="urn:iso:std:iso:20022:tech:xsd:{id}"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
 targetNamespace="urn:iso:std:iso:20022:tech:xsd:{id}">
<xs:element name="Document" type="Document"/>
<xs:complexType name="Document"><xs:sequence><xs:element name="A" type="B"/></xs:sequence>
</xs:complexType>{more}</xs:schema>"""
PLAIN = (
    '<xs:simpleType name="B"><xs:restriction base="xs:string">{}</xs:restriction></xs:simpleType>'
)

INSIDE = '<xs:complexType name="B"><xs:sequence>{}</xs:sequence></xs:complexType>'


def folder_of(where: Path, **files: str) -> Path:
    for name, more in files.items():
        text = SCHEMA.format(id=f"test.001.001.0{name[-1]}", more=more)
        (where / f"{name}.xsd").write_text(text)
    return where


def test_a_small_folder_is_built(tmp_path: Path) -> None:
    made = definitions.read(build.build(folder_of(tmp_path, f1=PLAIN.format(""))))
    assert made.messages["test.001.001.01"].body == "A"
    assert made.types == {"B": definitions.Simple("string", ())}


@pytest.mark.parametrize(
    "more",
    [
        PLAIN.format('<xs:whiteSpace value="collapse"/>'),
        PLAIN.replace("xs:string", "xs:token").format(""),
        '<xs:simpleType name="B"><xs:list itemType="xs:string"/></xs:simpleType>',
        '<xs:simpleType name="B"><xs:union memberTypes="xs:string"/></xs:simpleType>',
        '<xs:complexType name="B"><xs:all/></xs:complexType>',
        '<xs:complexType name="B" mixed="true"><xs:sequence/></xs:complexType>',
        '<xs:group name="B"><xs:sequence/></xs:group>',
        '<xs:import namespace="urn:other"/>',
        INSIDE.format('<xs:element name="C" type="B" default="x"/>'),
        INSIDE.format('<xs:element ref="Document"/>'),
        '<xs:element name="Other" type="B"/>' + PLAIN.format(""),
    ],
)
def test_what_is_outside_the_known_subset_stops_the_tool(tmp_path: Path, more: str) -> None:
    folder_of(tmp_path, f1=more)
    output = tmp_path / "made.json"
    assert build.main([str(tmp_path), "--output", str(output)]) == 1
    assert not output.exists()


def test_a_name_that_means_two_things_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path, f1=PLAIN.format(""), f2=PLAIN.format('<xs:maxLength value="3"/>'))
    with pytest.raises(build.NotKnown, match="the type B means something else"):
        build.build(tmp_path)


def test_facets_in_another_order_mean_the_same(tmp_path: Path) -> None:
    one, two = '<xs:minLength value="1"/>', '<xs:maxLength value="3"/>'
    folder_of(tmp_path, f1=PLAIN.format(one + two), f2=PLAIN.format(two + one))
    assert len(definitions.read(build.build(tmp_path)).messages) == 2


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(build.NotKnown):
        build.build(tmp_path)


@pytest.fixture
def official(data_dir: Path) -> Iterator[Path]:
    """The folder of official schemas; what was put in the place of ours is taken out again."""
    yield data_dir / "iso20022-xsd"
    xsd.use_official(data_dir, {})


def test_an_operators_official_schemas_validate_where_they_are_pinned(official: Path) -> None:
    ids = ("pacs.008.001.08", "head.001.001.02")
    pins = {one: sha256((official / f"{one}.xsd").read_bytes()).hexdigest() for one in ids}
    before = xsd.compiled("pacs.008.001.08")
    xsd.use_official(official, pins)
    assert xsd.compiled("pacs.008.001.08") is not before
    assert xsd.compiled("pacs.009.001.08") is xsd.compiled("pacs.009.001.08")
    xsd.use_official(official, {})
    assert xsd.compiled("pacs.008.001.08") is before


@pytest.mark.parametrize(
    ("files", "pins", "why"),
    [
        ({}, {"pacs.008.001.08": "0" * 64}, "No such file"),
        ({"pacs.008.001.08": b"<x/>"}, {"pacs.008.001.08": "0" * 64}, "another digest"),
        ({"pacs.008.001.08": b"<x/>"}, {"pacs.008.001.08": ""}, "is no schema"),
        ({}, {"abcd.008.001.08": "0" * 64}, "no message we read"),
    ],
)
def test_a_schema_that_is_not_the_pinned_one_stops_the_start(
    tmp_path: Path, files: dict[str, bytes], pins: dict[str, str], why: str
) -> None:
    before = xsd.compiled("pacs.008.001.08")
    for name, raw in files.items():
        (tmp_path / f"{name}.xsd").write_bytes(raw)
    given = {one: pin or sha256(files[one]).hexdigest() for one, pin in pins.items()}
    with pytest.raises(xsd.NotPinned, match=why):
        xsd.use_official(tmp_path, given)
    assert xsd.compiled("pacs.008.001.08") is before

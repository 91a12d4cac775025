"""Instances drawn from the definitions by seeded chance, and ways to spoil them."""

from random import Random  # noqa: TID251 seeded by the test's own case

from lxml import etree

from schemas.iso20022.definitions import (
    UNBOUNDED,
    Amount,
    Dictionary,
    Element,
    Group,
    Message,
    Simple,
    Wildcard,
)

XSI = "http://www.w3.org/2001/XMLSchema-instance"
BAD_TEXTS = (
    "",
    " ",
    "NaN",
    "-5",
    "1.3E5",
    "12,34",
    "1.1234567",
    "0",
    "usd",
    "true",
    "2026-02-30",
    "2026-11-14",
    "24:00:00",
    "2026-11-14T10:00:00",
    "x" * 3000,
    "é中\u200b",
    "174c245f-2682-1291-ad67-2a41e530cd27",
)


def text_of(pattern: str, chance: Random) -> str:
    """A text the pattern accepts; the patterns of the schemas use no more than this reads."""
    alternatives, depth, start = [], 0, 0
    for at, letter in enumerate(pattern):
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            alternatives.append(pattern[start:at])
            start = at + 1
    alternatives.append(pattern[start:])
    chosen, made, at = chance.choice(alternatives), "", 0
    while at < len(chosen):
        if chosen[at] == "[":
            end = chosen.index("]", at)
            atom: str | list[str] = _class(chosen[at + 1 : end])
        elif chosen[at] == "(":
            end = chosen.index(")", at)
            atom = chosen[at + 1 : end]
        elif chosen[at] == "\\":
            end = at + 1
            atom = [chosen[end]]
        else:
            end = at
            atom = ["a", "7"] if chosen[at] == "." else [chosen[at]]
        at = end + 1
        least, most = 1, 1
        if chosen[at : at + 1] == "{":
            end = chosen.index("}", at)
            low, _, high = chosen[at + 1 : end].partition(",")
            least, most, at = int(low), int(high or low), end + 1
        elif chosen[at : at + 1] in ("+", "*"):
            least, most, at = (chosen[at] == "+"), 5, at + 1
        for _ in range(chance.randint(least, most)):
            made += chance.choice(atom) if isinstance(atom, list) else text_of(atom, chance)
    return made


def _class(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            found.append(text[at])
        elif text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            found += map(chr, range(ord(text[at]), ord(text[at + 2]) + 1))
            at += 2
        else:
            found.append(text[at])
        at += 1
    return found


def simple_text(kind: Simple, chance: Random) -> str:
    """A text of a simple type: mostly valid, by its facets."""
    facets: dict[str, list[str]] = {}
    for name, value in kind.facets:
        facets.setdefault(name, []).append(value)
    match kind.base:
        case "boolean":
            return chance.choice(("true", "false", "1", "0"))
        case "decimal":
            places = min(int(facets.get("fractionDigits", ["2"])[0]), chance.randint(0, 3))
            whole = max(1, int(facets.get("totalDigits", ["9"])[0]) - places)
            digits = str(chance.randint(1, 10 ** min(whole, 12) - 1))
            return digits + (f".{chance.randint(0, 10**places - 1):0{places}}" if places else "")
        case "date":
            return (
                f"20{chance.randint(10, 40)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            )
        case "dateTime":
            zone = chance.choice(("Z", "Z", "+08:00"))
            return f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T09:05:00{zone}"
        case "time":
            return chance.choice(("09:05:00", "24:00:00", "23:59:59.5Z"))
        case "gYear":
            return "2026"
        case "gYearMonth":
            return "2026-11"
        case "base64Binary":
            return "3q2+7w=="
        case _:
            return string_of(facets, chance)


def string_of(facets: dict[str, list[str]], chance: Random) -> str:
    """A text with these facets of `string`."""
    if "enumeration" in facets:
        return chance.choice(facets["enumeration"])
    if "pattern" in facets:
        return text_of(facets["pattern"][0], chance)
    least = int(facets.get("length", facets.get("minLength", ["0"]))[0])
    most = int(facets.get("length", facets.get("maxLength", ["20"]))[0])
    size = chance.randint(least, min(most, least + 12))
    return "".join(chance.choice("abcXYZ019/-?:") for _ in range(size))


class Maker:
    """Makes elements of one message; optional ones by a coin that gets rarer with depth."""

    def __init__(self, dictionary: Dictionary, message: Message, chance: Random) -> None:
        self.dictionary, self.message, self.chance = dictionary, message, chance
        self.budget = 400

    def document(self) -> etree._Element:
        root = etree.Element(f"{{{self.message.namespace}}}{self.message.root}")
        root = etree.fromstring(etree.tostring(root))  # a prefix of its own would change no verdict
        if self.message.body:
            self.element(root, self.message.body, self.message.type, 0)
        else:
            self.fill(root, self.message.type, 0)
        return root

    def element(self, parent: etree._Element, tag: str, kind: str, depth: int) -> None:
        self.budget -= 1
        self.fill(etree.SubElement(parent, f"{{{self.message.namespace}}}{tag}"), kind, depth)

    def fill(self, node: etree._Element, kind: str, depth: int) -> None:
        if kind.startswith("xs:"):
            node.text = self.chance.choice(("a1", "b2", "c3"))
            return
        match self.dictionary.types[kind]:
            case Simple() as simple:
                node.text = simple_text(simple, self.chance)
            case Amount(value, attribute, attribute_type):
                self.fill(node, value, depth)
                held = self.dictionary.types[attribute_type]
                assert isinstance(held, Simple)
                node.set(attribute, simple_text(held, self.chance))
            case Group() as group:
                self.parts(node, group, depth)

    def parts(self, node: etree._Element, group: Group, depth: int) -> None:
        parts = [self.chance.choice(group.parts)] if group.is_choice else group.parts
        for part in parts:
            for _ in range(self.times(part.least, part.most, depth, forced=group.is_choice)):
                match part:
                    case Element():
                        self.element(node, part.tag, part.type, depth + 1)
                    case Wildcard():
                        etree.SubElement(node, self.chance.choice(("{urn:x}y", "{urn:x}z")))
                    case Group():
                        self.parts(node, part, depth)

    def times(self, least: int, most: int, depth: int, *, forced: bool) -> int:
        if least == 0 and (self.budget < 0 or self.chance.random() > 0.9 / (1 + depth / 2)):
            return int(forced and self.budget > 0)
        if most in (UNBOUNDED, 2, 3) and self.budget > 0 and self.chance.random() < 0.2:
            return max(least, 2)
        return max(least, 1)


def instance(dictionary: Dictionary, message: Message, chance: Random) -> etree._Element:
    """One instance of `message`: in structure right, in values nearly always."""
    return Maker(dictionary, message, chance).document()


def spoil(root: etree._Element, chance: Random) -> None:
    """Change one thing somewhere in the tree: a tag, a text, an attribute, an order, a number."""
    nodes = [node for node in root.iter() if isinstance(node.tag, str)]
    node = chance.choice(nodes)
    parent = node.getparent()
    leaves = [one for one in nodes if len(one) == 0]
    match chance.randrange(9):
        case 0 if parent is not None:
            parent.remove(node)
        case 1 if parent is not None:
            parent.insert(parent.index(node), etree.fromstring(etree.tostring(node)))
        case 2 if parent is not None:
            parent.append(node)
        case 3:
            node.tag = str(node.tag) + "X"
        case 4:
            node.tag = "{urn:other}" + str(etree.QName(node).localname)
        case 5:
            node.set(chance.choice(("Ccy", "other", f"{{{XSI}}}nil", f"{{{XSI}}}type")), "true")
        case 6:
            for key in list(node.attrib):
                del node.attrib[key]
            node.text = (node.text or "") + "1"
        case 7:
            etree.SubElement(node, etree.QName(node).localname)
        case _:
            chance.choice(leaves).text = chance.choice(BAD_TEXTS)

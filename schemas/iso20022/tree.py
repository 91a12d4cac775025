"""A validated message as plain nodes that know their type: what rules and codecs walk."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from lxml import etree

from schemas.iso20022.definitions import Amount, Group, Simple, shipped

EVIDENCE = "urn:lianqiao:evidence:1"  # of our own supplementary data
_OURS = f"{{{EVIDENCE}}}"


class Node:
    """One element: tag, type, text as it stands, attribute of an amount, children in order."""

    __slots__ = ("children", "currency", "parent", "tag", "text", "type")

    def __init__(self, tag: str, kind: str, parent: "Node | None") -> None:
        self.tag = tag
        self.type = kind
        self.parent = parent
        self.text = ""
        self.currency = ""
        self.children: Sequence[Node] = ()

    def first(self, path: str) -> "Node | None":
        """The first node at `path`, tags between slashes, or None."""
        node: Node = self
        for tag in _steps(path):
            for child in node.children:
                if child.tag == tag:
                    node = child
                    break
            else:
                return None
        return node

    def all(self, path: str) -> "list[Node]":
        """Every node at `path`, through every branch."""
        nodes = [self]
        for tag in _steps(path):
            nodes = [child for node in nodes for child in node.children if child.tag == tag]
        return nodes

    def value(self, path: str) -> str:
        """The text at `path`, or nothing where nothing stands."""
        node = self.first(path)
        return node.text if node is not None else ""

    def has(self, *paths: str) -> bool:
        """Whether any of the paths leads somewhere."""
        for path in paths:  # noqa: SIM110  asked a hundred times a message, and quicker so
            if self.first(path) is not None:
                return True
        return False

    def walk(self) -> "Iterator[Node]":
        """This node and everything below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def path(self) -> str:
        """Where it stands, by tags, numbered where brothers share one."""
        step = self.tag
        if self.parent is None:
            return step
        brothers = [child for child in self.parent.children if child.tag == self.tag]
        if len(brothers) > 1:
            number = next(at for at, one in enumerate(brothers, 1) if one is self)
            step = f"{step}[{number}]"
        return f"{self.parent.path()}/{step}"


@cache
def _steps(path: str) -> tuple[str, ...]:
    """The tags of a path; paths are written in rules, so there are few."""
    return tuple(path.split("/"))


@dataclass(slots=True)
class Index:
    """The nodes of a tree by tag, its values and parties by type, its free texts; in order."""

    tags: defaultdict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))
    types: defaultdict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))
    strings: list[Node] = field(default_factory=list)


class _Place:
    """What stands at a place of a message: its tag and type, and what may stand below."""

    __slots__ = ("_below", "is_amount", "is_leaf", "is_party", "is_string", "kind", "space", "tag")

    def __init__(self, tag: str, kind: str, space: str) -> None:
        found = shipped().types.get(kind)
        self.tag = tag
        self.kind = kind
        self.space = space
        self.is_leaf = not isinstance(found, Group)
        self.is_amount = isinstance(found, Amount)
        self.is_string = isinstance(found, Simple) and found.base == "string"
        self.is_party = kind.startswith("PartyIdentification")
        self._below: dict[str, _Place] | None = None

    def below(self) -> "dict[str, _Place]":
        """The places of its children by their whole tag, found when first asked for."""
        if self._below is None:
            group = shipped().types[self.kind]
            elements = group.elements() if isinstance(group, Group) else ()
            self._below = {
                self.space + one.tag: _Place(one.tag, one.type, self.space) for one in elements
            }
        return self._below

    def only(self, child: "_Place") -> "_Place":
        """This place, with one child and no other."""
        self.is_leaf = False
        self._below = {self.space + child.tag: child}
        return self


@cache
def _root(message_id: str) -> _Place:
    message = shipped().messages[message_id]
    space = f"{{{message.namespace}}}"
    if not message.body:
        return _Place(message.root, message.type, space)
    return _Place("Document", "Document", space).only(_Place(message.body, message.type, space))


def grow(root: etree._Element, message_id: str, index: Index) -> Node:
    """Return the typed tree of a validated root; all its nodes are in the index after.

    What stands in a wildcard is others' and is left out; but for our own evidence, which is grown
    with its namespace as the type.
    """
    tags, types, strings = index.tags, index.types, index.strings

    def leaf(element: etree._Element, place: _Place, parent: Node) -> Node:
        node = Node(place.tag, place.kind, parent)
        tags[place.tag].append(node)
        types[place.kind].append(node)
        node.text = element.text or ""
        if place.is_string:
            strings.append(node)
        elif place.is_amount:
            node.currency = element.get("Ccy", "")
        return node

    def under(element: etree._Element, place: _Place, parent: Node | None) -> Node:
        node = Node(place.tag, place.kind, parent)
        tags[place.tag].append(node)
        if place.is_party:
            types[place.kind].append(node)
        below = place.below()
        children = []
        for child in element:
            there = below.get(child.tag)  # type: ignore[arg-type]  # a str: no comments are left
            if there is not None:
                children.append((leaf if there.is_leaf else under)(child, there, node))
            elif str(child.tag).startswith(_OURS):
                children.append(_evidence(child, node))
        node.children = children
        return node

    return under(root, _root(message_id), None)


def _evidence(element: etree._Element, parent: Node) -> Node:
    node = Node(str(element.tag).removeprefix(_OURS), EVIDENCE, parent)
    node.text = element.text or ""
    node.children = [_evidence(child, node) for child in element]
    return node

"""A validated message as plain nodes that know their type: what rules and codecs walk."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from lxml import etree

from schemas.iso20022.definitions import Group, shipped


class Node:
    """One element: tag, type, text as it stands, attribute of an amount, children in order."""

    __slots__ = ("children", "currency", "parent", "tag", "text", "type")

    def __init__(self, tag: str, kind: str, parent: "Node | None") -> None:
        self.tag = tag
        self.type = kind
        self.parent = parent
        self.text = ""
        self.currency = ""
        self.children: list[Node] = []

    def first(self, path: str) -> "Node | None":
        """The first node at `path`, tags between slashes, or None."""
        node: Node | None = self
        for tag in path.split("/"):
            assert node is not None
            node = next((child for child in node.children if child.tag == tag), None)
            if node is None:
                return None
        return node

    def all(self, path: str) -> "list[Node]":
        """Every node at `path`, through every branch."""
        nodes = [self]
        for tag in path.split("/"):
            nodes = [child for node in nodes for child in node.children if child.tag == tag]
        return nodes

    def value(self, path: str) -> str:
        """The text at `path`, or nothing where nothing stands."""
        node = self.first(path)
        return node.text if node is not None else ""

    def has(self, *paths: str) -> bool:
        """Whether any of the paths leads somewhere."""
        return any(self.first(path) is not None for path in paths)

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


EVIDENCE = "urn:lianqiao:evidence:1"  # of our own supplementary data


@dataclass(slots=True)
class Index:
    """The nodes of trees by tag and by type, each list in document order."""

    tags: dict[str, list[Node]] = field(default_factory=dict)
    types: dict[str, list[Node]] = field(default_factory=dict)


@cache
def _children(kind: str) -> dict[str, str]:
    group = shipped().types[kind]
    return {one.tag: one.type for one in group.elements()} if isinstance(group, Group) else {}


def grow(root: etree._Element, message_id: str, index: Index) -> Node:
    """Return the typed tree of a validated root; all its nodes are in the index after.

    What stands in a wildcard is others' and is left out; but for our own evidence, which is grown
    with its namespace as the type.
    """
    message = shipped().messages[message_id]
    cut = len(message.namespace) + 2
    tags, types = index.tags, index.types

    def under(element: etree._Element, kind: str, parent: Node | None) -> Node:
        tag = str(element.tag)[cut:]
        node = Node(tag, kind, parent)
        tags.setdefault(tag, []).append(node)
        types.setdefault(kind, []).append(node)
        node.text = element.text or ""
        if element.attrib:
            node.currency = element.get("Ccy", "")
        if len(element):
            known = _children(kind) if parent is not None or not message.body else body
            for child in element:
                child_kind = known.get(str(child.tag)[cut:])
                if child_kind is not None:
                    node.children.append(under(child, child_kind, node))
                elif str(child.tag).startswith(_OURS):
                    node.children.append(_evidence(child, node))
        return node

    body = {message.body: message.type}
    return under(root, "Document" if message.body else message.type, None)


_OURS = f"{{{EVIDENCE}}}"


def _evidence(element: etree._Element, parent: Node) -> Node:
    node = Node(str(element.tag).removeprefix(_OURS), EVIDENCE, parent)
    node.text = element.text or ""
    node.children = [_evidence(child, node) for child in element]
    return node

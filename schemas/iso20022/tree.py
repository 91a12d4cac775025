"""A validated message as plain nodes that know their type: what rules and codecs walk."""

from collections.abc import Iterator, Sequence

from lxml import etree
from typing_extensions import override

from schemas.iso20022.shape import NOWHERE, Shape, shape_of
from schemas.iso20022.values import are_x


class Node:
    """One element: tag, type, text as it stands, attribute of an amount, children in order."""

    __slots__ = ("_at", "_tree", "tag", "text")

    def __init__(self, tree: "Tree", at: int) -> None:
        self._tree = tree
        self._at = at
        self.tag = tree.shape.tags[at]
        self.text = tree.texts[at]

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self._tree is other._tree and self._at == other._at

    @override
    def __hash__(self) -> int:
        return hash((id(self._tree), self._at))

    @property
    def type(self) -> str:
        """The name of its type; of our own evidence, its namespace."""
        return self._tree.shape.kinds[self._at]

    @property
    def currency(self) -> str:
        """The currency of an amount, or nothing."""
        return self._tree.currencies.get(self._at, "")

    @property
    def parent(self) -> "Node | None":
        """The node above, or None for the root."""
        return Node(self._tree, self._tree.shape.parents[self._at]) if self._at else None

    @property
    def children(self) -> "list[Node]":
        """The nodes right below, in document order."""
        return self._tree.nodes(self._tree.shape.children[self._at])

    def first(self, path: str) -> "Node | None":
        """The first node at `path`, tags between slashes, or None."""
        shape = self._tree.shape
        at = shape.firsts.get((self._at, path))
        if at is None:
            at = shape.first(self._at, path)
        return Node(self._tree, at) if at else None

    def all(self, path: str) -> "list[Node]":
        """Every node at `path`, through every branch."""
        return self._tree.nodes(self._tree.shape.all(self._at, path))

    def value(self, path: str) -> str:
        """The text at `path`, or nothing where nothing stands."""
        shape = self._tree.shape
        at = shape.firsts.get((self._at, path))
        if at is None:
            at = shape.first(self._at, path)
        return self._tree.texts[at] if at else ""

    def has(self, *paths: str) -> bool:
        """Whether any of the paths leads somewhere."""
        shape = self._tree.shape
        for path in paths:
            at = shape.firsts.get((self._at, path))
            if (shape.first(self._at, path) if at is None else at) != NOWHERE:
                return True
        return False

    def walk(self) -> "Iterator[Node]":
        """This node and everything below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def path(self) -> str:
        """Where it stands, by tags, numbered where brothers share one."""
        shape, step, at = self._tree.shape, self.tag, self._at
        if not at:
            return step
        brothers = [one for one in shape.children[shape.parents[at]] if shape.tags[one] == step]
        if len(brothers) > 1:
            step = f"{step}[{brothers.index(at) + 1}]"
        return f"{Node(self._tree, shape.parents[at]).path()}/{step}"


class Tree:
    """The nodes of one part: by number, by tag, by type; its free texts.

    Nodes hold their tree and no tree holds a node, so that a message is gone when its last reader
    is done with it, and no collector has to find it.
    """

    __slots__ = ("_is_x", "currencies", "shape", "strings", "texts", "whole")

    def __init__(self, shape: Shape, texts: Sequence[str], currencies: dict[int, str]) -> None:
        self.shape = shape
        self.texts = texts  # by the number of the node; of one with children, nothing
        self.strings = [texts[at] for at in shape.strings]  # of every leaf that holds text
        self.whole = "".join(self.strings)
        self.currencies = currencies  # of amounts, by the number of the node
        self._is_x: bool | None = None

    @property
    def is_x(self) -> bool:
        """Whether all its free texts are of the base set X."""
        if self._is_x is None:
            self._is_x = are_x(self.whole)
        return self._is_x

    @property
    def root(self) -> Node:
        """The node everything else is below."""
        return Node(self, 0)

    def node(self, at: int) -> Node:
        """The node of that number."""
        return Node(self, at)

    def nodes(self, numbers: Sequence[int]) -> list[Node]:
        """The nodes of those numbers."""
        return [Node(self, at) for at in numbers]

    def codes(self) -> tuple[str, ...]:
        """What stands in every code, and every currency of an amount."""
        texts = self.texts
        return (*[texts[at] for at in self.shape.codes], *self.currencies.values())

    def tagged(self, *tags: str) -> list[Node]:
        """Every node that bears one of the tags, tag by tag, in document order."""
        return self.nodes(self.shape.tagged(tags))

    def typed(self, *kinds: str) -> list[Node]:
        """Every leaf or party of one of the types, type by type, in document order."""
        return self.nodes(self.shape.typed(kinds))

    def spelt(self) -> list[Node]:
        """Every leaf that holds text, with what `strings` says of it."""
        return self.nodes(self.shape.strings)


EMPTY = Tree(Shape(is_kept=False), (), {})  # of a part that is not there


def lone(tag: str, text: str = "", currency: str = "") -> Node:
    """Return a node that stands alone."""
    shape = Shape(is_kept=False)
    shape.add(tag, tag, NOWHERE)
    return Tree(shape, (text,), {0: currency} if currency else {}).root


def grow(root: etree._Element, message_id: str) -> Tree:
    """Return the typed tree of a validated root, which has neither comments nor instructions."""
    elements = list(root.iter())
    tags = tuple([one.tag for one in elements])
    shape = shape_of(message_id, tags, tuple(map(len, elements)))  # type: ignore[arg-type]
    texts = [""] * len(shape.tags)
    for at, element in shape.texts:
        texts[at] = elements[element].text or ""
    currencies = {at: elements[element].get("Ccy", "") for at, element in shape.amounts}
    return Tree(shape, texts, currencies)

"""The structure of a message, found once for all messages that share it: what stands where.

Messages of one sender nearly all have one structure and differ in their values. So places, types
and the answers to paths are kept by structure, up to a number and a size: whoever invents
structures gains nothing but that his messages are read slowly.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from schemas.iso20022.definitions import Amount, Group, Simple, Type, shipped

EVIDENCE = "urn:lianqiao:evidence:1"  # of our own supplementary data
_OURS = f"{{{EVIDENCE}}}"
MOST_KEPT = 64  # structures; a daemon meets few
MOST_NODES = 400  # of a structure that is kept: a few transactions
MOST_LETTERS = 64 * 1024  # of its tags: those of others may be long
MOST_CODES = 64  # of a structure whose codes are looked at together
NOWHERE = 0  # the root stands below nothing, so no path leads to it


_CODED = frozenset(("BizSvc", "MsgDefIdr", "NbOfTxs", "Prty"))


def _is_code(tag: str, kind: str, found: Type | None) -> bool:
    """Whether few values are likely here: one of a list, or what a channel always says."""
    is_listed = isinstance(found, Simple) and any(name == "enumeration" for name, _ in found.facets)
    return is_listed or kind.startswith("External") or tag in _CODED


class _Place:
    """What stands at a place of a definition: its tag and type, and what may stand below."""

    __slots__ = (
        "_below",
        "is_amount",
        "is_code",
        "is_leaf",
        "is_party",
        "is_string",
        "kind",
        "space",
        "tag",
    )

    def __init__(self, tag: str, kind: str, space: str) -> None:
        found = shipped().types.get(kind)
        self.tag = tag
        self.kind = kind
        self.space = space
        self.is_leaf = not isinstance(found, Group)
        self.is_amount = isinstance(found, Amount)
        self.is_code = _is_code(tag, kind, found)
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


class Shape:
    """Every node of a structure by its number, in document order; the root is number 0.

    What stands in a wildcard is others' and is left out; but for our own evidence, whose type is
    its namespace.
    """

    def __init__(self, *, is_kept: bool) -> None:
        self.tags: list[str] = []
        self.kinds: list[str] = []
        self.parents: list[int] = []
        self.children: list[Sequence[int]] = []
        self.texts: list[tuple[int, int]] = []  # nodes with a text, and the elements that hold it
        self.by_tag: defaultdict[str, list[int]] = defaultdict(list)
        self.by_kind: defaultdict[str, list[int]] = defaultdict(list)  # leaves and parties
        self.strings: list[int] = []
        self.codes: list[int] = []
        self.amounts: list[tuple[int, int]] = []  # likewise
        self.is_kept = is_kept
        self.firsts: dict[tuple[int, str], int] = {}
        self._alls: dict[tuple[int, str], Sequence[int]] = {}
        self._tagged: dict[tuple[str, ...], Sequence[int]] = {}
        self._typed: dict[tuple[str, ...], Sequence[int]] = {}

    def add(self, tag: str, kind: str, parent: int) -> int:
        """Give a node the next number."""
        at = len(self.tags)
        self.tags.append(tag)
        self.kinds.append(kind)
        self.parents.append(parent)
        self.children.append(())
        self.by_tag[tag].append(at)
        return at

    def first(self, at: int, path: str) -> int:
        """The first node at a path below a node, tags between slashes; or nowhere."""
        found = at
        for tag in _steps(path):
            for child in self.children[found]:
                if self.tags[child] == tag:
                    found = child
                    break
            else:
                found = NOWHERE
                break
        if self.is_kept:
            self.firsts[at, path] = found
        return found

    def all(self, at: int, path: str) -> Sequence[int]:
        """Every node at a path below a node, through every branch."""
        known = self._alls.get((at, path))
        if known is not None:
            return known
        found = [at]
        for tag in _steps(path):
            found = [one for node in found for one in self.children[node] if self.tags[one] == tag]
        if self.is_kept:
            self._alls[at, path] = found
        return found

    def tagged(self, tags: tuple[str, ...]) -> Sequence[int]:
        """Every node that bears one of the tags, tag by tag."""
        found = self._tagged.get(tags)
        if found is None:
            found = self._tagged[tags] = [at for tag in tags for at in self.by_tag.get(tag, ())]
        return found

    def typed(self, kinds: tuple[str, ...]) -> Sequence[int]:
        """Every leaf or party of one of the types, type by type."""
        found = self._typed.get(kinds)
        if found is None:
            found = self._typed[kinds] = [at for kind in kinds for at in self.by_kind.get(kind, ())]
        return found


@cache
def _steps(path: str) -> tuple[str, ...]:
    """The tags of a path; paths are written in rules, so there are few."""
    return tuple(path.split("/"))


_KEPT: dict[tuple[str, tuple[str, ...], tuple[int, ...]], Shape] = {}


def shape_of(message_id: str, tags: tuple[str, ...], sizes: tuple[int, ...]) -> Shape:
    """Return the structure of a valid part: the whole tag and the children of every element.

    Both are in document order, and together they are the tree.
    """
    key = (message_id, tags, sizes)
    found = _KEPT.get(key)
    if found is None:
        is_small = len(tags) <= MOST_NODES and sum(map(len, tags)) <= MOST_LETTERS
        found = Shape(is_kept=is_small)
        _Growing(found, tags, sizes).under(0, _root(message_id), 0)
        if found.is_kept:
            if len(_KEPT) >= MOST_KEPT:
                _KEPT.clear()
            _KEPT[key] = found
    return found


class _Growing:
    """A shape being made from the elements of a document."""

    def __init__(self, shape: Shape, tags: Sequence[str], sizes: Sequence[int]) -> None:
        self.shape = shape
        self.tags = tags
        self.sizes = sizes

    def under(self, element: int, place: _Place, parent: int) -> int:
        """The node of an element and all below it are there; return the element after them."""
        shape = self.shape
        at = shape.add(place.tag, place.kind, parent)
        if place.is_party:
            shape.by_kind[place.kind].append(at)
        children = []
        below: Mapping[str, _Place] = place.below()
        following = element + 1
        for _ in range(self.sizes[element]):
            there = below.get(self.tags[following])
            if there is None and not self.tags[following].startswith(_OURS):
                following = self._after(following)
                continue
            children.append(len(shape.tags))
            if there is None:
                following = self._evidence(following, at)
            elif there.is_leaf:
                self._leaf(following, there, at)
                following += 1
            else:
                following = self.under(following, there, at)
        shape.children[at] = children
        return following

    def _leaf(self, element: int, place: _Place, parent: int) -> None:
        at = self.shape.add(place.tag, place.kind, parent)
        self.shape.texts.append((at, element))
        self.shape.by_kind[place.kind].append(at)
        if place.is_code:
            self.shape.codes.append(at)
        if place.is_string:
            self.shape.strings.append(at)
        elif place.is_amount:
            self.shape.amounts.append((at, element))

    def _evidence(self, element: int, parent: int) -> int:
        at = self.shape.add(self.tags[element].removeprefix(_OURS), EVIDENCE, parent)
        self.shape.texts.append((at, element))
        children = []
        following = element + 1
        for _ in range(self.sizes[element]):
            children.append(len(self.shape.tags))
            following = self._evidence(following, at)
        self.shape.children[at] = children
        return following

    def _after(self, element: int) -> int:
        """The element after one that is others', and after all below it."""
        waiting = 1
        while waiting:
            waiting += self.sizes[element] - 1
            element += 1
        return element

"""The texts that a mistaken signer may have signed instead, each with the mistake's name.

They come in the order in which they are tried; a text is one edit away from the right one, and
the edits marked likely are tried in pairs too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, permutations

from adapters.bsn.explain.message import Message
from adapters.bsn.explain.parts import (
    Part,
    Parts,
    Path,
    change_leaf,
    change_object,
    change_values,
    every_leaf,
    every_object,
    leaves,
    objects,
    render,
)
from schemas.bsn.shapes import Kind

Edit = Callable[[Parts], Parts]
Encode = Callable[[Parts], bytes]

MESSAGES = (
    "处理成功",
    "success",
    "Transaction Successful",
    *("Successful", "Success", "SUCCESS", "successful", "OK", "ok", "Ok", "成功", "操作成功"),
    *(
        "交易成功",
        "请求成功",
        "处理失败",
        "失败",
        "failed",
        "fail",
        "error",
        "Processing successful",
    ),
    *("Processed successfully", "Processing succeeded", "Operation successful", "succeeded"),
)


def plainly(root: Parts) -> bytes:
    """The text of a tree in UTF-8."""
    return render(root).encode()


@dataclass(frozen=True, slots=True)
class Variant:
    """One mistake: how it changes the tree, or how it writes the tree down."""

    rule: str
    said: str
    edit: Edit
    encode: Encode = plainly
    likely: bool = False

    def data(self, root: Parts) -> bytes:
        """The bytes a signer with this mistake would have signed."""
        return self.encode(self.edit(root))


def name_of(at: Path) -> str:
    """How a field is named to people: without the body it stands in."""
    return ".".join(at[1:] if at[0] == "body" and len(at) > 1 else at)


def messages(message: Message) -> Iterator[Variant]:
    """Another msg stood in the header when it was signed."""
    at = ("header", "msg")
    found = next((part for path, part in leaves(message.root) if path == at), None)
    if found is None:
        return
    for other in MESSAGES:
        said = f"the msg was replaced: the mac covers {other!r}, the capture has {found.raw!r}"
        edit = _setting(at, partial(_with, text=other))
        yield Variant("msg", said, edit, likely=other in MESSAGES[:3])
    for code in ("0", "-1", "200", "1", "500", "-200"):
        said = f"the code was replaced: the mac covers {code}"
        edit = _setting(("header", "code"), partial(_with, text=code))
        yield Variant("msg", said, edit)


def orders(message: Message) -> Iterator[Variant]:
    """The same fields in another order."""
    for at, inside in objects(message.root):
        shown = tuple(part for part in inside if render((part,)))
        for order, likely in _rearranged(shown):
            if order != shown:
                yield Variant(
                    "order", _order_said(at, shown, order), _reordering(at, order), likely=likely
                )
    for what, key in (("of the captured JSON", _place), ("sorted by name", _name)):
        said = f"field order: every object {what}"
        yield Variant("order", said, _sorting(key), likely=True)


def _place(part: Part) -> tuple[int, str]:
    return part.place, ""


def _name(part: Part) -> tuple[int, str]:
    return 0, part.name


def _rearranged(shown: Parts) -> Iterator[tuple[Parts, bool]]:
    count = len(shown)
    for one in range(count - 1):
        yield _swapped(shown, one, one + 1), count <= 3
    yield tuple(sorted(shown, key=_place)), True
    yield tuple(sorted(shown, key=_name)), True
    yield tuple(sorted(shown, key=lambda part: part.name.lower())), False
    yield shown[::-1], False
    for one, other in combinations(range(count), 2):
        yield _swapped(shown, one, other), False
    for one in range(count):
        for other in range(count):
            rest = shown[:one] + shown[one + 1 :]
            yield (*rest[:other], shown[one], *rest[other:]), False
    if count <= 6:
        yield from ((order, False) for order in permutations(shown))


def _swapped(parts: Parts, one: int, other: int) -> Parts:
    found = list(parts)
    found[one], found[other] = found[other], found[one]
    return tuple(found)


def _order_said(at: Path, right: Parts, order: Parts) -> str:
    first = next(place for place, part in enumerate(order) if part != right[place])
    names = [name_of((*at, part.name)) for part in (order[first], right[first])]
    return f"field order: {names[0]} before {names[1]}; the table has {names[1]} first"


def _reordering(at: Path, order: Parts) -> Edit:
    ranks = {part.name: rank for rank, part in enumerate(order)}

    def change(parts: Parts) -> Parts:
        return tuple(sorted(parts, key=lambda part: ranks.get(part.name, len(ranks))))

    return lambda root: change_object(root, at, change)


def _sorting(key: Callable[[Part], tuple[int, str]]) -> Edit:
    return lambda root: every_object(root, lambda parts: tuple(sorted(parts, key=key)))


def lacking(message: Message) -> Iterator[Variant]:
    """A field, or two, were left out of the text."""
    single: list[tuple[Path, Part]] = []
    for at, inside in objects(message.root):
        single += [((*at, part.name), part) for part in inside if render((part,))]
    for at, _ in single:
        yield Variant("fields", f"the text lacks {name_of(at)}", _dropping(at), likely=True)
    for (one, _), (other, _) in combinations(single[:24], 2):
        said = f"the text lacks {name_of(one)} and {name_of(other)}"
        both = partial(_both, _dropping(one), _dropping(other))
        yield Variant("fields", said, both)


def _both(first: Edit, then: Edit, root: Parts) -> Parts:
    return then(first(root))


def doubled(message: Message) -> Iterator[Variant]:
    """A field stands in the text twice."""
    for at, inside in objects(message.root):
        for part in inside:
            if render((part,)):
                twice = partial(_insert, part, inside.index(part))
                said = f"the text has {name_of((*at, part.name))} twice"
                yield Variant("fields", said, partial(_at, at, twice))


def _dropping(at: Path) -> Edit:
    def change(parts: Parts) -> Parts:
        return tuple(part for part in parts if part.name != at[-1])

    return lambda root: change_object(root, at[:-1], change)


def having(message: Message) -> Iterator[Variant]:
    """A field the table does not sign, or a word for an absent one, entered the text."""
    for where, stray in (("header", message.stray_header), ("body", message.stray_body)):
        for part in stray:
            name = name_of((where, part.name)) if where == "body" else f"header.{part.name}"
            for edit in _inserted(message.root, part, where):
                yield Variant("fields", f"the text has {name}", edit, likely=True)
        if len(stray) > 1:
            names = ", ".join(part.name for part in stray)
            yield Variant("fields", f"the text has {names}", _appending((where,), stray))
    for where, stray in (("header", message.stray_header), ("body", message.stray_body)):
        if stray:
            said = f"the text has all of the {where} in the order of the captured JSON"
            edit = _appending((where,), stray)
            yield Variant("fields", said, partial(_both, edit, _sorting(_place)))
    empty = [(at, part) for at, part in leaves(message.root) if not "".join(part.values)]
    for word in ("null", "[]", "{}", '""', "undefined", "None", "<nil>", "nil"):
        for at, _ in empty:
            said = f"the text has {word} for {name_of(at)}, which is empty or absent"
            yield Variant("fields", said, _word(at, word))
        said = f"the text has {word} for every empty or absent field"
        yield Variant("fields", said, partial(_worded, empty, word))


def _inserted(root: Parts, part: Part, where: str) -> Iterator[Edit]:
    index = next(i for i, found in enumerate(root) if found.name == where)
    count = len(root[index].elements[0]) if root[index].elements else 0
    for place in (count, *range(count)):
        insert = partial(_insert, part, place)
        yield partial(_at, (where,), insert)
    yield lambda tree: (*tree, part)


def _insert(part: Part, place: int, parts: Parts) -> Parts:
    return (*parts[:place], part, *parts[place:])


def _at(at: Path, change: Edit, root: Parts) -> Parts:
    return change_object(root, at, change)


def _appending(at: Path, stray: Parts) -> Edit:
    return lambda root: change_object(root, at, lambda parts: parts + stray)


def _word(at: Path, word: str) -> Edit:
    return _setting(at, lambda part: part if "".join(part.values) else _with(part, word))


def _worded(empty: list[tuple[Path, Part]], word: str, root: Parts) -> Parts:
    for at, _ in empty:
        root = _word(at, word)(root)
    return root


def _with(part: Part, text: str) -> Part:
    return replace(part, values=(text,))


def zeros(message: Message) -> Iterator[Variant]:
    """Absent integers and booleans were signed as 0 and false, all of them or some."""
    absent = absent_numbers(message)
    if absent:
        yield Variant("zeros", zeros_said(list(absent)), zeroed, likely=True)
    hidden = {
        at: part.kind
        for at, part in leaves(message.root)
        if part.absent and part.kind in _ZERO and at not in absent
    }
    both = {**absent, **hidden}
    integers = [at for at, kind in both.items() if kind is Kind.INTEGER]
    booleans = [at for at, kind in both.items() if kind is Kind.BOOLEAN]
    for some in (list(both), integers, booleans, *([at] for at in both)):
        if not some:
            continue
        said = zeros_said(some)
        yield Variant("zeros", said, partial(_zeroing, some))


def absent_numbers(message: Message) -> dict[Path, Kind | None]:
    """The integers and booleans that objects of the message lack."""
    return {
        at: part.kind for at, part in every_leaf(message.root) if part.absent and part.kind in _ZERO
    }


def zeros_said(some: list[Path]) -> str:
    """The sentence for zeros signed in place of absent fields."""
    return f"zero signed for {', '.join(map(name_of, some))}, absent in the capture"


_ZERO = {Kind.INTEGER: "0", Kind.BOOLEAN: "false"}


def zeroed(root: Parts) -> Parts:
    """The tree with 0 and false for what is absent in the objects that are present."""
    return tuple(
        replace(part, elements=tuple(zeroed(one) for one in part.elements))
        if part.elements and not part.absent
        else _zero(part)
        for part in root
    )


def _zero(part: Part) -> Part:
    return _with(part, _ZERO[part.kind]) if part.absent and part.kind in _ZERO else part


def _zeroing(some: list[Path], root: Parts) -> Parts:
    for at in some:
        root = change_leaf(root, at, _zero)
    return root


def _setting(at: Path, change: Callable[[Part], Part]) -> Edit:
    return lambda root: change_leaf(root, at, change)


def rewriting(at: Path, change: Callable[[str], str]) -> Edit:
    """The edit that rewrites every value of one leaf."""
    return lambda root: change_values(root, at, change)

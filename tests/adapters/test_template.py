"""The template is whole but for its wire: the door is proved, each hole says what is missing."""

import ast
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from adapters._template import client, codec, network
from adapters.conformance.bench import Bench, DestinationSide, OriginSide
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.exam import Owned
from adapters.conformance.origin import OriginConformance
from adapters.conformance.surroundings import LoopClock
from bridge import registry
from bridge.core.ids import BEGINNING, Cursor
from bridge.ports import FinalityBroken, Unavailable
from tests.tidy.tree import TREE, Module, modules

TEMPLATE = "adapters/_template"
DOOR = TREE / "adapters" / "_template" / "network.py"
README = DOOR.with_name("README.md")
STRANGERS = TREE / "examples" / "write_an_adapter" / "lianqiao_folio" / "network.py"
RENAMED = (("adapters._template", "lianqiao_folio"), ("Template", "Folio"), ("template", "folio"))
IMPORT = re.compile(r"^(?:from|import) (?:.+\((?:\n .+)+\n\)|.+)\n", re.MULTILINE)
EXAMS: tuple[Any, ...] = (OriginConformance, DestinationConformance)
CARDS = [(exam, name) for exam in EXAMS for name in dir(exam) if name.startswith("test_")]


def test_the_door_is_the_one_that_passed_the_exam_over_a_strangers_wire() -> None:
    """Word for word, names and the order of imports aside: so the promises in it are kept."""
    ours, theirs = DOOR.read_text("utf-8"), STRANGERS.read_text("utf-8")
    for old, new in RENAMED:
        ours = ours.replace(old, new)
    assert IMPORT.sub("", ours) == IMPORT.sub("", theirs)
    assert sorted(IMPORT.findall(ours)) == sorted(IMPORT.findall(theirs))


def holes() -> list[tuple[Module, str, str]]:
    """Every function of the template that is not written, with the sentence it raises."""
    found = []
    for module in modules(TEMPLATE):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for inner in node.body:
                    if isinstance(inner, ast.Raise) and isinstance(inner.exc, ast.Call):
                        (said,) = inner.exc.args
                        assert isinstance(said, ast.Constant)
                        found.append((module, node.name, str(said.value)))
    return found


def test_a_hole_names_its_file_and_function_and_says_what_is_true_after() -> None:
    assert holes()
    for module, function, said in holes():
        assert said.startswith(f"{module.path.stem}.{function}: "), said
        (node,) = [
            node
            for node in ast.walk(module.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
        ]
        assert len(ast.get_docstring(node) or "") > 40, f"{said}: its promise is its docstring"


@pytest.fixture
def devnet(tmp_path: Path) -> Any:
    """The module of the template's README that starts a network for the exam."""
    blocks = re.findall(
        r"^```python\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    file = tmp_path / "devnet.py"
    file.write_text(blocks[0], "utf-8")
    spec = importlib.util.spec_from_file_location("devnet", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclass looks for its own words
    spec.loader.exec_module(module)
    return module


def test_no_entry_point_leads_to_the_template() -> None:
    for group in (registry.ADAPTERS, registry.COMMANDS, registry.WORLDS):
        assert not [one for one in registry.found(group) if "_template" in one.value]


@pytest.mark.parametrize(("exam", "card"), CARDS, ids=[name for _, name in CARDS])
async def test_every_card_fails_honestly(exam: Any, card: str, devnet: Any, tmp_path: Path) -> None:
    """No card passes by accident, and each says by name what is not written."""
    async with devnet.devnet(tmp_path) as mine:
        with pytest.raises(NotImplementedError, match=r"^devnet\.(original|twin): \S"):
            await getattr(exam(), card)(bench_of(mine, exam))


def bench_of(mine: Any, exam: Any) -> Bench:
    """The bench of the README's test."""
    if exam is OriginConformance:
        side = OriginSide(mine.network, mine.holder_signs)
        return Bench(side=side, new_asset=mine.original, **mine.offers)
    return Bench(side=DestinationSide(mine.network), new_asset=mine.twin, **mine.offers)


EMPTY = codec.Slot(state="", ticket="", holds=())
ANSWERS: dict[str, Any] = {  # what a wire might answer, so that a card goes on to the next hole
    "devnet.original": Owned(escrow="escrow", asset="one", account="holder", units=1),
    "codec.request": b"bytes",
    "codec.request_id": "id",
    "codec.slot_name": "slot",
    "codec.has_landed": True,
    "client.would_take": None,
    "client.send": None,
    "client.standing": codec.Standing(
        now=0, request="entered", why="", slot=EMPTY, is_moving=False
    ),
}


async def test_a_card_asks_for_one_thing_after_another(
    devnet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who writes what the failing card names is led from the asset to the reader's first page."""
    asked: list[str] = []
    for _ in range(20):
        async with devnet.devnet(tmp_path) as mine:
            with pytest.raises(NotImplementedError) as failed:
                await OriginConformance().test_on01_a_lock_tells_its_order(
                    bench_of(mine, OriginConformance)
                )
        name = str(failed.value).partition(":")[0]
        asked.append(name)
        if name not in ANSWERS:
            break
        fill(monkeypatch, devnet, name)
    assert asked == [
        "devnet.original",
        "codec.request",
        "client.would_take",
        "codec.request_id",
        "client.send",
        "codec.slot_name",
        "client.standing",
        "codec.has_landed",
        "client.pages",
    ]


def fill(monkeypatch: pytest.MonkeyPatch, devnet: Any, name: str) -> None:
    """Write one hole: it answers as a wire might."""
    room, _, function = name.partition(".")
    owner: Any = {"codec": codec, "client": client.Client, "devnet": devnet.Devnet}[room]
    is_async = inspect.iscoroutinefunction(getattr(owner, function))
    monkeypatch.setattr(owner, function, answering(ANSWERS[name], is_async=is_async))


def answering(value: Any, *, is_async: bool) -> Callable[..., Any]:
    async def later(*_: object) -> Any:
        return value

    return later if is_async else lambda *_: value


async def test_a_node_that_tells_pages_out_of_order_is_not_believed() -> None:
    """The reader's own promises, which no honest network of the exam would put to the test."""
    first = codec.Told(number=1, before=codec.BEFORE_ALL, hash="1" * 64, facts=(), evidence=b"")
    gap = codec.Told(number=3, before=first.hash, hash="3" * 64, facts=(), evidence=b"")
    other = codec.Told(number=2, before="f" * 64, hash="2" * 64, facts=(), evidence=b"")
    for told, trouble in (
        (codec.Pages(codec.BEFORE_ALL, (first, gap)), Unavailable),
        (codec.Pages(codec.BEFORE_ALL, (first, other)), FinalityBroken),
        (codec.Pages("f" * 64, ()), FinalityBroken),
    ):
        door = network.TemplateNetwork(settings(), Telling(told), LoopClock(), None)
        with pytest.raises(trouble):
            await anext(door.observe(BEGINNING))
    door = network.TemplateNetwork(settings(), Telling(told), LoopClock(), None)
    with pytest.raises(Unavailable):
        await anext(door.observe(Cursor("another adapter's")))


class Telling(client.Client):
    """A node that tells one answer."""

    def __init__(self, told: codec.Pages) -> None:
        self._told = told

    @override
    async def pages(self, after: int, seen: str) -> codec.Pages:
        del after, seen
        return self._told


def settings() -> Any:
    """Settings of a node nobody asks."""
    return network.ADAPTER.settings(
        {"network": "template:one", "escrow": "e", "key": "0" * 64, "node": "http://localhost:1"}
    )

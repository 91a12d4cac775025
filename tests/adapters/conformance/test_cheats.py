"""The exam finds what it is for: networks that lie, double, forget or skip, each in its own way.

Every cheat is the memory network with one bug planted. The cards named beside it must fail; the
same cards pass for the honest network, which sits the whole exam in its own tests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.conformance.bench import Bench
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import OriginConformance
from adapters.memory import chain as chains
from adapters.memory import escrow as escrows
from adapters.memory import reading, slots
from adapters.memory.chain import Chain
from adapters.memory.codec import (
    BadWire,
    event_fact,
    unsealed,
)
from adapters.memory.escrow import Escrow
from adapters.memory.network import MemoryNetwork
from adapters.memory.slots import Slot, State, landed
from bridge.core.act import Act
from bridge.core.effects import Verb
from bridge.core.events import Fact
from bridge.core.ids import Instant
from bridge.ports import (
    AdapterError,
    FinalityBroken,
    Unproved,
)
from tests.adapters.conformance import cheats
from tests.adapters.memory.grounds import HERE, Here, here

Plant = Callable[[Here, pytest.MonkeyPatch], None]


def escrow_is(kind: type[Escrow]) -> Plant:
    def plant(made: Here, _: pytest.MonkeyPatch) -> None:
        made.ground.chains[HERE].escrow.__class__ = kind

    return plant


def chain_is(kind: type[Chain]) -> Plant:
    def plant(made: Here, _: pytest.MonkeyPatch) -> None:
        made.ground.chains[HERE].__class__ = kind

    return plant


def network_is(kind: type[MemoryNetwork]) -> Plant:
    def plant(made: Here, _: pytest.MonkeyPatch) -> None:
        made.network.__class__ = kind

    return plant


def does_again(made: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody remembers what has landed."""
    made.ground.chains[HERE].escrow.__class__ = cheats.Careless
    allows(monkeypatch, landed)
    monkeypatch.setattr(chains, "landed", lambda _act, _slot: False)
    monkeypatch.setattr(escrows, "landed", lambda _act, _slot: False)


def allowing(verbs: set[Verb], state: State) -> Plant:
    """A slot in that state does not stop those verbs."""

    def plant(made: Here, monkeypatch: pytest.MonkeyPatch) -> None:
        made.ground.chains[HERE].escrow.__class__ = cheats.Careless
        allows(monkeypatch, lambda act, slot: act.verb in verbs and slot.state is state)

    return plant


def allows(monkeypatch: pytest.MonkeyPatch, passes: Callable[[Act, Slot], bool]) -> None:
    honest = slots.hopeless

    def hopeless(act: Act, slot: Slot, now: Instant) -> str:
        return "" if passes(act, slot) else honest(act, slot, now)

    monkeypatch.setattr(escrows, "hopeless", hopeless)


def good_anywhere(made: Here, _: pytest.MonkeyPatch) -> None:
    made.ground.chains[HERE].escrow.__class__ = cheats.Anywhere
    made.network.__class__ = cheats.Anyone


def believes_all(made: Here, _: pytest.MonkeyPatch) -> None:
    """`verify` reads the event and not its signature."""

    def verify(evidence: bytes) -> tuple[Fact, ...]:
        try:
            return (event_fact(unsealed(evidence)),)
        except BadWire as error:
            raise Unproved(str(error)) from error

    made.verify = verify  # type: ignore[method-assign]  # planted


def never_broken(_: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader takes what comes after a gap for what comes next."""

    async def still_told(client: Any, after: int, seen: str) -> None:
        del client, after, seen

    monkeypatch.setattr(reading, "still_told", still_told)
    monkeypatch.setattr(reading, "FinalityBroken", _Swallowed)


class _Swallowed(FinalityBroken):
    def __new__(cls, *_: object) -> Any:
        return TimeoutError("a reader who waits for ever")


@dataclass(frozen=True)
class Cheat:
    says: str
    plant: Plant
    origin: str = ""
    destination: str = ""


CHEATS = (
    Cheat("a verb done again is done twice", does_again, "on03", "dn03"),
    Cheat("no fence", escrow_is(cheats.NoFence), "on07 on08 on34", "dn07 dn08 dn34"),
    Cheat("one notary is enough", escrow_is(cheats.OneIsEnough), "on11", "dn11 dn14"),
    Cheat("one notary counted twice", escrow_is(cheats.CountsTwice), "on11", "dn11"),
    Cheat("the holder is not asked", escrow_is(cheats.NoConsent), "on10"),
    Cheat("an act is good anywhere", good_anywhere, "on12", "dn12"),
    Cheat("an act is good for any ticket", escrow_is(cheats.AnyTicket), "on13", "dn13"),
    Cheat("a hold holds nothing", escrow_is(cheats.NoHold), "on14 on16"),
    Cheat("a hold of what was given back", allowing({Verb.HOLD}, State.SPENT), "on35"),
    Cheat("an ended hold holds again", escrow_is(cheats.HoldReplayed), "on15"),
    Cheat("no last instant", escrow_is(cheats.Timeless), "on18", "dn18"),
    Cheat("one asset locked for two", escrow_is(cheats.LockForAll), "on05"),
    Cheat("a release that gives nothing back", escrow_is(cheats.KeepsOnRelease), "on04 on19"),
    Cheat("assigned at mint", escrow_is(cheats.AssignsAtMint), "", "dn05"),
    Cheat("told before it is final", chain_is(cheats.TooEarly), "on21", "dn21"),
    Cheat("ended and undone", allowing({Verb.RELEASE, Verb.UNMINT}, State.DONE), "on06", "dn06"),
    Cheat("undone and ended", allowing({Verb.BURN, Verb.ASSIGN}, State.SPENT), "on17", "dn17"),
    Cheat("ended and never opened", escrow_is(cheats.EndsNothing), "on09", "dn09"),
    Cheat("told in another order later", network_is(cheats.OtherOrderLater), "on22", "dn22"),
    Cheat("landed is done again", network_is(cheats.AgainForLanded), "on31", "dn31"),
    Cheat("a cancelled call leaks", network_is(cheats.Leaks), "on50", "dn50"),
    Cheat("told twice", chain_is(cheats.TellsTwice), "on02", "dn02 dn10"),
    Cheat("other units told than moved", chain_is(cheats.TellsMore), "on01", "dn01"),
    Cheat("what has expired lands", chain_is(cheats.ExpiresNever), "on33", "dn33"),
    Cheat("look knows no fence", chain_is(cheats.NoFenceSeen), "on08", "dn08"),
    Cheat("look says Landed", network_is(cheats.AlwaysLanded), "on08 on30 on32", "dn08 dn30 dn32"),
    Cheat(
        "look says Never for Unknown", network_is(cheats.NeverForUnknown), "on30 on32", "dn30 dn32"
    ),
    Cheat("look says Again for Unknown", network_is(cheats.AgainAtOnce), "on30 on32", "dn30 dn32"),
    Cheat("a cursor that skips", network_is(cheats.SkipsOne), "on20", "dn20"),
    Cheat("pages in another order", network_is(cheats.OtherOrder), "on03 on20", "dn03 dn20"),
    Cheat("trouble of its own kind", network_is(cheats.Panics), "on51", "dn51"),
    Cheat("prepare sends", network_is(cheats.SendsAtPrepare), "on52", "dn52"),
    Cheat("preflight sees no trouble", network_is(cheats.Optimist), "on40", "dn40"),
    Cheat("a consent to anything", network_is(cheats.BlankConsent), "on41"),
    Cheat("evidence unread", believes_all, "on01", "dn01"),
    Cheat("broken finality unsaid", never_broken, "on24", "dn24"),
)
PLANTED = [
    pytest.param(cheat, card, id=f"{card}-{cheat.says.replace(' ', '-')}")
    for cheat in CHEATS
    for card in (cheat.origin + " " + cheat.destination).split()
]
EXAMS: dict[str, Any] = {"on": OriginConformance(), "dn": DestinationConformance()}


async def sit(card: str, bench: Bench) -> None:
    """Run one card of the exam."""
    exam = EXAMS[card[:2]]
    (name,) = [name for name in dir(exam) if name.startswith(f"test_{card}_")]
    await getattr(exam, name)(bench)


@pytest.mark.parametrize(("cheat", "card"), PLANTED)
async def test_a_cheat_is_found(cheat: Cheat, card: str, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = card.startswith("dn")
    honest = here(is_home=not destination)
    await sit(card, honest.bench(destination=destination))
    cheating = here(is_home=not destination)
    cheat.plant(cheating, monkeypatch)
    found = (AssertionError, AdapterError, TimeoutError, KeyError, pytest.fail.Exception)
    with pytest.raises(found):
        await sit(card, cheating.bench(destination=destination))


def test_every_card_is_known_to_find_something() -> None:
    """A card that no planted bug ever failed proves nothing."""
    cards = {name[5:9] for exam in EXAMS.values() for name in dir(exam) if name.startswith("test_")}
    proved = {card for cheat in CHEATS for card in (cheat.origin + " " + cheat.destination).split()}
    assert cards == proved, f"plant a bug for {sorted(cards - proved)}"

"""What `deploy` sends fits the escrow as it stands, a rotation of notaries later too."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from adapters.bsn.deploying import Plan, argument_for
from bridge.core.canonical import Value, parse
from tests.adapters.bsn.fabric.board import (
    BOB,
    ESCROW,
    NETWORK,
    OPERATOR,
    THRESHOLD,
    WINDOW,
    Board,
    code,
    notary_keys,
    public,
)

NEXT = notary_keys("notary 1", "notary 2", "notary 4")


@dataclass
class Access:
    """Reads what a board keeps."""

    board: Board

    async def records(self, *keys: str) -> list[Mapping[str, Value]]:
        found = [parse(self.board.state.get(key, b"{}")) for key in keys]
        return [one for one in found if isinstance(one, Mapping)]


@dataclass
class Settings:
    """What settings say of the place."""

    network: str = NETWORK
    escrow: str = ESCROW
    window_ms: int = WINDOW


async def test_operators_change_after_the_notaries_did() -> None:
    board = Board().opened()
    assert code(board.rotate(2, NEXT)) == "rotated"
    plan = Plan(
        number=2,
        operators=[OPERATOR.account, BOB.account],
        notaries=[public(key) for key in NEXT],
        threshold=THRESHOLD,
    )
    argument = await argument_for(Access(board), plan, Settings())  # type: ignore[arg-type]
    admits = sha256(argument).hexdigest()
    assert code(board.call("configure", argument, admits=admits)) == "configured"


async def test_the_first_configuration_is_the_plans_own() -> None:
    board = Board()
    plan = Plan(operators=[OPERATOR.account], notaries=[public(key) for key in NEXT], threshold=2)
    argument = await argument_for(Access(board), plan, Settings())  # type: ignore[arg-type]
    admits = sha256(argument).hexdigest()
    assert code(board.call("configure", argument, admits=admits)) == "configured"
    assert public(NEXT[0]).encode() in board.state["epoch/1"]

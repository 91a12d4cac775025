"""What operators answer to the same questions, counted: a quorum of them, not of addresses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from adapters.evm.client import Answer, Call, NodeError, of_contract
from bridge.ports import Unavailable


class Voter(Protocol):
    """Who answers, and in whose name."""

    @property
    def operator(self) -> str:
        """Who runs it."""
        ...


N = TypeVar("N", bound=Voter)


@dataclass(frozen=True, slots=True)
class Result(Generic[N]):
    """What a quorum of operators says, and who says what."""

    answers: list[Answer]
    agreed: Sequence[N]  # who contradicts nothing of it
    others: Sequence[N]  # who does not say all of it, for whatever reason
    doubted: Mapping[N, Call]  # who says otherwise, and of what


class Poll(Generic[N]):
    """Answers to some questions, as they come in."""

    def __init__(self, calls: Sequence[Call], quorum: int) -> None:
        self._calls = calls
        self._quorum = quorum
        self._told: list[tuple[N, list[Answer], list[str]]] = []
        self._said: list[dict[str, tuple[set[str], Answer]]] = [{} for _ in calls]
        self._refused = [""] * len(calls)

    def add(self, node: N, answers: list[Answer]) -> None:
        """Count what a node answers; that it cannot answer is no vote."""
        keys: list[str] = []
        for place, answer in enumerate(answers):
            key = _key(answer)
            keys.append(key)
            if isinstance(answer, NodeError) and not of_contract(answer):
                self._refused[place] = f"; {node.operator} refuses: {answer.message[:200]}"
                continue  # busy, or behind: it says nothing of the state
            self._said[place].setdefault(key, (set(), answer))[0].add(node.operator)
        self._told.append((node, answers, keys))

    def is_agreed(self) -> bool:
        """Tell whether a quorum of operators says the same to each question."""
        return all(any(len(who) >= self._quorum for who, _ in said.values()) for said in self._said)

    def result(self) -> Result[N]:
        """Return what a quorum says. Errors: Unavailable where none does."""
        agreed: list[Answer] = []
        keys: list[str] = []
        for place, said in enumerate(self._said):
            best = max(said.items(), key=lambda one: len(one[1][0]), default=None)
            if best is None or len(best[1][0]) < self._quorum:
                heard = len({node.operator for node, _, _ in self._told})
                raise Unavailable(
                    f"no {self._quorum} operators agree on {self._calls[place][0]}, "
                    f"{heard} answered{self._refused[place]}"
                )
            keys.append(best[0])
            agreed.append(best[1][1])
        doubted: dict[N, Call] = {}
        others = [node for node, _, its in self._told if its != keys]
        for node, answers, _ in self._told:
            for call, answer, best_ in zip(self._calls, answers, agreed, strict=True):
                if _contradicts(answer, best_):
                    doubted.setdefault(node, call)
        agree = [node for node, _, _ in self._told if node not in doubted]
        return Result(agreed, agree, others, doubted)


def _key(answer: Answer) -> str:
    if isinstance(answer, str):
        return f'"{answer}'  # as nothing else begins
    if isinstance(answer, NodeError):
        return f"refused {answer.data.hex()}"
    try:
        return json.dumps(answer, sort_keys=True)
    except RecursionError:  # it was read with less of the stack in use
        return f"too deep {id(answer)}"


def _contradicts(answer: Answer, agreed: Answer) -> bool:
    """Tell whether two answers say different things of a state; not to know it says nothing."""
    if answer is agreed or (isinstance(answer, str) and answer == agreed):
        return False
    both = (answer, agreed)
    claims = all(one.data if isinstance(one, NodeError) else isinstance(one, str) for one in both)
    return bool(claims) and _key(answer) != _key(agreed)

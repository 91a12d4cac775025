"""Readings of the escrow's records: what is asked while another reading is under way goes together.

A question costs two signatures and the check of its answer, however many records it asks for. No
reading is answered from a question that was under way before it was asked.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol

from adapters.bsn.chaincode.reading import MOST_READ
from bridge.core.canonical import Value
from bridge.ports import Refused, Unavailable


class Ask(Protocol):
    """Asks for what is kept under some keys, as of one block. Errors: Unavailable, Refused."""

    def __call__(self, *keys: str) -> Awaitable[list[Mapping[str, Value]]]:
        """Return it in the order of the keys."""
        ...


@dataclass(eq=False, slots=True)
class _Asked:
    keys: tuple[str, ...]
    alone: bool = False  # a question it went with was refused: whose fault it was shows by itself
    told: list[Mapping[str, Value]] | Unavailable | Refused | None = None


class Records:
    """The records of one escrow. A reader who leaves takes nobody's answer along."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._turn = asyncio.Lock()
        self._waiting: list[_Asked] = []

    async def __call__(self, *keys: str) -> list[Mapping[str, Value]]:
        """Return what the escrow keeps under some keys, in their order and as of one block.

        Errors: Unavailable, Refused.
        """
        mine = _Asked(keys)
        self._waiting.append(mine)
        try:
            async with self._turn:
                await asyncio.sleep(0)  # what is asked in this turn of the loop comes along
                while mine.told is None:
                    await self._put(self._company(mine))
        finally:
            self._waiting.remove(mine)
        if isinstance(mine.told, Unavailable | Refused):
            raise type(mine.told)(*mine.told.args) from mine.told
        return mine.told

    def _company(self, mine: _Asked) -> list[_Asked]:
        """Return who goes in one question with the one whose turn it is."""
        company, keys = [mine], set(mine.keys)
        for one in self._waiting:
            together = keys.union(one.keys)
            apart = mine.alone or one.alone or one.told is not None
            if one is not mine and not apart and len(together) <= MOST_READ:
                company.append(one)
                keys = together
        return company

    async def _put(self, company: list[_Asked]) -> None:
        """Ask one question, and tell each what is theirs."""
        keys = tuple(dict.fromkeys(key for one in company for key in one.keys))
        try:
            found = dict(zip(keys, await self._ask(*keys), strict=True))
        except Unavailable as error:
            for one in company:
                one.told = error
        except Refused as error:
            for one in company:
                one.alone = True
            if len(company) == 1:
                company[0].told = error
        else:
            for one in company:
                one.told = [found[key] for key in one.keys]

"""JSON-RPC to one endpoint: bounded in time, size and number, and every answer is its question's.

Reads asked at the same time share a request; where that fails each is asked by itself. A call that
is cancelled ends only itself: no lock is held across an await.
Source: JSON-RPC 2.0; Ethereum execution-apis; go-ethereum, rpc/errors.go.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import aiohttp
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_result,
    stop_after_attempt,
    wait_exponential_jitter,
)

from adapters.evm.coalescing import Coalescer, Spoiled
from bridge.ports import let_go

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"
Call: TypeAlias = tuple[str, tuple[Json, ...]]

BATCH = 100  # calls in one request: what the strictest public end points take
LARGEST = 32 * 1024 * 1024  # bytes of an answer: a full block's receipts are some 4 MB
IN_FLIGHT = 16  # requests to one endpoint at once
TIMEOUT_S = 10.0
FIRST_WAIT_S = 0.05
BUSY = frozenset({429, 502, 503, 504})
SHUT = frozenset({401, 402, 403, 404, 405, 407, 413})  # a proxy's or a provider's own no
REVERTED = frozenset({3, -32015})  # codes by which nodes say that the contract refused
GENERAL = -32000  # and this one says anything, with these words where it was the contract
OF_CODE = ("revert", "opcode", "jump", "stack", "out of gas", "write protection")
LARGE = frozenset(  # answers of megabytes or seconds: nobody else's should wait for them
    {"eth_getBlockReceipts", "eth_getTransactionReceipt", "eth_simulateV1"}
)
TOO_MUCH = frozenset({-32002, -32003})  # a batch as a whole took too long, or says too much


class Trouble(Exception):
    """Raised where an endpoint gave no usable answer. Caught in the door and the watcher."""


class Unreachable(Trouble):
    """Raised where nothing was sent, or the endpoint is busy or shut to us: ask again later."""


class Unanswered(Trouble):
    """Raised where the request may have arrived and the answer did not."""


class Lied(Trouble):
    """Raised where the answer is none to this question, or too large: the endpoint is set aside."""


class NodeError(Exception):
    """Raised where the node refuses: its code, its words, and what a revert gave."""

    def __init__(self, code: int, message: str, data: bytes = b"") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.data = data


Answer: TypeAlias = "Json | NodeError"


def of_contract(error: NodeError) -> bool:
    """Tell whether a contract refused; else the node did, and nothing is known of the contract."""
    said = error.message.lower()
    return (
        bool(error.data)
        or error.code in REVERTED
        or (error.code == GENERAL and any(word in said for word in OF_CODE))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one endpoint may take. Units: seconds, bytes."""

    timeout_s: float = TIMEOUT_S
    largest: int = LARGEST
    in_flight: int = IN_FLIGHT
    tries: int = 3  # of a read that was not answered; a transaction is sent once


class Endpoint:
    """One node's address, asked over a session of its own."""

    def __init__(self, url: str, operator: str, bounds: Bounds | None = None) -> None:
        self.url = url
        self.operator = operator
        self._bounds = bounds if bounds is not None else Bounds()
        self._session: aiohttp.ClientSession | None = None
        self._next = 0
        self._together: Coalescer[Answer] = Coalescer(self._asked, BATCH)

    async def __aenter__(self) -> "Endpoint":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._bounds.in_flight),
            timeout=aiohttp.ClientTimeout(total=self._bounds.timeout_s),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None, "it was entered"
        await self._together.close()
        await self._session.close()

    async def call(self, method: str, *params: Json) -> Json:
        """Return the node's answer to a read; asked again where it was not answered.

        Errors: Unreachable, Unanswered, Lied, NodeError.
        """
        (answer,) = await self.batch([(method, params)])
        if isinstance(answer, NodeError):
            raise answer
        return answer

    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        """Return the answers to some reads, in their order, a refusal in its place.

        Errors: Unreachable, Unanswered, Lied.
        """
        answers: list[Answer] = []
        for first in range(0, len(calls), BATCH):
            answers += await self._answered(calls[first : first + BATCH])
        return answers

    async def _answered(self, calls: Sequence[Call]) -> Sequence[Answer]:
        """Ask with what others ask, and once more by itself where that was not answered."""
        questions = [_written(method, params) for method, params in calls]
        try:
            if any(method in LARGE for method, _ in calls):
                return await self._asked(questions)
            return await self._together.ask(questions)
        except Spoiled:  # maybe by others: alone it may be answered, or shows what it did
            pass
        except (Unreachable, Unanswered):
            if self._bounds.tries < 2:
                raise
        return await self._again(questions)

    async def _again(self, questions: Sequence[str]) -> Sequence[Answer]:
        """Ask once more, and more: only who was not answered pays for how that is done."""

        async def tried() -> Sequence[Answer] | Trouble:
            try:
                return await self._asked(questions)
            except (Unreachable, Unanswered) as trouble:
                let_go(trouble)
                return trouble

        await asyncio.sleep(FIRST_WAIT_S)
        asking = AsyncRetrying(
            stop=stop_after_attempt(max(1, self._bounds.tries - 1)),
            wait=wait_exponential_jitter(multiplier=2 * FIRST_WAIT_S, max=1),
            retry=retry_if_result(_is_trouble),
            retry_error_callback=_last,
        )
        told: Sequence[Answer] | Trouble = await asking(tried)
        asking.iter_state.reset()  # what it was about to do names it
        try:
            if isinstance(told, Trouble):
                raise told
            return told
        finally:
            del told  # what is raised holds this frame

    async def send(self, raw: bytes) -> str:
        """Hand a transaction over, once and by itself. Return the hash the node gives.

        Errors: Unreachable, Unanswered, Lied, NodeError.
        """
        question = _written("eth_sendRawTransaction", (f"0x{raw.hex()}",))
        (answer,) = await self._asked([question])
        if isinstance(answer, NodeError):
            raise answer
        if not isinstance(answer, str):
            raise Lied(f"{self.operator}: eth_sendRawTransaction answered no hash")
        return answer

    async def _asked(self, questions: Sequence[str], *, shared: bool = False) -> Sequence[Answer]:
        """Post some questions once. Errors: Trouble; Spoiled where the node refuses them as one."""
        assert self._session is not None, "it was entered"
        first, self._next = self._next, self._next + len(questions)
        requests = [
            f'{{"jsonrpc": "2.0", "id": {number}, {question}}}'
            for number, question in enumerate(questions, first)
        ]
        body = requests[0] if len(requests) == 1 else f"[{', '.join(requests)}]"
        raw = await self._posted(self._session, body.encode())
        try:
            told = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise Lied(f"{self.operator}: the answer is no JSON") from error
        found = _by_id(told if isinstance(told, list) else [told])
        if len(questions) > 1 and isinstance(told, dict) and None in found:
            self._fewer(len(questions))
            if shared:
                raise Spoiled(f"{self.operator}: the whole batch was refused")
            return [_result(self.operator, told)] * len(questions)
        numbers = range(first, first + len(questions))
        if found.keys() != set(numbers):
            if shared:
                self._fewer(len(questions))  # some say so in a form of their own
            raise Lied(f"{self.operator}: the answer is to another question")
        answers = [_result(self.operator, found[number]) for number in numbers]
        if shared and any(isinstance(one, NodeError) and one.code in TOO_MUCH for one in answers):
            raise Spoiled(f"{self.operator}: it is too much at once")
        return answers

    def _fewer(self, refused: int) -> None:
        """Share less from now on, for a while: it does not take so many at once."""
        self._together.share_fewer(refused // 2)

    async def _posted(self, session: aiohttp.ClientSession, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        try:
            # who moves says so to people: a redirect would be another operator, or no TLS
            async with session.post(
                self.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status in BUSY | SHUT:
                    raise Unreachable(f"{self.operator}: status {answer.status}")
                if answer.status >= 500 or 300 <= answer.status < 400:
                    raise Unanswered(f"{self.operator}: status {answer.status}")
                if answer.content_type == "text/html":  # a proxy's page: the node said nothing
                    raise Unanswered(f"{self.operator}: a page, status {answer.status}")
                length = answer.content_length
                if length is not None and "Content-Encoding" not in answer.headers:
                    if length > self._bounds.largest:
                        raise Lied(f"{self.operator}: an answer over {self._bounds.largest} bytes")
                    return await answer.read()
                raw = bytearray()
                async for chunk in answer.content.iter_chunked(65_536):
                    raw += chunk
                    if len(raw) > self._bounds.largest:
                        raise Lied(f"{self.operator}: an answer over {self._bounds.largest} bytes")
                return bytes(raw)
        except aiohttp.ClientConnectorError as error:
            let_go(error)
            raise Unreachable(f"{self.operator}: no connection") from error
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
            let_go(error)
            raise Unanswered(f"{self.operator}: {type(error).__name__}") from error


def _is_trouble(told: object) -> bool:
    return isinstance(told, Trouble)


def _last(state: RetryCallState) -> Any:
    assert state.outcome is not None, "it was tried"
    return state.outcome.result()


def _written(method: str, params: Sequence[Json]) -> str:
    """Return a question as it stands in a request, behind its id."""
    return json.dumps({"method": method, "params": params})[1:-1]


def _by_id(answers: Sequence[object]) -> dict[object, Mapping[str, Json]]:
    found: dict[object, Mapping[str, Json]] = {}
    for answer in answers:
        if isinstance(answer, Mapping) and not isinstance(answer.get("id"), list | dict):
            found[answer.get("id")] = answer
    return found


def _result(operator: str, answer: Mapping[str, Json]) -> Answer:
    error = answer.get("error")
    if error is None:
        if "result" not in answer:
            raise Lied(f"{operator}: neither result nor error")
        return answer["result"]
    if not isinstance(error, Mapping):
        raise Lied(f"{operator}: the error is no object")
    code, message, data = error.get("code"), error.get("message"), error.get("data")
    reverted = b""
    if isinstance(data, str) and data.startswith("0x"):
        try:
            reverted = bytes.fromhex(data[2:])
        except ValueError as bad:
            raise Lied(f"{operator}: a revert's data is no hex") from bad
    return NodeError(code if isinstance(code, int) else 0, str(message)[:500], reverted)

"""The node gateway's client: it signs what it asks and verifies every answer, refusals included.

It keeps the rule of three outcomes: done, surely not done, or nobody knows. An answer that cannot
be trusted stops all sending until a person has looked; reading goes on, each answer verified.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.bsn.pcn_answers import (
    Answer,
    NotAnAnswer,
    Untrusted,
    count_of,
    object_of,
    read_answer,
    text_of,
)
from adapters.bsn.pcn_codec import request_text
from adapters.bsn.pcn_wire import Heard, NoAnswer, NotSent, Wire
from adapters.bsn.private_keys import KeyOfUser
from adapters.bsn.signing import MacVerifier
from adapters.bsn.unambiguous import Fixed, demand_one_reading
from bridge.core.ids import Instant
from bridge.ports import AdapterError, Clock, Refused, Unavailable, Uncertain

FABRIC = "/api/fabric/v1/"
TRANS, CALL = f"{FABRIC}node/trans", f"{FABRIC}node/reqChainCode"
CONFLICTS = frozenset({11, 12})  # MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT
LONGEST_PAUSE_MS = 10 * 60_000

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_CODE = re.compile(r"LQ([45])\d\d ")  # how a refusal of our chaincode begins


@dataclass(frozen=True, slots=True)
class Told:
    """What the chaincode answered: the transaction, its code, its data."""

    tx: str
    code: int
    data: str
    answer: Answer


class PcnClient:
    """One user of one application. It keeps why it stopped sending, and questions of no body."""

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        *,
        codes: tuple[str, str],
        key: KeyOfUser,
        gateway: MacVerifier,
        fixed: Fixed,
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._codes = {"userCode": codes[0], "appCode": codes[1]}
        self._key = key
        self._gateway = gateway
        self._fixed = fixed
        self._not_before = Instant(0)
        self._bare: dict[str, bytes] = {}  # signed once, for they are the same bytes each time
        self.stopped = ""  # why nothing is sent any more; a person opens the network again

    def request(self, path: str, body: Mapping[str, Any] | None) -> bytes:
        """The bytes of a signed request, whose text can be read in one way only.

        Errors: pcn_codec.MessageRefused.
        """
        demand_one_reading(path, body, self._fixed)
        signed = path != "/api/app/getAppInfo"
        mac = self._key.sign(request_text(path, self._codes, body)) if signed else ""
        document = {"header": self._codes, "mac": mac, "body": body}
        return _ENCODER.encode(document).encode()

    async def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """The verified answer to a question that changes nothing.

        Errors: Unavailable.
        """
        request = self._bare.get(path) if body is None else None
        if request is None:
            request = self.request(path, body)
            if body is None:
                self._bare[path] = request
        return await self._asked(path, request, Unavailable)

    async def invoke(self, path: str, request: bytes) -> Told:
        """What came of a call of the chaincode, of which these are the bytes.

        Errors: Unavailable where nothing was ordered and it can be asked again, Refused where the
        chaincode refuses for good, Uncertain where it may have been ordered.
        """
        if self.stopped:
            raise Unavailable(f"sending is stopped: {self.stopped}")
        return await self._told(path, await self._asked(path, request, Uncertain), Uncertain)

    async def query(self, path: str, request: bytes) -> Told:
        """What the chaincode answers to a call that writes nothing. Errors: Unavailable."""
        return await self._told(path, await self._asked(path, request, Unavailable), Unavailable)

    async def _told(self, path: str, answer: Answer, unsure: type[AdapterError]) -> Told:
        if not answer.done:
            refused(answer.msg, unsure)
        try:
            body = object_of(answer.body)
            block, told = object_of(body, "blockInfo"), object_of(body, "ccRes")
            code, status = count_of(told, "ccCode"), count_of(block, "status")
            tx, data = text_of(block, "txId"), text_of(told, "ccData")
        except Untrusted as error:
            raise self._distrust(path, str(error), unsure) from error
        if status in CONFLICTS:
            raise unsure(f"a conflict ({status}): look, then prepare anew")
        if status:
            raise unsure(f"validation code {status}")
        if code != 200:
            refused(data, unsure, code)
        return Told(tx, code, data, answer)

    def _distrust(self, path: str, why: str, unsure: type[AdapterError]) -> AdapterError:
        self.stopped = f"{path}: {why}"
        return unsure(f"gateway.untrusted: {why}")

    async def _asked(self, path: str, request: bytes, unsure: type[AdapterError]) -> Answer:
        if self._clock.now() < self._not_before:
            raise Unavailable("the gateway asked us to wait")
        try:
            heard = await self._wire.post(path, request)
        except NotSent as error:
            raise Unavailable(str(error)) from error
        except NoAnswer as error:
            raise unsure(str(error)) from error
        if heard.status != 200:
            raise self._turned_away(heard, unsure)
        try:
            return read_answer(path, heard.data, self._gateway)
        except NotAnAnswer as error:
            raise unsure(f"no answer of this wire: {error}") from error
        except Untrusted as error:
            raise self._distrust(path, str(error), unsure) from error

    def _turned_away(self, heard: Heard, unsure: type[AdapterError]) -> AdapterError:
        if heard.status in {401, 403}:
            self.stopped = f"the gateway answers {heard.status}"
            return Unavailable(self.stopped)
        if heard.status == 429:
            after = {name.lower(): value for name, value in heard.headers.items()}
            said = after.get("retry-after", "")
            pause = int(said) * 1000 if said.isascii() and said.isdigit() else 1000
            self._not_before = Instant(self._clock.now() + min(pause, LONGEST_PAUSE_MS))
            return Unavailable("the gateway asks us to wait")
        return unsure(f"status {heard.status}")

    def disagree(self, path: str, why: str) -> Unavailable:
        """Stop sending, for an answer to another question; what to raise for it."""
        self.stopped = f"{path}: {why}"
        return Unavailable(f"gateway.untrusted: {why}")


def refused(said: str, unsure: type[AdapterError], code: int = 0) -> None:
    """Raise what a failure means: our chaincode's own word decides, anything else is unsure.

    Errors: Refused, Unavailable, or `unsure`.
    """
    found = _CODE.search(said)
    kind = found[1] if found else str(code)[:1] if 400 <= code < 600 else ""
    if kind == "4":
        raise Refused(said[:300])
    if kind == "5":
        raise Unavailable(said[:300])
    raise unsure(f"the gateway says: {said[:300]}")

"""The gateway: it checks each request's mac, does what is asked, and signs what it answers.

It answers when the orderer has taken a transaction, which is before its block is cut; until then
nobody finds the transaction. Values that could be read in two ways are refused.
"""

import base64
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adapters.bsn.devnet import texts
from adapters.bsn.devnet.behind import Behind, Endorsed, EndorsementFailed, Signing
from adapters.bsn.devnet.blocks import Block
from adapters.bsn.devnet.faults import ORDERED, Faults
from adapters.bsn.devnet.ledger import proposal
from adapters.bsn.devnet.macs import Public, Secret
from adapters.bsn.devnet.names import certificate
from adapters.bsn.devnet.registry import NotRegistered, Registry
from adapters.bsn.devnet.replies import NEW, Lost, Reply, spoken
from adapters.bsn.devnet.requests import requested_key
from adapters.bsn.devnet.wire import message
from schemas.bsn.gateway import ENDPOINTS

FABRIC = "/api/fabric/v1/"
TRUST, UPLOAD = 1, 2
MSP = "Org1MSP"


class Failed(Exception):
    """The gateway says code -1 and this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One application of the portal: its codes, its algorithm, its mode, its user's key."""

    user_code: str
    app_code: str
    algorithm: int
    mode: int
    user: Public
    secret: Secret  # the gateway's own key for this algorithm


@dataclass(slots=True, kw_only=True)
class Gateway:
    """The gateway of one channel for several applications."""

    ledger: Behind
    apps: dict[str, App] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    users: dict[tuple[str, str], str] = field(default_factory=dict)  # secrets by app and name
    kept: dict[tuple[str, str], tuple[Signing, bytes]] = field(default_factory=dict)
    msg: str = NEW
    orders_reads: bool = False  # whether what changes nothing is ordered too
    closed: bool = False
    registry: Registry = field(default_factory=Registry)
    _ordered: bool = False  # whether the call that is being answered was

    def open(self, algorithm: int, mode: int, user: Public) -> App:
        """A new application whose user signs with this key."""
        number = f"{algorithm}{mode}"
        app = App(
            user_code=f"USER0001202601010000000000{number:0>3}",
            app_code=f"app0001202601010000000000{number:0>4}",
            algorithm=algorithm,
            mode=mode,
            user=user,
            secret=Secret(algorithm, "gateway"),
        )
        self.apps[app.app_code] = app
        return app

    def answer(self, path: str, raw: bytes) -> Reply:
        """The answer to one request.

        Errors: Lost where the caller is to hear nothing.
        """
        if self.closed:
            raise Lost("closed")
        if path not in ENDPOINTS:
            return Reply(404, b"no such end point")
        fault = self.faults.take(path)
        if fault is not None and fault.kind == "lose_request":
            raise Lost("lost before it was read")
        found = self._app(path, raw)
        if isinstance(found, Reply):
            return found
        app, body = found
        self._ordered = False
        try:
            code, msg, answered = 0, self.msg, self._done(app, path, body)
        except (Failed, EndorsementFailed) as failed:
            code, msg, answered = -1, str(failed), None
        if fault is None and self._ordered:
            fault = self.faults.take(ORDERED)
        return spoken(app.secret, path, (code, msg, answered), fault)

    def _app(self, path: str, raw: bytes) -> "tuple[App, Any] | Reply":
        """The application and the body of a request that is what it claims to be."""
        try:
            asked = json.loads(raw)
            header, mac, body = asked["header"], asked["mac"], asked["body"]
            app = self.apps[header["appCode"]]
            text = texts.request(path, header, body)
        except (ValueError, KeyError, TypeError):
            return Reply(400, b"not a request")
        if header["userCode"] != app.user_code:
            return self._refusal(app, "user and application do not belong together")
        if ENDPOINTS[path].request_signed and not (
            isinstance(mac, str) and app.user.good(text, mac)
        ):
            return self._refusal(app, "mac验证失败")
        return app, body

    def _refusal(self, app: App, why: str) -> Reply:
        head = {"code": -1, "msg": why}
        document = {"header": head, "mac": app.secret.mac(f"-1{why}"), "body": None}
        return Reply(200, json.dumps(document, ensure_ascii=False).encode())

    def _done(self, app: App, path: str, body: Any) -> Any:
        if path == "/api/app/getAppInfo":
            return self._info(app)
        deed = DEEDS.get(path.removeprefix(FABRIC))
        if deed is None:
            raise Failed("this end point is not open here")
        return deed(self, app, body or {})

    def _info(self, app: App) -> Any:
        return {
            "appName": "devnet",
            "appType": "fabric",
            "caType": app.mode,
            "algorithmType": app.algorithm,
            "mspId": MSP,
            "channelId": self.ledger.channel,
            "version": "1.4.0",
            "fabricVersion": "2.2.1",
        }

    def register(self, app: App, body: Any) -> Any:
        """A new user; in trust mode the gateway makes and keeps their key."""
        name, secret = body.get("name", ""), body.get("secret", "")
        if not re.fullmatch(r"[a-z][a-z0-9]{2,31}", name):
            raise Failed("name")
        if not re.fullmatch(r"[0-9a-f]{32}", secret) or body.get("extendProperties"):
            raise Failed("secret or extendProperties could be read in two ways")
        if (app.app_code, name) in self.users:
            raise Failed("user exists")
        self.users[app.app_code, name] = secret
        if app.mode == TRUST:
            kept = Secret(2 if app.algorithm == 3 else app.algorithm, f"{app.app_code}/{name}")
            made = certificate(f"{name}@{app.app_code}", kept.public())
            identity = self._joined(name, made, kept.public())
            self.kept[app.app_code, name] = (kept, identity)
        return {"name": name, "secret": secret}

    def enrol(self, app: App, body: Any) -> Any:
        """A certificate for the key of a registered user."""
        name = body.get("name", "")
        if app.mode != UPLOAD or self.users.get((app.app_code, name)) != body.get("secret"):
            raise Failed("enrolment is not possible")
        try:
            subject, key = requested_key(body.get("csrPem", ""))
        except ValueError as error:
            raise Failed(f"csrPem: {error}") from error
        if subject != f"{name}@{app.app_code}":
            raise Failed("csrPem: its name is another")
        made = certificate(subject, key)
        self._joined(name, made, key)
        return {"cert": made}

    def _joined(self, name: str, made: str, key: Public) -> bytes:
        try:
            return self.ledger.join(MSP, name, made, key)
        except ValueError as error:
            raise Failed(str(error)) from error

    def call(self, app: App, body: Any) -> Any:
        """A call of the chaincode, signed by the key the gateway keeps."""
        kept = self.kept.get((app.app_code, body.get("userName", "")))
        if app.mode != TRUST or kept is None:
            raise Failed("user is not registered")
        args, nonce = body.get("args"), body.get("nonce", "")
        if not isinstance(args, list) or len(args) != 1 or body.get("transientData"):
            raise Failed("one argument is due, and no transient data")
        if not re.fullmatch(r"[A-Za-z0-9+/]{32}", nonce):
            raise Failed("nonce")
        if body.get("chainCode") != self.ledger.chaincode:
            raise Failed("chaincode is not deployed")
        secret, identity = kept
        return self._executed(
            proposal(
                secret=secret,
                identity=identity,
                nonce=secrets.token_bytes(24),
                time_ms=self.ledger.clock(),
                place=(self.ledger.channel, self.ledger.chaincode),
                words=(str(body.get("funcName", "")).encode(), args[0].encode()),
            )
        )

    def upload(self, app: App, body: Any) -> Any:
        """A call that the user has signed for the chain."""
        if app.mode != UPLOAD:
            raise Failed("this application does not upload")
        try:
            signed = base64.b64decode(body.get("transData", ""), validate=True)
        except ValueError as error:
            raise Failed("transData is not base64") from error
        return self._executed(signed)

    def _executed(self, signed: bytes) -> Any:
        try:
            made = self.ledger.endorse(signed)
        except EndorsementFailed as error:
            raise Failed(f"背书失败: {error}") from error
        except (ValueError, UnicodeDecodeError) as error:
            raise Failed("transData is no proposal") from error
        if made.changes or self.orders_reads:
            self.ledger.order(made)
            self._ordered = True
        return _outcome(made)

    def transaction(self, app: App, body: Any) -> Any:
        """Where a transaction stands, and its validation code."""
        del app
        block, place = self._found(body)
        _, code, creator, time = block.transactions[place]
        return {
            "blockHash": block.hash.hex(),
            "blockNumber": block.number,
            "status": code,
            "createName": creator,
            "timeSpanSec": time // 1000,
            "timeSpanNsec": time % 1000 * 1_000_000,
        }

    def transdata(self, app: App, body: Any) -> Any:
        """A transaction as the ledger has it."""
        del app
        block, place = self._found(body)
        code = block.transactions[place][1]
        raw = message((1, self.ledger.envelope(block.number, place)), (2, code))
        return {"txId": body["txId"], "transData": base64.b64encode(raw).decode()}

    def _found(self, body: Any) -> tuple[Block, int]:
        found = self.ledger.found(str(body.get("txId", "")))
        if found is None:
            raise Failed("no such transaction ID")
        return found

    def block_info(self, app: App, body: Any) -> Any:
        """A block in words."""
        del app
        block = self._block(body)
        return {
            "blockHash": block.hash.hex(),
            "blockNumber": block.number,
            "preBlockHash": block.previous.hex(),
            "blockSize": len(block.raw),
            "blockTxCount": len(block.transactions),
            "transactions": [
                {
                    "txId": tx,
                    "status": code,
                    "createName": creator,
                    "timeSpanSec": time // 1000,
                    "timeSpanNsec": time % 1000 * 1_000_000,
                }
                for tx, code, creator, time in block.transactions
            ],
        }

    def block_data(self, app: App, body: Any) -> Any:
        """A block as the ledger has it."""
        del app
        block = self._block(body)
        return {
            "blockHash": block.hash.hex(),
            "blockNumber": block.number,
            "preBlockHash": block.previous.hex(),
            "blockData": base64.b64encode(block.raw).decode(),
        }

    def _block(self, body: Any) -> Block:
        number = body.get("blockNumber")
        if body.get("blockHash") or body.get("txId") or body.get("dataType"):
            raise Failed("blocks are asked for by number alone")
        if not isinstance(number, int) or not 0 <= number < self.ledger.height():
            raise Failed("no such block")
        return self.ledger.block(number)

    def ledger_info(self, app: App, body: Any) -> Any:
        """How far the ledger goes."""
        del app, body
        last = self.ledger.block(self.ledger.height() - 1)
        return {
            "blockHash": last.hash.hex(),
            "height": last.number + 1,
            "preBlockHash": last.previous.hex(),
        }

    def register_event(self, app: App, body: Any) -> Any:
        """A registration for an event of the chaincode."""
        return self._noted(app, body, blocks=False)

    def register_blocks(self, app: App, body: Any) -> Any:
        """A registration for every block."""
        return self._noted(app, body, blocks=True)

    def _noted(self, app: App, body: Any, *, blocks: bool) -> Any:
        try:
            made = self.registry.add((app.user_code, app.app_code), body, blocks=blocks)
        except NotRegistered as error:
            raise Failed(str(error)) from error
        return {"eventId": made}

    def events(self, app: App, body: Any) -> Any:
        """The registrations of an application."""
        del body
        return self.registry.rows.get(app.app_code, [])

    def remove_event(self, app: App, body: Any) -> Any:
        """The end of a registration."""
        try:
            self.registry.remove(app.app_code, body.get("eventId", ""))
        except NotRegistered as error:
            raise Failed(str(error)) from error


DEEDS: dict[str, Callable[[Gateway, App, Any], Any]] = {
    "user/register": Gateway.register,
    "user/enroll": Gateway.enrol,
    "node/reqChainCode": Gateway.call,
    "node/trans": Gateway.upload,
    "node/getTransaction": Gateway.transaction,
    "node/getTransdata": Gateway.transdata,
    "node/getBlockInfo": Gateway.block_info,
    "node/getBlockData": Gateway.block_data,
    "node/getLedgerInfo": Gateway.ledger_info,
    "chainCode/event/register": Gateway.register_event,
    "chainCode/event/blockRegister": Gateway.register_blocks,
    "chainCode/event/query": Gateway.events,
    "chainCode/event/remove": Gateway.remove_event,
}


def _outcome(made: Endorsed) -> Any:
    return {
        "blockInfo": {"txId": made.tx, "blockHash": "", "status": 0},
        "ccRes": {"ccCode": made.status, "ccData": made.payload.decode()},
    }

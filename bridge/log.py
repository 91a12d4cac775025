"""structlog set up once, and the vocabulary: an event is a constant `thing.happened`.

No f-strings, no names of people, no payloads: keys come from one list, and another key is a bug
that stops the test which met it.
"""

import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

EVENTS = frozenset(
    {
        "alarm.raised",
        "api.answered",
        "api.failed",
        "checkpoint.signed",
        "daemon.ready",
        "daemon.started",
        "daemon.stopped",
        "effect.refused",
        "effect.stale",
        "effect.submitted",
        "effect.uncertain",
        "effect.waiting",
        "evidence.unproved",
        "fact.disputed",
        "fact.unowned",
        "group.refused",
        "lane.shut",
        "ledger.appended",
        "ledger.damaged",
        "ledger.fenced",
        "ledger.read_only",
        "network.endpoint_lied",
        "network.endpoint_silent",
        "network.frozen",
        "network.noticed",
        "network.unavailable",
        "order.admitted",
        "policy.decided",
        "proposal.carried_out",
        "settlement.advanced",
        "settlement.looked",
    }
)
KEYS = frozenset(
    {
        "code",
        "elapsed_ms",
        "entry",
        "epoch",
        "event",
        "level",
        "method",
        "network_id",
        "outcome",
        "proposal",
        "request_id",
        "route",
        "rule",
        "settlement_id",
        "size",
        "stage",
        "status",
        "step",
        "stop",
        "timestamp",
        "tx",
        "uetr",
        "verb",
        "visit",
        "what",
        "why",
        "exception",
    }
)


def closed_vocabulary(
    _logger: object, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Return `fields` as they are, or stop at a word that is not ours.

    Errors: AssertionError: a log line with a stray key may carry a name.
    """
    assert fields["event"] in EVENTS, f"{fields['event']!r} is not in the vocabulary of log.py"
    stray = fields.keys() - KEYS
    assert not stray, f"log keys {sorted(stray)} are not in the vocabulary of log.py"
    return fields


class Lines:
    """Writes lines to a stream. A line that cannot be written is lost, and nobody hears of it.

    A full disk or a reader that went away must not end a daemon whose ledger is in order.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write a line, if it can be written."""
        with suppress(OSError, ValueError):  # ValueError: the stream was closed
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = msg


def set_up(stream: TextIO = sys.stderr) -> None:
    """Make every logger write JSON lines in the closed vocabulary to `stream`."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            closed_vocabulary,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: Lines(stream),
        cache_logger_on_first_use=True,
    )

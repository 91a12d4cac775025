"""Who wants to be told of events; it lists them in the service's odd order, and pushes nothing."""

import secrets
from dataclasses import dataclass, field
from typing import Any

_ORDER = (  # not the order in which they are signed
    *("eventType", "chainCode", "attachArgs", "appCode", "eventId", "createTime"),
    *("notifyUrl", "orgCode", "userCode", "eventKey"),
)


class NotRegistered(ValueError):
    """A registration that the rules of the wire do not admit, or that is not there."""


@dataclass(slots=True)
class Registry:
    """The registrations by application."""

    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def add(self, codes: tuple[str, str], body: Any, *, blocks: bool) -> str:
        """Note a registration and return its id. Errors: NotRegistered."""
        url = str(body.get("notifyUrl", ""))
        if not url.startswith("https://") or body.get("attachArgs"):
            raise NotRegistered("notifyUrl or attachArgs could be read in two ways")
        row = {
            "eventType": "1" if blocks else "2",
            "chainCode": "" if blocks else str(body.get("chainCode", "")),
            "attachArgs": "",
            "appCode": codes[1],
            "eventId": secrets.token_hex(16),
            "createTime": "2026-01-01 00:00:00",
            "notifyUrl": url,
            "orgCode": "ORG0001",
            "userCode": codes[0],
            "eventKey": "" if blocks else str(body.get("eventKey", "")),
        }
        self.rows.setdefault(codes[1], []).append({name: row[name] for name in _ORDER})
        return row["eventId"]

    def remove(self, app_code: str, name: str) -> None:
        """Forget a registration. Errors: NotRegistered."""
        rows = self.rows.get(app_code, [])
        kept = [row for row in rows if row["eventId"] != name]
        if len(kept) == len(rows):
            raise NotRegistered("no such event")
        self.rows[app_code] = kept

"""The rules of the town: a small pack, which admits what a test says."""

from collections.abc import Iterator
from hashlib import sha256

from bridge.core.canonical import Value


def town_pack() -> dict[str, Value]:
    """Return a small pack: names are held, listed ids and wallets blocked, lists kept fresh."""
    shared: dict[str, Value] = {
        "version": "1",
        "jurisdiction": "CN",
        "effective_from": "2026-01-01",
        "article": "a house rule of the demo, no law",
        "source": {
            "title": "The demo",
            "date": "2026-01-01",
            "sha256": sha256(b"the demo").hexdigest(),
        },
        "owner": "compliance.demo",
        "severity": "high",
    }
    table: list[Value] = [
        {"class": kind, "network": "*", "direction": "*", "says": "allow"}
        for kind in ("bond", "receivable")
    ]
    rules: list[Value] = [
        {
            **shared,
            "id": "listed",
            "kind": "screening",
            "reason": "LISTED",
            "params": {
                "lists": ["house"],
                "roles": ["*"],
                "name": "hold",
                "id": "block",
                "wallet": "block",
            },
        },
        {
            **shared,
            "id": "list-age",
            "kind": "list_freshness",
            "reason": "LIST-OLD",
            "params": {"list": "house", "warn_hours": "24", "hold_hours": "72"},
        },
        {
            **shared,
            "id": "admitted",
            "kind": "instrument_admissibility",
            "reason": "NOT-ADMITTED",
            "params": {"table": table},
        },
    ]
    return {
        "format": "lianqiao.pack/1",
        "pack": "demo",
        "version": "1",
        "corridor": ["*"],
        "zone": "Asia/Shanghai",
        "reasons": list(_reasons()),
        "rules": rules,
    }


def _reasons() -> Iterator[Value]:
    for code, en, hans, hant in (
        ("LISTED", "A party may be on a list", "当事人可能在名单上", "當事人可能在名單上"),
        ("LIST-OLD", "A list is too old", "名单过旧", "名單過舊"),
        ("NOT-ADMITTED", "Not admitted here", "此处不予接纳", "此處不予接納"),
    ):
        yield {"code": code, "en": en, "zh_hans": hans, "zh_hant": hant}

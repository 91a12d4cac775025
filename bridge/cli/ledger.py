"""The ledger: its trial balance over the API; its export and its check offline, on the files."""

from base64 import b64decode
from collections import defaultdict
from pathlib import Path

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import Doc, Talk, spoken
from bridge.cli.manners import FAILED, USAGE, Json, Stopped, note, show, show_all
from bridge.cli.trace import id_of


@click.group(cls=Verbs)
def ledger() -> None:
    """Balance, postings, proofs, export and check."""


@ledger.command("balance")
@spoken
def balance(talk: Talk) -> None:
    """Print the trial balance: per unit, what was debited is what was credited."""
    accounts = _accounts(talk)
    counters = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
    totals: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(counters, 0))
    for one in accounts:
        for name in counters:
            totals[one.text("unit")][name] += int(one.text(name))
    items: list[dict[str, Json]] = []
    for unit, sums in sorted(totals.items()):
        even = all(
            sums[f"debits_{state}"] == sums[f"credits_{state}"] for state in ("pending", "posted")
        )
        told: dict[str, Json] = {name: str(count) for name, count in sums.items()}
        items.append({"unit": unit, **told, "balanced": even})
    show_all(talk.form, "balance", items, ("unit", *counters, "balanced"))
    if broken := [str(item["unit"]) for item in items if not item["balanced"]]:
        raise Stopped(
            FAILED,
            "LQ-BREAK",
            f"debits and credits differ in {', '.join(broken)}",
            cause="the tables are not what the entries make",
            following="lianqiao ledger fsck",
        )


def _accounts(talk: Talk) -> list[Doc]:
    found: list[Doc] = []
    cursor: str | None = None
    while True:
        page = talk.get("/v1/accounts", {"limit": "500", "cursor": cursor})
        found += page.all("items")
        following = page.raw["next"]
        if not isinstance(following, str):
            return found
        cursor = following


@ledger.command("postings")
@click.argument("settlement")
@spoken
def postings(talk: Talk, settlement: str) -> None:
    """Print the postings of a settlement."""
    told = talk.get(f"/v1/settlements/{id_of(talk, settlement)}/postings")
    items = [one.raw for one in told.all("items")]
    show_all(talk.form, "posting", items, ("debit", "credit", "unit", "units", "state"))


@ledger.command("prove")
@click.argument("n", metavar="ENTRY", type=click.IntRange(min=0))
@spoken
def prove(talk: Talk, n: int) -> None:
    """Print what an entry says, and its inclusion proof in the latest signed checkpoint.

    `trace` shows the numbers of a settlement's entries.
    """
    told = talk.get(f"/v1/proofs/{n}")
    show(
        talk.form,
        "proof",
        told.raw,
        lambda: [
            b64decode(told.text("entry")).decode(),
            f"entry {told.text('n')} of {told.text('size')}, leaf {told.text('leaf')}",
            *told.texts("path"),
            *told.text("checkpoint").splitlines(),
        ],
    )


@ledger.command("fsck")
@click.option(
    "--vkey",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The log's public key, as an export has it, instead of the settings' own.",
)
@spoken
def checked(talk: Talk, vkey: Path | None) -> None:
    """Rebuild everything from entry 0 and compare it with what is stored; no daemon is asked.

    Every checkpoint's signature is verified, and the mark of what the key last signed compared.
    """
    from bridge.cli import checking  # noqa: PLC0415  loaded when needed

    database, key = _database(talk), checking.log_key(talk.folder, vkey)
    entries, found = checking.checked(database, key, database.with_name("sealed.mark"))
    if key is None:
        note(checking.UNSIGNED, quiet=talk.quiet)
    items: list[dict[str, Json]] = [
        {"what": one.what, "entry": str(one.entry), "why": one.why} for one in found
    ]
    if talk.form == "json" or not items:
        whole: dict[str, Json] = {"entries": str(entries), "findings": items}
        well = f"{entries} entries rebuilt, everything is as they make it"
        show(talk.form, "fsck", whole, lambda: [well])
    else:
        show_all(talk.form, "finding", items, ("what", "entry", "why"))
    if items:
        raise Stopped(
            FAILED,
            "LQ-DAMAGED",
            f"{len(items)} things are not as the entries make them",
            cause="the file was changed by hand, by a failing disk or by another program",
            following="stop the daemon, and restore what is named from a backup",
        )


@ledger.command("export")
@click.argument("target", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@spoken
def export(talk: Talk, target: Path) -> None:
    """Write checkpoint, key, tiles and entry bundles in C2SP layout; no daemon is asked."""
    from bridge.cli.exporting import exported  # noqa: PLC0415  loaded when needed

    told = exported(_database(talk), talk.folder, target)
    show(
        talk.form,
        "export",
        told,
        lambda: [f"{told['entries']} entries, {told['files']} files in {target}"],
    )


@ledger.command("evidence")
@click.argument("n", metavar="ENTRY", type=click.IntRange(min=0))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@spoken
def evidence(talk: Talk, n: int, file: Path) -> None:
    """Write the evidence that a network gave for an entry; no daemon is asked.

    `trace` shows the numbers of a settlement's entries; `explain evm` verifies such a file.
    """
    from bridge.cli.exporting import evidence_of  # noqa: PLC0415  loaded when needed

    raw = evidence_of(_database(talk), n)
    file.write_bytes(raw)
    told: dict[str, Json] = {"n": str(n), "bytes": str(len(raw)), "file": str(file)}
    show(
        talk.form, "evidence", told, lambda: [f"evidence of entry {n}, {len(raw)} bytes in {file}"]
    )


def _database(talk: Talk) -> Path:
    for place in (talk.folder / "ledger.db", talk.folder / "data" / "ledger.db"):
        if place.is_file():
            return place
    raise Stopped(
        USAGE,
        "LQ-NO-LEDGER",
        f"{talk.folder}: no ledger.db lies here",
        cause="this is not the folder of an installation, or its ledger is in PostgreSQL",
        following="--folder DIR",
    )

"""Sample messages of others: each declared verdict is met, and what is planted in them is found."""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from schemas.iso20022.envelope import read
from schemas.iso20022.findings import TRANSACTIONS, Outcome, Verdict
from schemas.iso20022.judge import judge
from schemas.iso20022.known import Known, Payment, bic, payments_of
from schemas.iso20022.profiles import PROFILES
from tests.schemas.iso20022.cases import ALL_RIGHT
from tests.schemas.iso20022.faults import AFTER
from tests.schemas.iso20022.plants import planted

DECLARED = Path(__file__).with_name("samples.csv")  # file, profile, on, verdict, rules
BARE = "iso-base"


def declared() -> dict[str, list[dict[str, str]]]:
    with DECLARED.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    by_file: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_file.setdefault(row["file"], []).append(row)
    return by_file


def samples(data_dir: Path) -> Iterator[tuple[str, bytes]]:
    folder = data_dir / "iso20022-samples"
    for path in sorted(folder.glob("*/*")):
        if path.suffix in (".xml", ".txt") and path.parent.name != "LICENSES":
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def judged(raw: bytes, profile: str, on: date = AFTER) -> Verdict:
    return judge(raw, PROFILES[profile], on)


def test_every_declared_verdict_is_met(data_dir: Path) -> None:
    """A file nobody declared is judged without a word; one that is declared is held to it."""
    table, met, wrong = declared(), 0, []
    for name, raw in samples(data_dir):
        for row in table.get(name, [{"profile": BARE, "on": "2026-11-14"}]):
            found = judged(raw, row["profile"], date.fromisoformat(row["on"]))
            rules = " ".join(sorted({one.rule for one in found.findings}))
            if "verdict" in row and (str(found.outcome), rules) != (row["verdict"], row["rules"]):
                wrong.append((name, row["profile"], str(found.outcome), rules))
            met += "verdict" in row
    assert wrong == []
    assert met, "no declared sample is here"


def sound(data_dir: Path) -> Iterator[tuple[str, str, str]]:
    """Name, profile and text of every message without a finding: samples, and our own."""
    for name, raw in samples(data_dir):
        for profile in ("iso-base", "cbpr+2026", "hvps+", "internal-dlt", "customer"):
            if not judged(raw, profile).findings:
                yield name, profile, raw.removeprefix(b"\xef\xbb\xbf").decode()
    for name, told in ALL_RIGHT.items():
        plain = judged(told.text.encode(), told.profile)
        if not plain.findings:
            yield name, told.profile, told.text


def test_what_is_planted_is_found(data_dir: Path) -> None:
    """At least 98 in a hundred; a plant that misses the element a rule reads is the rest."""
    tally: Counter[str] = Counter()
    missed: list[tuple[str, str, str, list[str]]] = []
    for name, profile, text in sound(data_dir):
        for plant, changed in planted(text, profile):
            rules = {one.rule for one in judged(changed.encode(), profile).findings}
            tally["planted"] += 1
            if plant.rule in rules:
                tally["found"] += 1
            else:
                missed.append((name, profile, plant.name, sorted(rules)))
    assert tally["planted"] >= 500
    assert tally["found"] >= 0.98 * tally["planted"], missed[:20]


def test_a_right_sample_is_accepted_under_some_profile(data_dir: Path) -> None:
    """A sample without a known fault, spoken in our versions, passes where it belongs."""
    with (data_dir / "iso20022-samples" / "MANIFEST.csv").open(encoding="utf-8") as opened:
        faults = {row["file"]: row["defects"] for row in csv.DictReader(opened)}
    refused = []
    for name, raw in samples(data_dir):
        if faults.get(name, "unlisted"):
            continue
        verdict = judged(raw, BARE)
        rules = {one.rule for one in verdict.findings}
        if verdict.outcome is not Outcome.ACCEPTED and rules != {"ISO-ENV-003"}:
            refused.append((name, sorted(rules)))
    assert refused == []


def test_every_answer_of_a_flow_finds_its_question_and_no_other(data_dir: Path) -> None:
    """All payments of all flows are remembered at once; some flows go on about one payment."""
    folder = data_dir / "iso20022-samples"
    with (folder / "FLOWS.csv").open(encoding="utf-8") as opened:
        names = [row["file"] for row in csv.DictReader(opened)]
    accepted = PROFILES[BARE].accepted
    found_ones = [read((folder / name).read_bytes(), accepted) for name in names]
    payments: list[Payment] = []
    for one in found_ones:
        if one.document is not None and one.message.startswith(("pacs.008", "pacs.009")):
            payments += payments_of(one.header, one.document, is_outbound=True)
    known, answered = Known(payments), 0
    for one in found_ones:
        where = TRANSACTIONS.get(one.message[:8], "")
        if one.document is None or not one.message.startswith(("pacs.002", "pacs.004", "camt.0")):
            continue
        for transaction in one.document.children[0].all(where) if where else ():
            uetr = transaction.value("OrgnlUETR")
            message = transaction.value("OrgnlGrpInf/OrgnlMsgId")
            sender = bic(one.header.first("Fr")) if one.header is not None else ""
            found = known.original(transaction, message, sender)
            assert (found is not None) == bool(known.of_uetr(uetr))
            assert found is None or found.uetr == uetr
            answered += found is not None
    assert answered

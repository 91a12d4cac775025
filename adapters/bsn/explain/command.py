"""`lianqiao explain bsn`: captured messages in, for each whether its mac verifies or why not."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from adapters.bsn import certificates, der, sm2
from adapters.bsn.certificates import Algorithm
from adapters.bsn.explain.captured import MAX_BYTES, Unreadable, read_captured
from adapters.bsn.explain.diagnose import Diagnosis, diagnose, parts_listed
from adapters.bsn.explain.message import DIRECTIONS, tables_for
from adapters.bsn.explain.parts import SECRET
from adapters.bsn.explain.schemes import Known, text_digest
from adapters.bsn.signing import MacVerifier

VERIFIED, NOT_VERIFIED, UNREADABLE = 0, 1, 2
_FORMS = ("table", "json", "jsonl", "csv")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--path", default="", help="The end point, such as /api/fabric/v1/node/trans.")
@click.option("--direction", type=click.Choice(DIRECTIONS), help="Else read from the header.")
@click.option(
    "--key", "key_files", multiple=True, metavar="FILE",
    help="PEM of a public key or certificate; the first is the expected one.",
)  # fmt: skip
@click.option("--show-secrets", is_flag=True, help="Print secrets too.")
@click.option("-o", "--output", type=click.Choice(_FORMS), default="table", help="Form of output.")
@click.pass_context
def explain(  # noqa: PLR0917  options of a command line
    ctx: click.Context,
    files: tuple[str, ...],
    path: str,
    direction: str | None,
    key_files: tuple[str, ...],
    output: str,
    *,
    show_secrets: bool,
) -> None:
    """Say whether the mac of a captured gateway message verifies, and why it does not.

    FILE holds {"header","mac","body"} as it went over the wire; - reads standard input. Exits 0
    when every mac verifies, 1 when one does not, 2 when something cannot be read.
    """
    given, keys = _sorted(files, key_files)
    code, results = VERIFIED, []
    for name, data in given:
        try:
            if isinstance(data, Unreadable):
                raise data
            captured = read_captured(data)
            diagnosis = diagnose(captured, tables_for(captured, path, direction or ""), keys)
        except Unreadable as error:
            code = UNREADABLE
            results.append(_unreadable(name, str(error)))
            continue
        code = max(code, VERIFIED if diagnosis.verified else NOT_VERIFIED)
        results.append(_result(name, diagnosis, show_secrets=show_secrets))
    _print(results, output)
    ctx.exit(code)


def _read(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be opened") from error


def _sorted(
    files: tuple[str, ...], key_files: tuple[str, ...]
) -> tuple[list[tuple[str, bytes | Unreadable]], list[Known]]:
    """Messages and keys apart: a PEM among the files is one more key, as `--key A B` means it."""
    messages: list[tuple[str, bytes | Unreadable]] = []
    keys: list[Known] = []
    for name in key_files:
        try:
            keys += _keys(name, _read(name))
        except Unreadable as error:
            raise click.UsageError(f"key {name}: {error}") from error
    for name in files:
        try:
            data = _read(name)
        except Unreadable as error:
            messages.append((name, error))
            continue
        if data.lstrip().startswith(b"-----BEGIN "):
            keys += _keys(name, data)
        else:
            messages.append((name, data))
    if not messages:
        raise click.UsageError("no captured message among the files")
    return messages, keys


def _keys(name: str, data: bytes) -> list[Known]:
    try:
        return read_keys(name, data.decode("utf-8", "replace"))
    except ValueError as error:
        raise click.UsageError(f"key {name}: {error}") from error


def read_keys(name: str, text: str) -> list[Known]:
    """The keys of the PEM blocks of a file, each on its curve.

    Errors: ValueError.
    """
    found: list[Known] = []
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("-----BEGIN "):
            lines = []
        lines.append(line)
        if line.startswith("-----END "):
            if "PRIVATE KEY" in line:
                raise der.FormRefused("a private key: none is needed, give its public key")
            if "EC PARAMETERS" not in line:
                number = f"#{len(found) + 1}" if found else ""
                found.append(Known(name + number, certificates.read_key("\n".join(lines))))
            lines = []
    if not found:
        raise der.FormRefused("holds no PEM of a public key or certificate")
    for known in found:
        if known.point.algorithm is Algorithm.SM2:
            sm2.PublicKey(known.point.x, known.point.y)
        else:
            MacVerifier(known.point)
    return found


def _unreadable(name: str, why: str) -> dict[str, Any]:
    return {"file": name, "verdict": "unreadable", "said": why, "findings": []}


def _result(name: str, found: Diagnosis, *, show_secrets: bool) -> dict[str, Any]:
    message, text = found.message, list(found.message.text)
    fields = []
    for field, kind, value, offset, present in parts_listed(message):
        shown = value
        if not show_secrets and SECRET & set(field.split(".")):
            shown = "*" * len(value)
            text[offset : offset + len(value)] = shown
        fields.append(
            {"name": field, "type": kind, "value": shown if present else None, "offset": offset}
        )
    algorithm = found.expected.point.algorithm if found.expected else Algorithm.SECP256R1
    digest_name, digest = text_digest(algorithm, message.text.encode())
    said = "verifies" if found.verified else found.findings[0].said
    return {
        "file": name,
        "verdict": "verified" if found.verified else "not verified",
        "said": said,
        "findings": [{"rule": one.rule, "title": one.said} for one in found.findings],
        "notes": list(found.notes),
        "direction": message.table.direction,
        "path": message.table.path,
        "key": found.expected.name if found.expected else None,
        "algorithm": algorithm.name if found.expected else None,
        "text": "".join(text),
        "digest": digest,
        "digest_algorithm": digest_name,
        "covered_digest": found.covered.hex() if found.covered is not None else None,
        "tried": found.tried,
        "fields": fields,
    }


def _print(results: list[dict[str, Any]], output: str) -> None:
    marked = [{"schema": "lianqiao.mac/1", **result} for result in results]
    if output == "json":
        whole: dict[str, Any] = {"schema": "lianqiao.macs/1", "items": marked, "next": None}
        click.echo(_json(whole))
    elif output == "jsonl":
        for result in marked:
            click.echo(_json(result))
    elif output == "csv":
        click.echo("file,verdict,said")
        for result in results:
            cells = (result["file"], result["verdict"], result["said"])
            click.echo(",".join('"' + _safe(cell).replace('"', '""') + '"' for cell in cells))
    else:
        for result in results:
            for line in _lines(result):
                click.echo(_safe(line))


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['file']}: {result['verdict']}: {result['said']}"]
    lines += [f"  {one['rule']}: {one['title']}" for one in result["findings"]]
    if "text" not in result:
        return lines
    lines += [f"  note: {note}" for note in result["notes"]]
    lines.append(f"  {result['direction']} {result['path']}, key {result['key'] or 'none'}")
    for field in result["fields"]:
        value = "(absent)" if field["value"] is None else field["value"]
        lines.append(f"  {field['offset']:>6} {field['type']:<10} {field['name']} = {value}")
    lines.append(f"  text: {result['text']}")
    lines.append(f"  {result['digest_algorithm']}: {result['digest']}")
    if result["covered_digest"] is not None:
        lines.append(f"  the mac covers the SM2 digest {result['covered_digest']}")
    return lines


def _json(value: dict[str, Any]) -> str:
    """A document in its own letters; a control character of it is escaped."""
    said = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in said)


def _safe(text: str) -> str:
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)

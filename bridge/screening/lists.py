"""Read the house's own list format into entries of one shape, each with a hash of its content.

The format is CSV in UTF-8 with the header `id,type,names,ids,dates,countries,wallets`; several
values in a cell are parted by `;`. Spellings are listed, Han beside Latin, and taken as they are.
"""

import csv
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from typing import Final
from unicodedata import normalize

from bridge.core.canonical import NotCanonical, Value, canonical

HEADER: Final = ("id", "type", "names", "ids", "dates", "countries", "wallets")
TYPES: Final = frozenset({"person", "company", "vessel", "aircraft", "wallet", "other"})
LIST_MAX: Final = 64 * 2**20  # bytes; the largest public list has 25 MB
CELL_MAX: Final = 131_072  # characters of one cell: the csv module's own bound


class BadList(ValueError):
    """Raised where a list does not parse completely; the sentence names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry of a list."""

    id: str
    type: str
    names: tuple[str, ...]
    ids: tuple[str, ...]
    dates: tuple[str, ...]
    countries: tuple[str, ...]
    wallets: tuple[str, ...]

    def form(self) -> dict[str, Value]:
        """Return its canonical form: values sorted, so that their order in a cell is no change."""
        return {
            "id": self.id,
            "type": self.type,
            "names": sorted(self.names),
            "ids": sorted(self.ids),
            "dates": sorted(self.dates),
            "countries": sorted(self.countries),
            "wallets": sorted(self.wallets),
        }

    @property
    def bytes(self) -> bytes:
        """What its hash and its leaf are made of."""
        return canonical(self.form())

    @property
    def hash(self) -> str:
        return sha256(self.bytes).hexdigest()


def read(data: bytes) -> tuple[Listed, ...]:
    """Return the entries of a list, sorted by id. It parses completely or not at all.

    Errors: BadList.
    """
    if len(data) > LIST_MAX:
        raise BadList(f"more than {LIST_MAX} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadList(f"not UTF-8 at byte {error.start}") from error
    rows = csv.reader(StringIO(text, newline=""), strict=True)
    entries: dict[str, Listed] = {}
    try:
        if tuple(next(rows, ())) != HEADER:
            raise BadList(f"line 1: the header {','.join(HEADER)} was expected")
        for row in rows:
            if row:
                entry = _entry(row, rows.line_num)
                if entry.id in entries:
                    raise BadList(f"line {rows.line_num}: the id {entry.id[:64]!r} stands twice")
                entries[entry.id] = entry
    except csv.Error as error:
        raise BadList(f"line {rows.line_num}: {error}") from error
    return tuple(entries[name] for name in sorted(entries))


def _entry(row: list[str], line: int) -> Listed:
    if len(row) != len(HEADER):
        raise BadList(f"line {line}: {len(HEADER)} cells were expected, not {len(row)}")
    cells = [_cell(cell) for cell in row]
    if len(cells[0]) != 1:
        raise BadList(f"line {line}: one id was expected")
    if row[1].strip() not in TYPES:
        raise BadList(f"line {line}: type is one of {', '.join(sorted(TYPES))}")
    if not (cells[2] or cells[3] or cells[6]):
        raise BadList(f"line {line}: an entry has a name, an id or a wallet")
    entry = Listed(
        id=cells[0][0],
        type=row[1].strip(),
        names=cells[2],
        ids=cells[3],
        dates=cells[4],
        countries=cells[5],
        wallets=cells[6],
    )
    try:
        canonical(entry.form())
    except NotCanonical as error:
        raise BadList(f"line {line}: {error}") from error
    return entry


def _cell(cell: str) -> tuple[str, ...]:
    values = (normalize("NFC", value.strip()) for value in cell.split(";"))
    return tuple(dict.fromkeys(value for value in values if value))

"""Exact matches: a listed spelling, an identifier, a wallet. A hit by id needs no name."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from unicodedata import category, combining, normalize

from bridge.screening.lists import Listed

NAME_MAX: Final = 256  # characters looked at, first of all: long inputs are a denial of service
_SPACED_HAN: Final = re.compile(
    r"(?<=[\u3400-\u9fff\uf900-\ufaff]) +(?=[\u3400-\u9fff\uf900-\ufaff])"
)
_BECH32: Final = re.compile(r"(bc|tb|ltc|[a-z]{2,16})1[02-9ac-hj-np-z]{8,90}\Z")
_HEX: Final = re.compile(r"0x[0-9a-f]+\Z")
_INSIDE: Final = "'’`.·"  # stands inside a word: O'Neil, Co., 阿·古
_ASCII: Final = {
    code: "" if chr(code) in _INSIDE else (chr(code).lower() if chr(code).isalnum() else " ")
    for code in range(128)
}
_LABEL: Final = re.compile(r"[A-Za-z]{2,12}:\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Somebody of an order, as the index is asked about them."""

    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One entry that is, exactly, what was asked; `by` is the strongest way it is."""

    entry: str
    entry_hash: str
    by: str  # name | id | wallet


class Index:
    """The entries of one snapshot by every key they can be found under."""

    def __init__(self, entries: Iterable[Listed]) -> None:
        found: Mapping[str, defaultdict[str, dict[str, str]]] = {
            way: defaultdict(dict) for way in ("wallet", "id", "name")
        }
        for entry in entries:
            mark = entry.hash
            for name in entry.names:
                for key in name_keys(name):
                    found["name"][key][entry.id] = mark
            for number in entry.ids:
                if key := id_key(number):
                    found["id"][key][entry.id] = mark
            for wallet in entry.wallets:
                found["wallet"][wallet_key(wallet)][entry.id] = mark
        self._found = {way: dict(keys) for way, keys in found.items()}

    def matches(self, subject: Subject) -> tuple[Match, ...]:
        """Return every entry the subject may be, sorted by entry."""
        asked = (
            ("wallet", {wallet_key(wallet) for wallet in subject.wallets if wallet}),
            ("id", {key for number in subject.ids if (key := id_key(number))}),
            ("name", {key for name in subject.names for key in name_keys(name)}),
        )
        hits: dict[str, Match] = {}
        for way, keys in asked:
            entries = self._found[way]
            for key in keys:
                for entry, mark in entries.get(key, {}).items():
                    hits.setdefault(entry, Match(entry=entry, entry_hash=mark, by=way))
        return tuple(hits[entry] for entry in sorted(hits))


def normal_name(name: str) -> str:
    """Return a name without what is only notation: width, case, accents, marks, points, spaces."""
    if name.isascii():
        return " ".join(name[:NAME_MAX].translate(_ASCII).split())
    folded = normalize("NFD", normalize("NFKC", name[:NAME_MAX]).casefold())
    kept = "".join(_folded(character) for character in folded)
    return _SPACED_HAN.sub("", " ".join(normalize("NFC", kept).split()))


def _folded(character: str) -> str:
    kind = category(character)
    if combining(character) and "\u0300" <= character <= "\u036f":
        return ""  # an accent of Latin, Greek or Cyrillic; elsewhere marks are letters
    if kind == "Cf" or character in _INSIDE:
        return ""
    return character if kind[0] in "LNM" else " "


def name_keys(name: str) -> frozenset[str]:
    """Return the keys of a name: its words in any order, and its words run together."""
    words = normal_name(name).split(" ")
    if words == [""]:
        return frozenset()  # nothing is left: it matches nobody, not everybody
    return frozenset({" ".join(sorted(words)), "".join(words)})


def id_key(number: str) -> str:
    """Return an identifier without its label, spaces and hyphens, in upper case."""
    plain = _LABEL.sub("", number.strip(), count=1).upper()
    if plain.isalnum() and plain.isascii():
        return plain
    plain = normalize("NFKC", plain).upper()
    return "".join(character for character in plain if character.isalnum())


def wallet_key(address: str) -> str:
    """Return the normal form of an address: hex and bech32 in lower case, base58 untouched.

    One 0x key is one person on every network of that kind, so the listed ticker plays no part.
    Source: ERC-55 (case is display); BIP 173.
    """
    text = address.strip()
    lower = text.lower()
    one_case = text in {lower, text.upper()}
    if _HEX.match(lower) or (one_case and _BECH32.match(lower)):
        return lower
    return text

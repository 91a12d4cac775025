"""Every setting in words: the example of settings, which a wheel carries beside this file.

`init` writes it with its own values, `config explain` reads what it says of one key.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LINE = re.compile(r'(?P<off># )?(?P<key>[a-z_0-9]+) = (?P<value>"[^"]*"|\S+)(  # (?P<says>.+))?')
INSTANCES = ("notary.", "network.", "rail.", "lane.")  # sections an operator names


@dataclass(frozen=True, slots=True)
class Said:
    """What the example says of one setting, and the value it shows."""

    key: str
    value: str
    says: str


def example() -> str:
    """Return the text of the example."""
    here = Path(__file__).resolve().parent
    places = (here / "lianqiao.toml", here.parent.parent / "examples" / "lianqiao.toml")
    return next(file for file in places if file.is_file()).read_text("utf-8")


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each section with its lines; the comment right before its heading is among them."""
    name, lines, before = "", list[str](), list[str]()
    for line in text.splitlines():
        if line.startswith("["):
            yield name, lines
            name, lines, before = line.strip("[]"), [*before, line], []
        elif line.startswith("#") and not LINE.fullmatch(line):
            before.append(line)
        else:
            lines += [*before, line]
            before = []
    yield name, lines


def explained() -> Mapping[str, Said]:
    """Return every setting by its key, an instance of a section by the section's kind alone."""
    found: dict[str, Said] = {}
    for section, lines in sections(example()):
        kind = section.partition(".")[0]
        for match in filter(None, map(LINE.fullmatch, lines)):
            key = f"{kind}.{match['key']}".lstrip(".")
            if match["says"]:
                found.setdefault(key, Said(key, match["value"], match["says"]))
    return found


def written(values: Mapping[str, str], instances: str) -> str:
    """Return the example with these values by key, as TOML writes them, and these instances.

    The example's own instances of a kind that is not among them stay, each line behind `#`.
    """
    out: list[str] = []
    for section, lines in sections(example()):
        if not section.startswith(INSTANCES):
            out += [_valued(section, line, values) for line in lines]
        elif f"[{section.partition('.')[0]}." not in instances:
            out += [line if line[:1] in {"", "#"} else f"# {line}" for line in lines]
    return "\n".join(out).rstrip() + "\n" + instances


def _valued(section: str, line: str, values: Mapping[str, str]) -> str:
    match = LINE.fullmatch(line)
    key = "" if match is None else f"{section}.{match['key']}".lstrip(".")
    if match is None or key not in values:
        return line
    return f"{match['key']} = {values[key]}{match[4] or ''}"

"""The table of figures in the documents: which rows it has, and those rows anew."""

import re

from contest import REPOSITORY

# README.md has some of the rows, the other one all of them.
NAMES = ("README.md", "docs/benchmarks.md")
TABLE = re.compile(r"^\| +\| +ours \|.*\n\|-.*\n(?:\|.*\n)*", re.M)


def shown(text):
    """The rows of the table in a text: part, what was measured, and beside what."""
    found, part = [], None
    for line in TABLE.search(text).group().splitlines()[2:]:
        what, _, _, peer, *_ = (cell.strip() for cell in line.split("|")[1:-1])
        if what.startswith("**"):
            part = what.strip("*")
        else:
            found.append((part, what, peer))
    return found


def update(rows, table):
    """Gives each document's table the figures of these rows; `table` writes rows down."""
    for name in NAMES:
        path = REPOSITORY / name
        text = path.read_text(encoding="utf-8")
        listed = shown(text)
        written = table([row for row in rows if name != NAMES[0] or (row.part, row.what, row.peer) in listed])
        path.write_text(TABLE.sub(lambda _, written=written: written + "\n", text), encoding="utf-8")

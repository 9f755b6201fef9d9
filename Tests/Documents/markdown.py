"""Reads the repository's Markdown as far as the tests of the documents need it."""

import pathlib
import re
import subprocess
import urllib.parse

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def tracked():
    """Every file of the repository that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    names = sorted(set(listed.stdout.split("\0")) - {""})
    return [name for name in names if (REPOSITORY / name).is_file()]


def documents():
    return [name for name in tracked() if name.endswith(".md")]


def read(name):
    return (REPOSITORY / name).read_text(encoding="utf-8")


def without_code(text):
    """The text with the same lines, but those of code blocks and comments empty."""
    kept, fence = [], None
    for line in re.sub(r"<!--.*?-->", lambda found: "\n" * found.group().count("\n"), text, flags=re.S).split("\n"):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if fence is None and mark:
            fence = mark.group(1)
        elif fence is not None and mark and mark.group(1).startswith(fence):
            fence = None
            line = ""
        kept.append("" if fence is not None else line)
    return "\n".join(kept)


def code_blocks(text):
    return [block for _, block in re.findall(r"^(```+)[a-z]*\n(.*?)^\1", text, re.M | re.S)]


def anchors(text):
    """What can stand behind `#` in a link to this text, as GitHub makes it of headings."""
    found = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", without_code(text), re.M):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
        number, unique = 0, slug
        while unique in found:
            number += 1
            unique = f"{slug}-{number}"
        found.add(unique)
    return found


def links(text):
    """Targets of links and images that are not elsewhere on the internet."""
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)", re.sub(r"`[^`\n]*`", "`", without_code(text)))
    return [target for target in targets if not re.match(r"[a-z][a-z0-9+.-]*:", target)]


def broken(name, text, exists=lambda path: path.exists(), content=lambda path: path.read_text(encoding="utf-8")):
    """What is wrong with the links of a document, a sentence each."""
    problems = []
    for target in links(text):
        path, _, anchor = target.partition("#")
        file = (REPOSITORY / name).parent / urllib.parse.unquote(path) if path else REPOSITORY / name
        if not exists(file):
            problems.append(f"{name}: the link to {target} leads nowhere")
        elif anchor and file.suffix == ".md" and anchor not in anchors(content(file) if path else text):
            problems.append(f"{name}: {target} has no such heading")
    return problems


def section(text, heading):
    """What stands under a heading, up to the next one of its rank."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.M | re.S)
    return found.group(2) if found else ""


def rows(text):
    """The rows of all tables without their heads: lists of cells."""
    found = []
    for table in re.findall(r"(?:^\|.*\|\n?)+", without_code(text), re.M):
        for line in table.strip().split("\n")[2:]:
            found.append([cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]])
    return found

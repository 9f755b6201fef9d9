"""Figures measured in turns, and the table of their ratios."""

import dataclasses
import statistics


def in_turns(rounds, contestants):
    """Lets each contestant run once a round, the first one of each round another one, so that whatever else the machine does
    falls on all of them. `contestants` are functions by name. Returns each one's samples, one a round, by name."""
    names, samples = list(contestants), {name: [] for name in contestants}
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            samples[name].append(contestants[name]())
    return samples


@dataclasses.dataclass
class Unit:
    """How figures of a kind are written; `scale` makes them of seconds, bytes or numbers a second."""

    name: str
    scale: float
    more_is_better: bool = False

    def text(self, value):
        return f"{number(value * self.scale)} {self.name}"


def number(value):
    """Three digits that count, or fewer."""
    if value < 0.01:
        return f"{value:.1g}"
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


MICROSECONDS, MILLISECONDS, SECONDS = Unit("µs", 1e6), Unit("ms", 1e3), Unit("s", 1)
MEGABYTES, KILOBYTES = Unit("MB", 1e-6), Unit("kB", 1e-3)
PER_SECOND = Unit("/s", 1, more_is_better=True)


@dataclasses.dataclass
class Row:
    """One line of the table: the same figure of ours and of a peer, a value a round each. No values: it was not measured."""

    part: str
    what: str
    unit: Unit
    ours: list
    peer: str
    theirs: list

    def ratios(self):
        """How many times less (or more, where more is better) ours is, round by round."""
        pairs = zip(self.ours, self.theirs)
        return [(ours / peer if self.unit.more_is_better else peer / ours) for ours, peer in pairs]

    def cells(self):
        def figure(values):
            return self.unit.text(statistics.median(values)) if values else "–"

        ratios = self.ratios()
        ratio = number(statistics.median(ratios)) if ratios else "–"
        spread = f"{number(min(ratios))} – {number(max(ratios))}" if len(ratios) > 1 else ""
        return [self.what, figure(self.ours), figure(self.theirs), self.peer, ratio, spread]

    def record(self):
        """The row for a JSON file."""
        return {
            "part": self.part, "what": self.what, "unit": self.unit.name, "ours": [value * self.unit.scale for value in self.ours],
            "peer": self.peer, "theirs": [value * self.unit.scale for value in self.theirs], "ratios": self.ratios()}


HEAD = ["", "ours", "peer", "the peer", "times", "of the rounds"]


def table(rows):
    """The rows as a Markdown table that can be read as it is."""
    lines, part = [HEAD], None
    for row in rows:
        if row.part != part:
            part = row.part
            lines.append([f"**{part}**", "", "", "", "", ""])
        lines.append(row.cells())
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    right = {1, 2, 4, 5}

    def written(cells):
        padded = (cell.rjust(width) if column in right else cell.ljust(width)
                  for column, (cell, width) in enumerate(zip(cells, widths)))
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 1) + (":" if column in right else "-") for column, width in enumerate(widths)) + "|"
    return "\n".join([written(lines[0]), rule, *map(written, lines[1:])])

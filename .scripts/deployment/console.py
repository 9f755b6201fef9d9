"""What is said to the person who deploys, and asked of them."""

import sys
import time


class Failure(Exception):
    """A sentence that ends the command: what failed, on what, why, and what to do."""


def say(text=""):
    print(text, flush=True)


def bullets(texts):
    return "\n".join(f"  - {each}" for each in texts)


def agreed(question):
    """Whether the person says yes. Without a person there is no answer."""
    if not sys.stdin.isatty():
        raise Failure(f"{question} There is nobody to answer: give --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


class Clock:
    """Minutes and seconds since it was made, for lines of progress."""

    def __init__(self):
        self.started = time.monotonic()

    def __str__(self):
        seconds = int(time.monotonic() - self.started)
        return f"{seconds // 60:>3}:{seconds % 60:02}"

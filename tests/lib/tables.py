"""Tables that a program writes, and may still write while they are read."""

import csv
import io


def whole_rows(path):
    """The rows of a CSV that are there to their ends. The file is read once, before it is taken apart:
    what comes meanwhile may be the rest of a line."""
    with open(path, newline="", encoding="utf-8") as f:
        text = f.read()
    return list(csv.DictReader(io.StringIO(text[:text.rfind("\n") + 1], newline="")))

#!/usr/bin/env python3
"""One list of models and of servers of others, scripts/plots/models.csv: what builds, documents, draws
and measures them names the same ones. Prints TAP.

    python3 tests/test_models.py SOURCE"""

import csv
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

ROOT = sys.argv[1]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


LIST = list(csv.DictReader(read("scripts/plots/models.csv").splitlines()))


def names(kind):
    return [r["name"] for r in LIST if r["kind"] == kind]


def same(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found}, models.csv has {wanted}")


def has_all(found, wanted, what):
    """A model that scripts/new-model began is in none of the lists but those that build it."""
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise AssertionError(f"{what} lacks {missing} of models.csv")


def files(folder, ending):
    return sorted(x[:-len(ending)] for x in os.listdir(os.path.join(ROOT, folder)) if x.endswith(ending))


def readme_has_its_order(t):
    same(re.findall(r"(?m)^\| \[([^]]*)\]\(docs/models/\1\.md\) \|", read("README.md")), names("model"),
         "README.md's table of models")


def each_is_documented(t):
    has_all(files("docs/models", ".md"), names("model"), "docs/models")


def each_is_built(t):
    found = re.findall(r"(?m)^(?:  |  models \+= \[)\['([^']*)', \[", read("servers/meson.build"))
    has_all(found, names("model"), "servers/meson.build")


def each_server_of_others_is_described(t):
    same(files("bench/external", ".ini"), sorted(names("external")), "bench/external")


def styles_can_be_told_apart(t):
    styles = [(r["colour"], r["mark"], r["dash"]) for r in LIST]
    twice = {s for s in styles if styles.count(s) > 1}
    if twice:
        raise AssertionError(f"two names have the style {twice}")
    style = read("scripts/plots/style.gp")
    for word in {r["colour"] for r in LIST} | {r["mark"] for r in LIST}:
        if not re.search(rf"(?m)^(?:.*; )?{word} = ", style):
            raise AssertionError(f"style.gp has no colour or mark '{word}'")


if __name__ == "__main__":
    sys.exit(1 if tap.run([tap.Test(name, function) for name, function in (
        ("README.md has the models of the list, in its order", readme_has_its_order),
        ("docs/models has a page for each model", each_is_documented),
        ("servers/meson.build builds each model", each_is_built),
        ("bench/external has a file for each server of others", each_server_of_others_is_described),
        ("no two have one style", styles_can_be_told_apart))]) else 0)

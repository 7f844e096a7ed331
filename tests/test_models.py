#!/usr/bin/env python3
"""One list of models and of servers of others, scripts/plots/models.csv: what builds, documents, draws
and measures them names the same ones. Prints TAP.

    python3 tests/test_models.py SOURCE"""

import csv
import itertools
import math
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


# What people with the two common kinds of colour blindness, and all others, see of linear red, green and blue.
# Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009).
EYES = {"usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                       (-0.003882, -0.048116, 1.051998)),
        "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                         (-0.011820, 0.042940, 0.968881))}


def linear(colour):
    values = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def lab(rgb):
    """CIE L*a*b*, white D65."""
    x, y, z = (sum(k * v for k, v in zip(row, rgb)) / white for row, white in (
        ((0.4124, 0.3576, 0.1805), 0.9505), ((0.2126, 0.7152, 0.0722), 1), ((0.0193, 0.1192, 0.9505), 1.089)))
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (max(x, 0), max(y, 0), max(z, 0))]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def families_can_be_told_apart(t):
    families = {r["family"]: r["colour"] for r in csv.DictReader(read("scripts/plots/families.csv").splitlines())}
    unknown = {r["family"] for r in LIST} - set(families)
    if unknown:
        raise AssertionError(f"families.csv lacks {unknown}")
    for name, colour in families.items():
        r, g, b = linear(colour)
        contrast = 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
        if contrast < 3:  # WCAG 2.1, 1.4.11
            raise AssertionError(f"{name} has a contrast of {contrast:.2f} to white")
    for eye, matrix in EYES.items():
        seen = {name: lab([sum(k * v for k, v in zip(row, linear(colour))) for row in matrix])
                for name, colour in families.items()}
        for a, b in itertools.combinations(seen, 2):
            if math.dist(seen[a], seen[b]) < 12:
                raise AssertionError(f"{eye}: {a} and {b} look alike: {math.dist(seen[a], seen[b]):.1f}")


if __name__ == "__main__":
    sys.exit(1 if tap.run([tap.Test(name, function) for name, function in (
        ("README.md has the models of the list, in its order", readme_has_its_order),
        ("docs/models has a page for each model", each_is_documented),
        ("servers/meson.build builds each model", each_is_built),
        ("bench/external has a file for each server of others", each_server_of_others_is_described),
        ("families have colours that are told apart", families_can_be_told_apart))]) else 0)

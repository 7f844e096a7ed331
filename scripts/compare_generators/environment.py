"""The environment of what is measured here: a short list of names, as for the children of the driver
(bench/base/child_env.h). What the user has set for other purposes stays out: a locale, proxies, malloc's
settings."""

import os

PASSED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS",
          "LSAN_OPTIONS", "TSAN_OPTIONS")


def clean(**more):
    """What a client or a server finds in its environment."""
    given = {k: v for k, v in os.environ.items() if k in PASSED or k.startswith("IOMODELS_")}
    return given | {"LC_ALL": "C"} | more


def describe():
    """For generators.json. Of what is withheld the names alone."""
    given = clean()
    return {"given": given, "withheld": sorted(set(os.environ) - set(given))}

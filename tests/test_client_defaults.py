#!/usr/bin/env python3
"""The defaults in docs/clients/others.md, held against the libraries that are installed. Prints TAP.

    /usr/bin/python3 tests/test_client_defaults.py SOURCE"""

import importlib
import inspect
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

PAGE = os.path.join(sys.argv[1], "docs/clients/others.md")
ROW = re.compile(r"\| ([\w.]+) \| ([^|]+) \| ([^|]+) \| `([^`]+)` \|")


def asked(module, value, expression):
    def test(t):
        try:
            importlib.import_module(module)
        except ImportError as e:
            raise tap.Skip(f"not installed: {e}")
        names = {"inspect": inspect, "os": os, module.split(".")[0]: sys.modules[module.split(".")[0]]}
        found = eval(expression, names)
        wanted = eval(value.replace("CPUs", "os.cpu_count()"), {"os": os})
        assert found == wanted, f"{expression} is {found}, the page says {value}"
    return test


def rows():
    with open(PAGE, encoding="utf-8") as f:
        return ROW.findall(f.read())


def there_are_rows(t):
    assert len(rows()) >= 16, rows()


if __name__ == "__main__":
    tests = [tap.Test("the page has its table", there_are_rows)] + \
        [tap.Test(f"{module}: {what}", asked(module, value, expression)) for module, what, value, expression in rows()]
    sys.exit(1 if tap.run(tests, jobs=1) else 0)

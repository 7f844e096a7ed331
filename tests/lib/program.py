"""Programs that a test makes.

While a file is open for writing it cannot be started ("Text file busy"), and a process that another
thread of the tests starts at that moment keeps the file open until it becomes its own program. So a
child writes the file: what it has open no other process inherits."""

import subprocess

from . import machine


def write(path, text):
    """A script at `path`."""
    install("/dev/stdin", path, text.encode())


def copy(source, path):
    install(source, path)


def install(source, path, text=None):
    subprocess.run(["install", "-m", "755", source, path], input=text, check=True,
                   timeout=machine.hang())

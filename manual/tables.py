"""The command lines of the programs, as the programs tell them (common/describe_options.h)."""

import os
import subprocess


class Option:
    def __init__(self, letter, name, argument, words, text):
        self.letter, self.name, self.argument, self.text = letter, name, argument, text
        self.words = words.split(",") if words else []

    def key(self):
        return self.letter, self.name, self.argument, tuple(self.words), self.text


class CommandLine:
    """`groups` are pairs of a heading ("" for none) and a list of options."""

    def __init__(self, program, *arguments):
        self.usage = self.about = self.notes = self.operand = ""
        self.groups = [("", [])]
        self.commands, self.experiments = [], []  # pairs of a name and what the command is for
        for kind, *parts in described(program, *arguments):
            if kind == "heading":
                self.groups.append((parts[0], []))
            elif kind == "option":
                self.groups[-1][1].append(Option(*parts))
            elif kind in ("command", "experiment"):
                getattr(self, kind + "s").append(tuple(parts))
            else:
                setattr(self, kind, parts[0].strip("\n"))

    @property
    def options(self):
        return [o for _, options in self.groups for o in options]


ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


def unescaped(part):
    first, *rest = part.split("\\")
    out, rest = first, iter(rest)
    for piece in rest:
        # An empty piece stands between the two backslashes of one that means itself.
        out += ESCAPES[piece[0]] + piece[1:] if piece else "\\" + next(rest)
    return out


def described(program, *arguments):
    command = [program, *arguments, "--describe-options"]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [[unescaped(part) for part in line.split("\t")] for line in run.stdout.splitlines()]


class Driver:
    """iomodels: its commands in the order of --help, an experiment behind "run"."""

    def __init__(self, program):
        self.whole = CommandLine(program)
        self.commands = {}
        for name, _ in self.whole.commands:
            self.commands[name] = CommandLine(program, name)
            if name == "run":
                for experiment, _ in self.whole.experiments:
                    self.commands[f"run {experiment}"] = CommandLine(program, name, experiment)


def models(programs):
    """Model -> command line of its server or client, in the order of the programs."""
    return {os.path.basename(p): CommandLine(p) for p in programs}

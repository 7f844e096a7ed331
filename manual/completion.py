#!/usr/bin/env python3
"""Print a completion for bash or zsh, made of what the programs tell of their options.

    manual/completion.py bash|zsh BUILD/loadgen/iomodels-load
    manual/completion.py bash|zsh BUILD/bench/iomodels BUILD/servers/MODEL...

The tables go into manual/completion.bash and manual/*.zsh, which do the rest."""

import os
import re
import sys

import tables

# What --help calls a value, and what is offered for it. No other value has anything to offer.
KINDS = {"MODEL": "model", "MODEL,...": "models", "EXTERNAL": "external",
         "EXTERNAL,...": "externals", "SERVER": "server", "SCENARIO": "scenario", "RUN": "run",
         "DIR": "directory", "FILE": "file", "FILE.svg": "file", "FILE.csv": "file"}


def offers(words, argument):
    """What may stand for a value: kinds, and words behind "=". An argument such as "http|FILE" has
    both in it."""
    if words:
        return ["=" + w for w in words]
    parts = argument.split("|")
    return [KINDS[p] if p in KINDS else "=" + p for p in parts
            if p in KINDS or len(parts) > 1 and re.fullmatch("[a-z][a-z0-9-]*", p)]


def offers_of(option):
    return offers(option.words, option.argument)


def command_lines(programs):
    """Table -> (command line, commands that may follow). Tables of the driver are called after their
    command ("run hog"), those of servers "serve MODEL", and that of a program itself ""."""
    name = os.path.basename(programs[0])
    if name != "iomodels":
        return name, {"": tables.CommandLine(programs[0])}, []
    driver = tables.Driver(programs[0])
    lines = dict(driver.commands)
    for model, line in tables.models(programs[1:]).items():
        lines[f"serve {model}"] = line
    return name, lines, driver.whole.commands


def word(text):
    return "'" + text.replace("'", "'\\''") + "'"


def bash_option(o):
    names = [f"-{o.letter}"] if o.letter else []
    value = ("=" + ",".join(offers_of(o)) if o.argument else "")
    return " ".join(n + value for n in [*names, f"--{o.name}"])


def bash(name, lines, commands):
    yield "    case $1 in"
    if commands:
        yield "    '')"
        yield f"        operand={word(','.join('=' + c for c, _ in commands))}"
        yield "        options='--help --version' ;;"
    for table, line in lines.items():
        yield f"    {word(table)})"
        yield f"        operand={word(','.join(offers([], line.operand)))}"
        yield "        options='" + "\n            ".join(map(bash_option, line.options)) + "' ;;"
    yield "    *) return 1 ;;"
    yield "    esac"


def zsh_help(text):
    """The first sentence, as _arguments takes it."""
    first = re.split(r"(?<=[^.])[.;:](?:\s|$)|\n", text)[0]
    return re.sub(r"([\[\]:\\])", r"\\\1", first)


def zsh_action(kinds):
    words = " ".join(k[1:] for k in kinds if k.startswith("="))
    calls = [f"_iomodels_{k}" for k in kinds if not k.startswith("=")]
    if words and calls:  # the blank keeps _arguments from putting options of compadd in between
        return f" _iomodels_word_or {calls[0]} {words}"
    return f"({words})" if words else calls[0] if calls else " "


def zsh_option(o):
    value = ""
    if o.argument:
        argument = re.sub(r"([\[\]:\\])", r"\\\1", o.argument)
        value = f":{argument}:{zsh_action(offers_of(o))}"
    equals = "=" if o.argument else ""
    if o.letter:
        either = f"{{-{o.letter}{'+' if o.argument else ''},--{o.name}{equals}}}"
        return f"'*'{either}{word(f'[{zsh_help(o.text)}]{value}')}"
    return word(f"*--{o.name}{equals}[{zsh_help(o.text)}]{value}")


def zsh(name, lines, commands):
    for table, line in lines.items():
        yield f"    {word(table)})"
        yield "        specs=(" + "\n            ".join(map(zsh_option, line.options))
        if table == "serve":
            yield "            '1:MODEL:_iomodels_model' '*::option:->server')"
        else:
            kinds = offers([], line.operand)
            yield "            " + word(f"*:{line.operand or 'nothing'}:{zsh_action(kinds)}") + ")"
        yield "        ;;"


def zsh_commands(commands):
    for name, summary in commands:
        yield "        " + word(f"{name}:{summary}")


def main():
    shell = sys.argv[1]
    name, lines, commands = command_lines(sys.argv[2:])
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "completion." + shell)
    with open(path, encoding="ascii") as f:
        text = f.read()
    make = {"bash": bash, "zsh": zsh}[shell]
    for mark, value in (("@PROGRAM@", name), ("@FUNCTION@", name.replace("-", "_")),
                        ("@TABLES@", "\n".join(make(name, lines, commands))),
                        ("@COMMANDS@", "\n".join(zsh_commands(commands)))):
        text = text.replace(mark, value)
    print(text, end="")


if __name__ == "__main__":
    main()

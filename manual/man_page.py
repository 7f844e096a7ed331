#!/usr/bin/env python3
"""Print a man page (man(7)), made of what the programs tell of their options.

    manual/man_page.py VERSION driver  BUILD/bench/iomodels
    manual/man_page.py VERSION load    BUILD/loadgen/iomodels-load
    manual/man_page.py VERSION servers BUILD/servers/MODEL...
    manual/man_page.py VERSION clients BUILD/clients/MODEL...

What no option says stands in manual/*.man."""

import os
import re
import sys
import time

import tables

ESCAPES = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
LINE = 78
STATUS = re.compile(r"  (\d+)  (.*)")


def escaped(text):
    return "".join(ESCAPES.get(c, c if c < "\x7f" else f"\\[u{ord(c):04X}]") for c in text)


def lines_of(words):
    """Short ones, none of which begins with a dot, which would make it a request."""
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > LINE:
            yield line
            line = ""
        line += (" " if line else "\\&" if word.startswith(".") else "") + word
    yield line


def prose(text):
    """With the options in it in bold, so that they can be found."""
    parts = re.split(r"(--[a-z][a-z-]*[a-z]|(?<![\w-])-[a-zA-Z]\b)", text)
    return "".join(f"\\fB{escaped(p)}\\fR" if i % 2 else escaped(p) for i, p in enumerate(parts))


def filled(text):
    yield from lines_of(prose(text).split())


def paragraph(lines):
    """Lines are kept apart. Those with columns, or behind blanks, stand as they are."""
    as_it_is = False
    for n, line in enumerate(lines):
        columns = "  " in line.rstrip()
        if columns != as_it_is:
            yield ".nf" if columns else ".fi"
        elif n > 0 and not columns:
            yield ".br"
        as_it_is = columns
        if columns:
            yield prose(line)
        else:
            yield from filled(line)
    if as_it_is:
        yield ".fi"


def paragraphs(text):
    for n, part in enumerate(text.split("\n\n")):
        if n > 0:
            yield ".PP"
        yield from paragraph(part.split("\n"))


def option(o):
    name = f"\\fB\\-{o.letter}\\fR, " if o.letter else ""
    argument = f" \\fI{escaped(o.argument)}\\fR" if o.argument else ""
    yield ".TP"
    yield f"{name}\\fB\\-\\-{escaped(o.name)}\\fR{argument}"
    yield from paragraph(o.text.split("\n"))


def groups(line, heading):
    for title, options in line.groups:
        if title:
            yield f"{heading} {escaped(title)}"
        for o in options:
            yield from option(o)


def statuses(notes):
    """The notes without the table of exit statuses, and that table."""
    kept, table = [], []
    for text in notes.split("\n"):
        found = STATUS.fullmatch(text)
        if found:
            table.append(found.groups())
        elif text != "Exit status:":
            kept.append(text)
    return "\n".join(kept), table


def status_section(table, heading):
    if table:
        yield f"{heading} {'EXIT STATUS' if heading == '.SH' else 'Exit status'}"
    for number, meaning in table:
        yield from (".TP", f"\\fB{number}\\fR", *filled(meaning))


def synopsis(usage):
    for n, text in enumerate(usage.split("\n")):
        if n > 0:
            yield ".br"
        yield f"\\fB{escaped(text.strip())}\\fR"


def title(name, version):
    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    yield f'.TH {name.upper()} 1 {time.strftime("%Y-%m-%d", date)} "iomodels {version}" ' \
          '"User Commands"'


def written(name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".man")
    with open(path, encoding="ascii") as f:
        yield from f.read().splitlines()


def command_section(name, line):
    notes, table = statuses(line.notes)
    yield f".SS iomodels {escaped(name)}"
    yield from synopsis(line.usage)
    yield ".PP"
    yield from paragraphs(line.about)
    for o in line.options:
        yield from option(o)
    if notes:
        yield ".PP"
        yield from paragraphs(notes)
    for number, meaning in table:
        yield from (".TP", f"exit status {number}", *filled(meaning))


def driver(version, program):
    d = tables.Driver(program)
    yield from title("iomodels", version)
    yield from (".SH NAME", "iomodels \\- measure what the way a server waits for I/O costs")
    yield from (".SH SYNOPSIS", "\\fBiomodels\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]")
    yield from (".SH DESCRIPTION", *filled(d.whole.about), ".PP")
    yield from written("iomodels")
    yield ".SH COMMANDS"
    for name, summary in d.whole.commands:
        yield from (".TP", f"\\fB{escaped(name)}\\fR", *filled(summary))
    yield ".SH THE COMMANDS IN FULL"
    for name, line in d.commands.items():
        yield from command_section(name, line)
    yield ".SH EXIT STATUS"
    yield from paragraph(d.whole.notes.removeprefix("Exit status: ").split("\n"))
    yield from written("see-also")


def load(version, program):
    line = tables.CommandLine(program)
    notes, table = statuses(line.notes)
    yield from title("iomodels-load", version)
    yield from (".SH NAME", "iomodels\\-load \\- load a server, and measure latency and throughput")
    yield ".SH SYNOPSIS"
    yield from synopsis(line.usage)
    yield ".SH DESCRIPTION"
    yield from paragraphs(line.about)
    yield ".SH OPTIONS"
    yield from groups(line, ".SS")
    yield ".SH NOTES"
    yield from paragraphs(notes)
    yield from status_section(table, ".SH")
    yield from written("iomodels-load")
    yield from written("see-also")


def options_of_some(lines):
    """Pairs of an option that not all servers have, and the models that have it."""
    found = {}
    for model, line in lines.items():
        for o in line.options:
            found.setdefault(o.key(), (o, []))[1].append(model)
    return [(o, models) for o, models in found.values() if len(models) < len(lines)]


def one_page(version, page, name, synopsis, programs):
    """Of programs that have most options in common."""
    lines = tables.models(programs)
    one = next(iter(lines.values()))
    notes, table = statuses(one.notes)
    some = options_of_some(lines)
    own = {o.key() for o, _ in some}
    yield from title(page, version)
    yield from (".SH NAME", f"{escaped(page)} \\- {name}", ".SH SYNOPSIS", synopsis)
    yield ".SH DESCRIPTION"
    yield from written(page)
    yield ".SH MODELS"
    for model, line in lines.items():
        yield from (".TP", f"\\fB{escaped(model)}\\fR",
                    *filled(line.about.split("\n")[0].removeprefix(f"{model}: ")))
    yield ".SH OPTIONS OF ALL MODELS"
    for o in one.options:
        if o.key() not in own:
            yield from option(o)
    yield ".SH OPTIONS OF SOME MODELS"
    for o, models in some:
        yield from option(o)
        yield from (".br", *filled("Only of " + ", ".join(models) + "."))
    yield ".SH NOTES"
    yield from paragraphs(notes)
    yield from status_section(table, ".SH")
    yield from written("see-also")


def servers(version, *programs):
    yield from one_page(version, "iomodels-servers", "one server for each I/O model",
                        "\\fBiomodels serve\\fR \\fIMODEL\\fR [\\fIOPTION\\fR]...", programs)


def clients(version, *programs):
    yield from one_page(version, "iomodels-clients", "one client for each I/O model",
                        "\\fIMODEL\\fR [\\fIOPTION\\fR]... \\fIURL\\fR", programs)


PAGES = {"driver": driver, "load": load, "servers": servers, "clients": clients}


if __name__ == "__main__":
    for text in PAGES[sys.argv[2]](sys.argv[1], *sys.argv[3:]):
        print(text)

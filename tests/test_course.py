#!/usr/bin/env python3
"""Is what docs/course says so? Its commands, the places of its glossary, its table of Python's select module,
and the slides as one file. Prints TAP.

    python3 tests/test_course.py SOURCE-ROOT BUILD"""

import csv
import functools
import html
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

ROOT, BUILD = (os.path.abspath(path) for path in sys.argv[1:3])
COURSE = os.path.join(ROOT, "docs", "course")
DRIVER = os.path.join(BUILD, "bench", "iomodels")
SLIDES = os.path.join(ROOT, "scripts", "slides")
PAGES = sorted(name for name in os.listdir(COURSE) if name.endswith(".md"))
# Programs that are not ours. What they are called with is looked at where it is one of our files.
OTHERS = ("diff", "kill", "man")


def expect(truth, message):
    if not truth:
        raise AssertionError(message)


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def course(page):
    return read("docs", "course", page)


def call(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, stdin=subprocess.DEVNULL)


@functools.lru_cache(maxsize=None)
def told(*command):
    p = call(*command)
    expect(p.returncode == 0, f"{command}: status {p.returncode}: {p.stderr}")
    return p.stdout


def names(kind):
    return told(DRIVER, "list", "--names", kind).split()


def is_ours(line):
    return re.match(r"(\./)?(scripts|build)/|iomodels |python3 (tests|docs|scripts)/", line) is not None


def commands(text):
    """The commands of a page: lines of code that begin with a program, and such code within a line."""
    for line in re.findall(r"(?m)^ {4}(\S.*)$", text) + re.findall(r"`([^`\n]+)`", text):
        if is_ours(line) and not re.fullmatch(r"\S*/", line) or line.split()[0] in OTHERS and " " in line:
            yield line


def without_remark(line):
    """The words of a command, without "&" and what stands behind it."""
    words = shlex.split(line)
    return words[:words.index("&")] if "&" in words else words


def options_missing(words, text):
    return [w for w in words if re.match(r"--?[a-z]", w)
            and not re.search(rf"(?<![\w-]){re.escape(w.split('=')[0])}(?![\w-])", text)]


def servers_of(words):
    """What a command of the driver names as servers: models with their options."""
    return [w for w in words if not w.startswith("-") and w.split() and w.split()[0] in names("models")]


def driver_fault(words):
    """What is wrong with the words behind "iomodels"; None where nothing is."""
    command, arguments = words[0], words[1:]
    known = re.findall(r"(?m)^  ([a-z]+)", told(DRIVER, "--help"))
    if command not in known:
        return f"no command '{command}'"
    special = command == "run" and arguments and arguments[0] in ("two-speeds", "crash", "hog", "slow-clients")
    text = told(DRIVER, command, *(arguments[:1] if special else []), "--help")
    if missing := options_missing(arguments, text):
        return f"no option {missing}"
    if command == "run" and not special and arguments and not arguments[0].startswith("-"):
        p = call(DRIVER, "run", *arguments, "--dry-run")
        return p.stderr.strip() or f"status {p.returncode}" if p.returncode else None
    if "--models" in arguments:
        given = arguments[arguments.index("--models") + 1].split(",")
    elif command in ("duel", "profile", "trace"):
        values = [arguments[i + 1] for i, w in enumerate(arguments[:-1]) if w.startswith("-")]
        given = [w.split()[0] for w in arguments if not w.startswith("-") and w not in values and w != "all"]
    else:
        given = []
    if unknown := [name for name in given if name not in names("models") + names("externals")]:
        return f"no model {unknown}"
    if command == "lesson" and arguments and arguments[0].isdigit():
        listed = re.findall(r"(?m)^ *(\d+) ", told(DRIVER, "lesson"))
        return None if arguments[0] in listed else f"no lesson {arguments[0]}"
    if command in ("check", "replay"):
        return next((f"no file {w}" for a in arguments for w in a.split()
                     if w.startswith("docs/") and not os.path.exists(os.path.join(ROOT, w))), None)
    return None


def fault(line):
    words = without_remark(line)
    program = words[0].removeprefix("./")
    if program == "diff":
        p = call(*words)
        return None if p.returncode in (0, 1) and p.stdout else f"status {p.returncode}: {p.stderr}"
    if program in OTHERS:
        return None
    if program == "python3":
        return None if os.path.isfile(os.path.join(ROOT, words[1])) else f"no file {words[1]}"
    if program == "iomodels":
        return driver_fault(words[1:]) if len(words) > 1 else None
    built = program.startswith("build/")
    path = os.path.join(BUILD, program.removeprefix("build/")) if built else os.path.join(ROOT, program)
    if not os.access(path, os.X_OK):
        return "no such program"
    if path == DRIVER:
        return driver_fault(words[1:]) if len(words) > 1 else None
    text = told(path, "--help") if built else read(program)
    missing = options_missing(words[1:], text)
    return f"no option {missing}" if missing else None


def commands_run(t):
    found, count = [], 0
    for page in PAGES:
        for line in dict.fromkeys(commands(course(page))):
            count += 1
            if why := fault(line):
                found.append(f"{page}: {line}: {why}")
    expect(not found, "\n".join(found))
    expect(count > 40, f"only {count} commands were found on {PAGES}")


WRONG = """
    build/bench/iomodels dance
    build/bench/iomodels run no-such-scenario
    build/bench/iomodels run quick --models no-such-model
    build/bench/iomodels run quick --no-such-option
    build/bench/iomodels run hog --models no-such-model
    build/bench/iomodels duel epoll-lt 'no-such-model --needless-ctl'
    build/bench/iomodels lesson 99
    build/bench/iomodels check 'python3 docs/course/gone.py {port}' --service echo
    build/servers/no-such-model --listen 127.0.0.1:8080 &
    build/servers/epoll-lt --no-such-option
    build/clients/epoll --no-such-option http://127.0.0.1:8080/
    scripts/gone
    scripts/slides --no-such-option
    diff servers/models/epoll_lt.c servers/models/gone.c
    python3 docs/course/gone.py
"""


def wrong_commands_are_found(t):
    lines = list(commands(WRONG))
    expect(len(lines) == len(WRONG.split("\n")) - 2, f"found as commands: {lines}")
    right = [line for line in lines if not fault(line)]
    expect(not right, f"taken for right: {right}")


def rows(text):
    """The rows of all tables, without heads and rules."""
    return [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines()
            if line.startswith("| ")]


def terms_have_their_places(t):
    terms = [row for row in rows(course("glossary.md")) if row[0] != "term"]
    expect(len(terms) >= 40, f"{len(terms)} terms")
    for column in (0, 1):
        texts = [row[column] for row in terms]
        twice = {text for text in texts if texts.count(text) > 1}
        expect(not twice, f"twice in the glossary: {twice}")
    for term, chinese, sentence, place in terms:
        expect(re.search(r"[\u4e00-\u9fff]", chinese), f"{term}: '{chinese}' is no Chinese")
        expect(sentence.endswith(".") and ". " not in sentence, f"{term}: no one sentence: {sentence}")
        m = re.fullmatch(r"`([^`]+)`: `([^`]+)`", place)
        expect(m, f"{term}: no place: {place}")
        expect(m[2] in read(m[1]), f"{term}: {m[1]} has no '{m[2]}'")


def table_has_the_module(t):
    """Each call of the module and of its objects has its row, and no row is of another one."""
    told_of = {name for row in rows(course("select.md")) for name in re.findall(r"`((?:select|poll|epoll)\.\w+)", row[0])}
    objects = {"poll": select.poll(), "epoll": select.epoll()}
    t.defer(objects["epoll"].close)
    there = {f"select.{n}" for n in dir(select) if callable(getattr(select, n)) and n not in ("error",)
             and not n.startswith("_")}
    there |= {f"{name}.{n}" for name, o in objects.items() for n in dir(o) if not n.startswith("_")}
    expect(there <= told_of, f"not in select.md: {sorted(there - told_of)}")
    unknown = sorted(n for n in told_of - there if not hasattr(select, n.removeprefix("select.")))
    expect(not unknown, f"the module has no {unknown}")


def headings():
    return re.findall(r"(?m)^#+ (.*)$", course("slides.md"))


def plans_name_slides(t):
    named = [name for row in rows(course("README.md")) for name in re.findall(r"\*([^*]+)\*", " ".join(row))]
    expect(len(named) > 20, f"slides of the plans: {named}")
    gone = [name for name in named if name not in headings()]
    expect(not gone, f"no such slides: {gone}")


def reading_order_has_each_model(t):
    order = course("README.md")
    models = [r["name"] for r in csv.DictReader(read("scripts/plots/models.csv").splitlines()) if r["kind"] == "model"]
    left_out = [m for m in models if not re.search(rf"servers/models/{m.replace('-', '_')}[./]", order)]
    expect(not left_out, f"not in the reading order: {left_out}")


def built(t, *arguments):
    folder = tempfile.mkdtemp(prefix="iomodels-slides-")
    t.defer(lambda: shutil.rmtree(folder, ignore_errors=True))
    out = os.path.join(folder, "made", "slides.html")
    p = call(SLIDES, *arguments, "-o", out)
    expect(p.returncode == 0, p.stderr)
    with open(out, encoding="utf-8") as f:
        return f.read()


def one_file_of_all(t):
    page = built(t)
    found = [html.unescape(re.sub(r"<[^>]*>", "", text)) for text in re.findall(r"<h\d>(.*?)</h\d>", page)]
    expect(found == [h.replace("`", "") for h in headings()], f"slides: {found}")
    loaded = [a for a in re.findall(r"""(?:src|href|url\()=?["']?([^"')>\s]+)""", page) if not a.startswith("data:image/")]
    expect(all(a.startswith("https://") and f'src="{a}' not in page for a in loaded), f"loads {loaded}")
    pictures = re.findall(r"\]\(([^)]+\.svg)\)", course("slides.md"))
    expect(page.count("<img ") == len(pictures), "a picture is missing")
    ladders = {n for n in os.listdir(os.path.join(ROOT, "docs/models/ladders")) if n.endswith(".svg")}
    missing = ladders | {"overview_http.svg", "overview_echo.svg"}
    missing -= {os.path.basename(p) for p in pictures}
    expect(not missing, f"not on the slides: {missing}")


# Slides that cannot be made, and what is said of each.
BAD = [
    ("# A\n\n![a](gone.svg)\n", ":3: cannot read the picture 'gone.svg': No such file or directory"),
    ("# A\n\n![](gone.svg)\n", ":3: 'gone.svg' has no text for those who cannot see it"),
    ("# A\n\n![a](a.pdf)\n", ":3: 'a.pdf' is no picture: an .svg or a .png is"),
    ("# A\n\nSee [b](b.md).\n", ":3: a link to 'b.md' leads nowhere from one file: name the file as `code`"),
    ("# A\n\n---\n\ntext\n", ":4: a slide begins with a heading, # or ##"),
    ("# A\n\n## B\n", ":1: a slide has one heading; --- stands between two slides"),
    ("# A\ntext\n", ":2: an empty line stands below a heading"),
    ("# A\n\n| a | b |\n|---|---|\n| c |\n", ":5: the row has 1 cells, the head of the table 2"),
    ("# A\n\n    code\nno code\n", ":4: code goes on with four blanks, or ends with an empty line"),
    ("", ":1: a slide begins with a heading, # or ##"),
]


def faults_are_named(t):
    folder = tempfile.mkdtemp(prefix="iomodels-slides-")
    t.defer(lambda: shutil.rmtree(folder, ignore_errors=True))
    path, out = os.path.join(folder, "mine.md"), os.path.join(folder, "mine.html")
    for text, wanted in BAD:
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        p = call(SLIDES, path, "-o", out)
        expect((p.returncode, p.stderr) == (1, f"slides: {path}{wanted}\n"), f"{text!r}: {p}")
        expect(not os.path.exists(out), f"{text!r}: something was written")
    for arguments, status, wanted in (((path + ".gone",), 1, ": No such file or directory\n"),
                                      (("-o", "/dev/full"), 1, "/dev/full: No space left on device\n"),
                                      (("a", "b"), 2, "unrecognized arguments: b\n")):
        p = call(SLIDES, *arguments)
        expect(p.returncode == status and p.stderr.endswith(wanted), f"{arguments}: {p}")


MINE = """# A *title*

A `<b>` & **bold** [web](https://example.org/).

---

## B

- one
  goes on
- two

| a | b |
|---|---|
| `c` | d |

    if (a < b)

        c();

> for me
"""


def markdown_becomes_html(t):
    folder = tempfile.mkdtemp(prefix="iomodels-slides-")
    t.defer(lambda: shutil.rmtree(folder, ignore_errors=True))
    path = os.path.join(folder, "mine.md")
    with open(path, "w", encoding="utf-8") as f:
        f.write(MINE)
    page = built(t, path)
    for part in ("<title>A title</title>", "<h1>A <em>title</em></h1>",
                 '<p>A <code>&lt;b&gt;</code> &amp; <strong>bold</strong> <a href="https://example.org/">web</a>.</p>',
                 "<ul><li>one goes on</li><li>two</li></ul>", '<th scope="col">a</th>', "<td><code>c</code></td><td>d</td>",
                 "<code>if (a &lt; b)\n\n    c();</code>", '<p class="notes">for me</p>'):
        expect(part in page, f"no {part} in {page[page.index('<main>'):page.index('</main>')]}")
    expect(page.count("<section") == 2, "two slides")


def loop_echoes(t):
    p = call(DRIVER, "check", f"{shlex.quote(sys.executable)} docs/course/loop.py {{port}}", "--service", "echo", "--level", "1")
    expect(p.returncode == 0, p.stdout + p.stderr)


TESTS = [
    ("the commands of the course are those that the programs have", commands_run),
    ("that check finds commands that are wrong", wrong_commands_are_found),
    ("each term of the glossary is in two languages, and at its place", terms_have_their_places),
    ("the table has each call of Python's select module", table_has_the_module),
    ("the plans name slides that there are", plans_name_slides),
    ("the reading order has each model", reading_order_has_each_model),
    ("scripts/slides makes one file of all pictures, which loads nothing", one_file_of_all),
    ("scripts/slides makes HTML of Markdown", markdown_becomes_html),
    ("scripts/slides names what it cannot make, and where", faults_are_named),
    ("docs/course/loop.py echoes", loop_echoes),
]


if __name__ == "__main__":
    sys.exit(1 if tap.run([tap.Test(*test) for test in TESTS], jobs=1) else 0)

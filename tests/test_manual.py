#!/usr/bin/env python3
"""Man pages and completions: do they name what the programs have? Prints TAP.

    python3 tests/test_manual.py BUILD"""

import atexit
import functools
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
MANUAL = os.path.join(BUILD, "manual")
DRIVER = os.path.join(BUILD, "bench/iomodels")
LOAD = os.path.join(BUILD, "loadgen/iomodels-load")
CLIENTS = os.path.join(BUILD, "clients")
PAGES = ("iomodels.1", "iomodels-load.1", "iomodels-servers.1", "iomodels-clients.1")


def output(*command, **options):
    p = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert p.returncode == 0, f"{command}: status {p.returncode}\n{p.stdout}{p.stderr}"
    return p.stdout


def expect(truth, message):
    if not truth:
        raise AssertionError(message)


def names(kind):
    return output(DRIVER, "list", "--names", kind, cwd=BUILD).split()


def options(*command):
    """The long names of --help, which begin near the left edge."""
    found = re.findall(r"^ {2,6}(?:-\w, )?(--[a-z-]+)(?:, (--[a-z-]+))?",
                       output(*command, "--help"), re.MULTILINE)
    return {name for pair in found for name in pair if name}


def commands():
    """Each command of the driver, those of "run" and "serve" too, with its options."""
    listed = [line.split()[0] for line in output(DRIVER, "--help").splitlines()
              if re.match(r"  [a-z]", line)]
    expect({"run", "duel", "list"} <= set(listed), f"commands: {listed}")
    listed += [f"run {name}" for name in ("two-speeds", "crash", "hog", "slow-clients")]
    listed += [f"serve {name}" for name in names("models")]
    return {name: options(DRIVER, *name.split()) for name in listed}


def plain(page):
    """The source of a page without its escapes."""
    with open(os.path.join(MANUAL, page), encoding="ascii") as f:
        return re.sub(r"\\f[BIR]|\\&", "", f.read()).replace("\\-", "-")


def told(text):
    return set(re.findall(r"^(?:-\w, )?(--[a-z][a-z-]*)", text, re.MULTILINE))


def pages_name_each_option(t):
    sections = dict(re.findall(r"^\.SS iomodels ([a-z -]+)\n(.*?)(?=^\.S[SH]|\Z)", plain("iomodels.1"),
                               re.MULTILINE | re.DOTALL))
    servers = told(plain("iomodels-servers.1"))
    missing = []
    for name, wanted in commands().items():
        page = servers if name.startswith("serve ") else told(sections.get(name, ""))
        missing += [f"{name} {o}" for o in sorted(wanted - page)]
        if not name.startswith("serve "):
            missing += [f"not in --help: {name} {o}" for o in sorted(page - wanted)]
    expect(not missing, f"not on the page: {missing}")
    load = options(LOAD)
    expect(len(load) > 40 and load == told(plain("iomodels-load.1")),
           f"iomodels-load: {load ^ told(plain('iomodels-load.1'))}")
    models = re.findall(r"^([a-z-]+)\n", plain("iomodels-servers.1"), re.MULTILINE)
    expect(set(names("models")) <= set(models), f"models of the page: {models}")
    clients = [n for n in os.listdir(CLIENTS) if os.path.isfile(os.path.join(CLIENTS, n))
               and os.access(os.path.join(CLIENTS, n), os.X_OK)]
    expect(len(clients) > 8, f"clients: {clients}")
    known = set().union(*(options(os.path.join(CLIENTS, n)) for n in clients))
    expect(known == told(plain("iomodels-clients.1")), f"clients: {known ^ told(plain('iomodels-clients.1'))}")


def pages_are_well_formed(t):
    if not shutil.which("man") or not shutil.which("groff"):
        raise tap.Skip("no man or groff here")
    for page in PAGES:
        p = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z",
                            os.path.join(MANUAL, page)], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True, check=False,
                           env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
        expect(p.returncode == 0 and not p.stderr, f"{page}: {p.stderr}")
        if shutil.which("mandoc"):
            p = subprocess.run(["mandoc", "-Tlint", os.path.join(MANUAL, page)],
                               capture_output=True, text=True, check=False)
            expect(not p.stdout, p.stdout)


# Lines to complete, by "|" words; for each the shell prints what it offers.
BASH = r"""
. "$1/iomodels" && . "$1/iomodels-load" || exit
while IFS='|' read -ra COMP_WORDS; do
    [[ ${COMP_WORDS[-1]} == @ ]] && COMP_WORDS[-1]=
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    name=${COMP_WORDS[0]##*/} COMPREPLY=()
    "_${name//-/_}" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}"
    echo "${COMPREPLY[*]}"
done
"""


def bash(lines, cwd):
    """What bash offers for each line, which is a list of words; "" is begun and has no letter yet."""
    if not shutil.which("bash"):
        raise tap.Skip("no bash here")
    text = "".join("|".join(line[:-1] + [line[-1] or "@"]) + "\n" for line in lines)
    out = output("bash", "--norc", "-c", BASH, "bash", MANUAL, input=text, cwd=cwd)
    offered = [line.split() for line in out.splitlines()]
    expect(len(offered) == len(lines), f"{len(offered)} answers to {len(lines)} lines")
    return offered


def bash_offers_each_option(t):
    wanted = [([LOAD, "--"], options(LOAD))]
    wanted += [([DRIVER, *name.split(), "--"], of) for name, of in commands().items()]
    for (line, known), offered in zip(wanted, bash([line for line, _ in wanted], BUILD)):
        expect(len(known) > 0 and set(offered) == known,
               f"{line[1:]}: --help and completion differ in {set(offered) ^ known}")


def make_runs(folder):
    for name in ("results/one-run", "results/two-run"):
        os.makedirs(os.path.join(folder, name))
        with open(os.path.join(folder, name, "environment.json"), "w", encoding="utf-8"):
            pass
    os.makedirs(os.path.join(folder, "results/no-run"))
    with open(os.path.join(folder, "mine.ini"), "w", encoding="utf-8"):
        pass


def values():
    """Lines, and what is to be offered for the last word."""
    models, externals = names("models"), names("externals")
    event = [m for m in models if m.startswith("ep")]
    expect(len(event) > 1 and "nginx" in externals, f"{event} {externals}")
    return [
        (["iomodels", "ru"], ["run"]),
        (["iomodels", "serve", ""], models),
        (["iomodels", "profile", "ep"], event),
        (["iomodels", "run", "--models", "ep"], event),
        (["iomodels", "run", "--models", "poll,ep"], ["poll," + m for m in event]),
        (["iomodels", "run", "--models", "=", "ep"], event),
        (["iomodels", "run", "--externals=nginx-p"], ["--externals=nginx-poll"]),
        (["iomodels", "duel", "epoll-lt", "nginx-p"], ["nginx-poll"]),
        (["iomodels", "run", "mem"], ["memory"]),
        (["iomodels", "run", "two"], ["two-speeds"]),
        (["iomodels", "run", "min"], ["mine.ini"]),
        (["iomodels", "run", "--out", "hog", "--pe"], ["--peers"]),
        (["iomodels", "report", ""], ["results/one-run", "results/two-run"]),
        (["iomodels", "run", "--resume", "results/o"], ["results/one-run"]),
        (["iomodels", "history", "res"], ["results"]),
        (["iomodels", "explain", "--csv", "mi"], ["mine.ini"]),
        (["iomodels", "run", "--external-protocol", ""], ["http", "echo"]),
        (["iomodels", "serve", "prefork", "--protocol", "e"], ["echo"]),
        (["iomodels-load", "-c", "1", "--engine", ""], ["auto", "epoll", "io_uring"]),
        (["iomodels-load", "--body", "mi"], ["mine.ini"]),
    ]


@functools.cache
def installed():
    """A folder to stand in, with runs in it, and the folder of the programs installed there, which
    look for runs below the current directory."""
    folder = tempfile.mkdtemp(prefix="iomodels-manual-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if not shutil.which("meson"):
        raise tap.Skip("no meson here")
    output("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder)
    place = next(d for d, _, _ in os.walk(folder) if os.path.basename(d) == "bin")
    make_runs(folder)
    return folder, place


def bash_offers_values(t):
    folder, place = installed()
    wanted = [([os.path.join(place, line[0]), *line[1:]], offers) for line, offers in values()]
    for (line, known), offered in zip(wanted, bash([line for line, _ in wanted], folder)):
        expect(offered == known, f"{line[1:]}: offered {offered}, not {known}")


ZSHRC = r"""
PS1= RPS1=
fpath=($MANUAL $fpath)
autoload -Uz compinit && compinit -D -u
zstyle ':completion:*' use-cache no
compadd() {
    local -a found
    if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)* ]]; then
        builtin compadd -O found "$@"
        print -rn -- "${(j: :)found} " >&9
    fi
    builtin compadd "$@"
}
try() {
    local line
    exec 9>$OUT
    for line in ${(f)"$(<$LINES_FILE)"}; do
        BUFFER=$line CURSOR=$#line
        zle complete-word
        print -r >&9
    done
    exit
}
zle -N zle-line-init try
"""


def zsh(t, lines, cwd):
    """As bash(), of an interactive zsh on a terminal of its own."""
    if not shutil.which("zsh"):
        raise tap.Skip("no zsh here")
    folder = tempfile.mkdtemp(prefix="iomodels-zsh-")
    t.defer(lambda: shutil.rmtree(folder, ignore_errors=True))
    out, given = os.path.join(folder, "out"), os.path.join(folder, "lines")
    for path, text in ((os.path.join(folder, ".zshrc"), ZSHRC),
                       (given, "".join(" ".join(line) + "\n" for line in lines))):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    ours, theirs = pty.openpty()
    shell = subprocess.Popen(["zsh", "-d", "-i"], stdin=theirs, stdout=theirs, stderr=theirs,
                             start_new_session=True, cwd=cwd,
                             env={**os.environ, "ZDOTDIR": folder, "MANUAL": MANUAL, "OUT": out,
                                  "LINES_FILE": given, "TERM": "dumb"})
    t.defer(shell.kill)
    os.close(theirs)
    shown = b""
    try:
        while more := os.read(ours, 4096):
            shown += more
    except OSError:  # the terminal's other end is closed
        pass
    os.close(ours)
    shell.wait()
    with open(out, encoding="utf-8") as f:
        offered = [line.split() for line in f]
    expect(len(offered) == len(lines), f"{len(offered)} answers: {shown.decode(errors='replace')}")
    return offered


def zsh_offers(t):
    folder, place = installed()
    wanted = [([LOAD, "--"], options(LOAD))]
    wanted += [([DRIVER, *name.split(), "--"], of) for name, of in commands().items()]
    # Without what stands before the part that is completed, and "=" is no word of its own.
    wanted += [([os.path.join(place, line[0]), *line[1:]], {re.split("[,=]", o)[-1] for o in offers})
               for line, offers in values() if "=" not in line]
    for (line, known), offered in zip(wanted, zsh(t, [line for line, _ in wanted], folder)):
        expect(set(offered) == known, f"{line[1:]}: offered {offered}, not {known}")


def readme_has_the_table(t):
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not os.path.exists(os.path.join(root, "results/reference/models")):
        raise tap.Skip("this tree comes without what was measured")
    output(os.path.join(root, "scripts/readme"), "--check", BUILD)


TESTS = [
    ("README.md has the table of the run in results/reference/models", readme_has_the_table),
    ("the man pages name each option of --help", pages_name_each_option),
    ("the man pages are well formed", pages_are_well_formed),
    ("bash offers each option of --help", bash_offers_each_option),
    ("bash offers models, scenarios, runs and words", bash_offers_values),
    ("zsh offers the same", zsh_offers),
]


if __name__ == "__main__":
    sys.exit(1 if tap.run([tap.Test(*test) for test in TESTS], jobs=1) else 0)

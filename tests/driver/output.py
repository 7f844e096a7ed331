"""What the driver says, where to, and that it got there."""

import os
import pty
import re
import shutil
import stat
import subprocess
import sys

import tap
from driver.bench import ARGS, Bench, equal, expect
from driver.environment import SCRIPTS, copy_of_reference
from driver.explain import DEAR_CALLS
from driver.made_run import MadeRun
from lib import program

COMMANDS = ("run", "list", "machine", "serve", "plot", "report")


def full_disk(t):
    """Standard output that is lost is a failure."""
    b = Bench(t)
    scenario = b.scenario()
    calls = [("--help",), ("--version",), ("list",), ("list", "--json"),
             ("machine", DEAR_CALLS), ("machine", "--json", DEAR_CALLS),
             ("run", scenario, "--dry-run"), *((c, "--help") for c in COMMANDS)]
    for arguments in calls:
        command = b.command(*arguments) if arguments[0] in ("run", "list") else [ARGS.driver, *arguments]
        for where, reason in (("/dev/full", "No space left on device"), (None, "Bad file descriptor")):
            if where and not os.path.exists(where):
                continue
            with open(where or os.devnull, "w", encoding="utf-8") as full:
                p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=full, text=True,
                                   stderr=subprocess.PIPE, check=False,
                                   preexec_fn=None if where else lambda: os.close(1))
            said = re.sub("^tiny: about .*\n", "", p.stderr)  # the time that a dry run tells
            equal((p.returncode, said), (1, f"iomodels: cannot write to standard output: {reason}\n"),
                  f"status and message of {arguments}")
        p = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        equal(p.returncode, 0, f"status of {arguments} where all is well")


def on_a_terminal(b, **environment):
    """What a run writes to a terminal."""
    master, slave = pty.openpty()
    given = {k: v for k, v in b.environment().items() if k not in ("TERM", "NO_COLOR")}
    shutil.rmtree(b.out, ignore_errors=True)
    p = subprocess.Popen(b.command("run", b.scenario(connections="1", repetitions=1), "--out", b.out),
                         stdin=slave, stdout=slave, stderr=slave, env=dict(given, **environment))
    os.close(slave)
    text = b""
    try:
        while data := os.read(master, 65536):
            text += data
    except OSError:
        pass  # EIO: nobody holds the other end
    os.close(master)
    p.wait()
    expect(b"epoll-lt" in text, text)
    return text


def terminals(t):
    b = Bench(t)
    text = on_a_terminal(b, TERM="xterm")
    expect(b"\x1b[K" in text, "a terminal gets a line that is drawn over")
    expect(re.search(rb"\[1/[12]\] \d+:\d\d left  http epoll-lt", text), f"the time left: {text}")
    for environment in ({"TERM": "dumb"}, {}, {"TERM": "xterm", "NO_COLOR": "1"}):
        text = on_a_terminal(b, **environment)
        expect(b"\x1b" not in text and b"[1/" in text, f"{environment}: {text}")
    expect(b"\x1b[K" in on_a_terminal(b, TERM="xterm", NO_COLOR=""), "NO_COLOR is not set")


def short_help(t):
    for command in ((), *((c,) for c in COMMANDS)):
        outputs = [subprocess.run([ARGS.driver, *command, option], capture_output=True, text=True,
                                  check=False) for option in ("-h", "--help")]
        equal([p.returncode for p in outputs], [0, 0], f"status of {command}")
        expect(outputs[0].stdout == outputs[1].stdout and outputs[0].stdout.startswith("Usage: "),
               outputs[0].stdout)


def numbers_agree(t):
    """One is one, not "1 points"."""
    b = Bench(t, fakes=("small",), pictures=True)
    out, err = b.measure(b.scenario(connections="1", repetitions=1), "--out", b.out)
    expect(re.search(r"\(\d points, 1 repetition[,)]", err), err)
    with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
        page = f.read()
    b.believe()
    again, err2 = b.measure("--resume", b.out)
    texts = {"output": out + again, "messages": err + err2, "report": page}
    if shutil.which("gnuplot"):
        with open(os.path.join(b.out, "plots", "latency_distribution_http.svg"), encoding="utf-8") as f:
            texts["picture"] = f.read()
    for where, text in texts.items():
        nouns = re.findall(r"(?<![\d.,])1 (?:trial|point|repetition|connection|request|CPU|process)e?s\b",
                           text)
        equal(nouns, [], where)
    out, _ = b.call("list")
    expect("[at most 2 connections]" in out, out)


def without_cairo(t):
    """A gnuplot that can draw no PNG draws the SVGs, and a PNG of an earlier time does not stay."""
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t, models=(), pictures=True)
    place = MadeRun(b, "run", lambda *at: 1e5).dir
    scripts = os.path.join(b.dir, "scripts")
    shutil.copytree(SCRIPTS, scripts)
    for name in os.listdir(scripts):
        with open(os.path.join(scripts, name), encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(scripts, name), "w", encoding="utf-8") as f:
            f.write(text.replace("pngcairo", "pngmissing"))
    os.mkdir(os.path.join(place, "plots"))
    with open(os.path.join(place, "plots", "throughput_http.png"), "wb") as f:
        f.write(b"of an earlier time")
    _, err = b.call("plot", place, "--scripts", scripts)
    equal(err, "iomodels: no PNG: this gnuplot has no terminal pngmissing; the SVGs are there\n",
          "what is said")
    kinds = [name.rpartition(".")[2] for name in os.listdir(os.path.join(place, "plots"))]
    equal((kinds.count("svg"), kinds.count("png")), (8, 0), "pictures")


def half_a_picture(t):
    """gnuplot does not notice that the disk is full."""
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t, models=())
    place, programs = copy_of_reference(b, "copy"), os.path.join(b.dir, "programs")
    os.mkdir(programs)
    fake = os.path.join(programs, "gnuplot")
    program.write(fake, f"#!{sys.executable}\nimport glob, os, subprocess, sys\n"
                  f"subprocess.run([{shutil.which('gnuplot')!r}, *sys.argv[1:]])\n"
                  "for name in glob.glob('plots/*.svg'):\n"
                  "    os.truncate(name, os.path.getsize(name) - 100)\n")
    _, err = b.call("plot", place, status=1,
                    env={"PATH": programs + os.pathsep + os.environ["PATH"]})
    equal(err, f"iomodels: gnuplot did not write the whole of {place}/plots/overview_http.svg\n",
          "what is said")


def tracing_unreadable(t):
    """Counting system calls needs a file that can be there and closed to users."""
    tracing = "/sys/kernel/tracing"
    if os.geteuid() != 0 or not shutil.which("setpriv") or not os.path.isdir(tracing):
        raise tap.Skip("needs root, setpriv and tracefs")
    if not os.listdir(tracing) or stat.S_IMODE(os.stat(tracing).st_mode) & 0o007:
        raise tap.Skip("tracefs is not mounted, or open to all")
    b = Bench(t)
    os.chmod(b.dir, 0o777)
    scenario = b.scenario(connections="1", repetitions=1)
    p = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                        "--inh-caps", "+perfmon", "--ambient-caps", "+perfmon",
                        *b.command("run", scenario, "--out", b.out)], env=b.environment(),
                       capture_output=True, text=True, check=False)
    line = next((x for x in p.stderr.splitlines() if x.startswith("perf on this machine: ")), None)
    if line is None or "no system calls" not in line:
        raise tap.Skip(f"no run as another user here: {line} {p.stderr[-200:]}")
    expect("/sys/kernel/tracing can be read by its owner alone" in line and "mounted" not in line, line)


TESTS = [
    ("a full disk and a closed output", full_disk, 60),
    ("terminals that take no escape sequences", terminals, 60),
    ("-h is --help", short_help, 60),
    ("one is not many", numbers_agree, 60),
    ("a gnuplot without pngcairo", without_cairo, 60),
    ("a picture that is cut off", half_a_picture, 60),
    ("a tracefs that only root can read", tracing_unreadable, 60),
]

"""Where the parts are, where runs go, and one run at a time in one place."""

import os
import shutil
import signal
import subprocess

import tap
from driver.bench import ARGS, ROOT, Bench, equal, expect
from driver.resume import begun
from lib import program

SOURCE = os.path.realpath(ROOT)


def build_directory():
    return os.path.dirname(os.path.dirname(os.path.realpath(ARGS.driver)))


def whole(p, out, err):
    """A run ended that measured all it was to measure, though perhaps on a busy machine."""
    expect(p.returncode in (0, 1) and "FAILED" not in err, f"status {p.returncode}\n{out}\n{err}")


def one_run_at_a_time(t):
    """A second run in the same directory, and one that goes on with it, are refused while the first
    goes on; the first is not harmed."""
    b = Bench(t)
    scenario = b.scenario(repetitions=3, connections="1", duration="2s")
    first = b.start("run", scenario, "--out", b.out)
    seen = begun(b, first, 1)
    first.send_signal(signal.SIGSTOP)  # it must not end before the others were tried
    for args in ((scenario, "--out", b.out), ("--resume", b.out)):
        _, err = b.call("run", *args, status=1)
        equal(err, f"iomodels: another run is going on in {b.out}\n", f"{args}")
    first.send_signal(signal.SIGCONT)
    out, err = first.communicate()
    whole(first, out, "".join(seen) + err)
    equal(sorted(int(r["trial"]) for r in b.rows()), list(range(1, len(b.rows()) + 1)), "trials")


def start_there(b, program, *args):
    return subprocess.Popen([program, *args], cwd=b.dir, env=b.environment(),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def at_rest(b, program, *args):
    """What a command prints that is started from another folder, with nobody to show a report."""
    bare = {"BROWSER": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    p = subprocess.run([program, *args], cwd=b.dir, env=b.environment(**bare),
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    equal(p.returncode, 0, f"status of {args}\n{p.stdout}{p.stderr}")
    return p.stdout


def other_commands_work(b, program, made, printed):
    """The commands that do not measure a scenario find their parts too. `printed`: by the runs."""
    run = os.path.join("results", made[0])
    report = os.path.join(b.dir, "results", made[-1], "report.html")
    os.utime(report, (2**31, 2**31))
    equal(at_rest(b, program, "open"), os.path.realpath(report) + "\n", "the newest report")
    text = at_rest(b, program, "report", "--text", run)
    expect(len(text) > 400 and text in printed, f"{text}\nis not in\n{printed}")
    equal(at_rest(b, program, "report", run), run + "/report.html\n", "the report that was made")
    equal(sorted(at_rest(b, program, "list", "--names", "runs").split()),
          sorted("results/" + name for name in made), "the runs")
    at_rest(b, program, "plot", run)
    expect("send" in at_rest(b, program, "machine", "--seconds", "0.05"), "no costs of a machine")
    out = at_rest(b, program, "duel", "epoll-lt", "epoll-lt", "--at", "http,1", "--budget", "1s")
    expect("epoll-lt" in out, out)


def installed(t):
    """What 'meson install' installs works by itself, wherever it is put later and wherever it is
    called from, and runs begun in one second have a folder each."""
    b = Bench(t)
    try:
        p = subprocess.run(["meson", "install", "-C", build_directory(), "--no-rebuild",
                            "--destdir", os.path.join(b.dir, "root")],
                           capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise tap.Skip("no meson here") from None
    equal(p.returncode, 0, p.stdout + p.stderr)
    os.rename(os.path.join(b.dir, "root"), os.path.join(b.dir, "moved"))
    place = next(folder for folder, _, names in os.walk(os.path.join(b.dir, "moved"))
                 if os.path.basename(folder) == "bin" and "iomodels" in names)
    program = os.path.join(place, "iomodels")
    expect(os.path.exists(os.path.join(place, "iomodels-load")), "no load generator")
    out = subprocess.run([program, "list"], capture_output=True, text=True, check=True).stdout
    for word in ("epoll-lt", "nginx", "quick"):
        expect(word in out, f"'{word}' is not in the list:\n{out}")

    scenario = b.scenario(repetitions=1, connections="1")
    runs = [start_there(b, program, "run", scenario, "--no-unit-costs", "--models",
                        "epoll-lt") for _ in range(3)]
    printed = ""
    for p in runs:
        out, err = p.communicate()
        whole(p, out, err)
        printed += out
    made = os.listdir(os.path.join(b.dir, "results"))
    equal(len(made), 3, f"folders for three runs: {made}")
    for name in made:
        place = os.path.join(b.dir, "results", name)
        numbers = [r["trial"] for r in b.rows(out=place)]
        equal(len(set(numbers)), len(numbers), f"trials of {name}")
        for kept in ("scenario.ini", "environment.json", "plots/throughput_http.svg"):
            expect(os.path.exists(os.path.join(place, kept)), f"no {kept} in {name}")
    other_commands_work(b, program, made, printed)


def moved_tree(t):
    """A copy of the tree uses its own scenarios and results, not those of the tree it came from."""
    b = Bench(t)
    build = build_directory()
    if not build.startswith(SOURCE + os.sep):
        raise tap.Skip("the build is not within the source tree")
    tree = os.path.join(b.dir, "copy")
    for part in ("bench/scenarios", "bench/external", "scripts/plots"):
        shutil.copytree(os.path.join(SOURCE, part), os.path.join(tree, part))
    copy = os.path.join(tree, os.path.relpath(build, SOURCE))
    for part in ("bench/iomodels", "loadgen/iomodels-load", "servers/epoll-lt"):
        os.makedirs(os.path.dirname(os.path.join(copy, part)))
        program.copy(os.path.join(build, part), os.path.join(copy, part))
    with open(os.path.join(tree, "bench/scenarios/own.ini"), "w", encoding="utf-8") as f:
        f.write("[scenario]\nname = own\n[sweep]\nprotocols = http\nconnections = 1\n"
                "repetitions = 1\nduration = 0.1s\n")
    p = start_there(b, os.path.join(copy, "bench/iomodels"), "run", "own", "--no-unit-costs")
    whole(p, *p.communicate())
    made = os.listdir(os.path.join(tree, "results"))
    equal(len(made), 1, "runs in the copy")
    expect(not any("own-" in name for name in os.listdir(os.path.join(SOURCE, "results"))),
           "a run in the tree that was copied")


TESTS = [
    ("one run at a time in one directory", one_run_at_a_time, 90),
    ("installed, and several runs in one second", installed, 120),
    ("a moved tree uses its own parts", moved_tree, 60),
]

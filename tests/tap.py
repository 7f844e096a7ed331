"""A small runner for tests that talk to servers; it prints TAP (the Test Anything Protocol).

    1..3
    ok 1 - a test that passed
    not ok 2 - a test that failed
    # server/echo.py:41: 12 bytes came back, 13 were sent
    ok 3 - a test that could not run # SKIP no IPv6 here

Tests run side by side on a few threads, because most of them wait; results are printed in the
order of the list all the same. Each has a time limit, of a minute at the least and longer on a slow
machine (lib/machine.py): it ends what hangs, and judges no speed. What a test started is undone by the
functions it gave to defer(), also when it fails or runs out of time: the limit is enforced by
undoing, which closes the sockets and ends the servers that the test is waiting for.
"""

import fnmatch
import os
import signal
import sys
import threading
import time
import traceback

from lib import machine

TESTS_DIR = os.path.dirname(os.path.abspath(__file__))


class Skip(Exception):
    """Raised by a test that cannot run here; the message says why."""


class T:
    """What a running test is given."""

    def __init__(self, name):
        self.name = name
        self.notes = []
        self._undo = []
        self._lock = threading.Lock()
        self._over = False

    def note(self, text):
        """A line of diagnostics, printed if the test fails."""
        self.notes.append(str(text))

    def defer(self, function):
        """Have `function` called when the test is over, last come first served."""
        with self._lock:
            if not self._over:
                self._undo.append(function)
                return
        function()

    def ends(self, process):
        """Have `process`, a subprocess.Popen, killed and waited for when the test is over. One step: where
        the test is over already, a wait that came by itself would be for a process that nobody kills."""
        self.defer(lambda: (process.kill(), process.wait()))

    def finish(self):
        with self._lock:
            self._over = True
            undo, self._undo = self._undo, []
        for function in reversed(undo):
            try:
                function()
            except Exception as e:  # a failing clean-up must not keep the next one from running
                self.note(f"clean-up: {e!r}")


class Test:
    """A name, a function that takes a T, and a limit in seconds on a usual machine. A test that is `last` runs alone,
    after all the others."""

    def __init__(self, name, function, limit=machine.HANG, last=False):
        self.name, self.function, self.last = name, function, last
        self.limit = max(limit, machine.HANG)
        self.outcome = None
        self.notes = []
        self.seconds = 0.0
        self.done = threading.Event()


def describe(error):
    """Where in the tests an exception comes from, and what it says."""
    frames = [f for f in traceback.extract_tb(error.__traceback__)
              if os.path.abspath(f.filename).startswith(TESTS_DIR)
              and os.path.basename(f.filename) not in ("tap.py", "suite.py")]
    where = " < ".join(f"{os.path.relpath(f.filename, TESTS_DIR)}:{f.lineno}"
                       for f in reversed(frames[-5:]))
    what = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
    if not str(error) and frames:
        what = f"{type(error).__name__}: {frames[-1].line}"
    return f"{where}: {what}"


def has(name, patterns):
    """Whether one of `patterns` is in a name (* and ? as in a shell)."""
    return any(fnmatch.fnmatch(name, f"*{p}*") for p in patterns)


def add_only(parser):
    parser.add_argument("--only", metavar="PATTERN", action="append",
                        help="run the tests whose name has PATTERN in it (* and ? as in a shell)")


def only(tests, patterns):
    """The tests that --only names; those that are `last` always. Where --only names none the program
    ends: nothing tested is no success."""
    if not patterns:
        return tests
    if not any(has(t.name, patterns) for t in tests):
        text = "' or '".join(patterns)
        sys.exit(f"--only: no test has '{text}' in its name")
    return [t for t in tests if t.last or has(t.name, patterns)]


class Running:
    """The tests that run now."""

    def __init__(self):
        self._threads = {}
        self._lock = threading.Lock()
        self._over = False

    def begin(self, t, thread):
        """Start the thread of a test; False where no test may begin any more."""
        with self._lock:
            if not self._over:
                self._threads[t] = thread
                thread.start()
            return not self._over

    def end(self, t):
        with self._lock:
            del self._threads[t]

    def stop(self):
        """No test begins any more. Those that run lose what they started, and so they end."""
        with self._lock:
            self._over = True
            threads = dict(self._threads)
        for t in threads:
            t.finish()
        for thread in threads.values():
            thread.join(machine.hang())


def run_one(test, running):
    t = T(test.name)
    result = {}

    def body():
        try:
            test.function(t)
            result["outcome"] = "ok"
        except Skip as e:
            result["outcome"] = f"skip {e}"
        except BaseException as e:
            result.setdefault("outcome", "not ok")
            t.note(describe(e))

    begin = time.monotonic()
    limit = test.limit * machine.factor()
    thread = threading.Thread(target=body, daemon=True)
    if not running.begin(t, thread):
        return
    thread.join(limit)
    if thread.is_alive():
        result["outcome"] = "not ok"
        t.note(f"not finished after {limit:g} s")
    t.finish()
    thread.join(machine.hang())
    running.end(t)
    test.seconds = time.monotonic() - begin
    test.outcome, test.notes = result.get("outcome", "not ok"), t.notes
    test.done.set()


def report(number, test, out, verbose):
    word = "not ok" if test.outcome == "not ok" else "ok"
    skipped = f" # SKIP {test.outcome[5:]}" if test.outcome.startswith("skip ") else ""
    print(f"{word} {number} - {test.name}{skipped}", file=out)
    if verbose:
        print(f"# {test.seconds:.2f} s", file=out)
    if word == "not ok":
        for note in test.notes:
            for line in note.splitlines():
                print(f"# {line}", file=out)
    out.flush()


def run(tests, jobs=8, out=sys.stdout, verbose=False):
    """Run the tests; the number of those that failed. Where SIGTERM or SIGINT ends that, the tests
    that run are ended first, with all that they started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    running = Running()
    try:
        return run_all(tests, jobs, out, verbose, running)
    finally:
        running.stop()


def run_all(tests, jobs, out, verbose, running):
    print(f"1..{len(tests)}", file=out)
    print(f"# {machine.told()}", file=out, flush=True)
    early = [t for t in tests if not t.last]
    # Long limits first: what takes longest must not be what everything else waits for.
    queue = sorted(early, key=lambda t: -t.limit)
    lock = threading.Lock()

    def worker():
        while True:
            with lock:
                if not queue:
                    return
                test = queue.pop(0)
            run_one(test, running)

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for number, test in enumerate(early, 1):
        while not test.done.wait(1.0):  # a wait with a limit lets signals in
            pass
        report(number, test, out, verbose)
    for number, test in enumerate((t for t in tests if t.last), len(early) + 1):
        run_one(test, running)
        report(number, test, out, verbose)

    if verbose:
        slowest = sorted(tests, key=lambda t: -t.seconds)[:10]
        print("# slowest: " + ", ".join(f"{t.name} {t.seconds:.1f} s" for t in slowest), file=out)
    failed = sum(t.outcome == "not ok" for t in tests)
    skipped = sum(t.outcome.startswith("skip ") for t in tests)
    print(f"# {len(tests) - failed - skipped} passed, {failed} failed, {skipped} skipped",
          file=out, flush=True)
    return failed

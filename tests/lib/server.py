"""A server under test: started, known to be ready, watched, stopped, and never left behind."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from lib import machine
from lib.wire import ready as readable

TRANSPORTS = ("tcp4", "tcp6", "unix", "abstract")
SOME_ADDRESS = {"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0", "unix": "unix:/nonexistent/socket",
                "abstract": "unix:@iomodels"}
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
SANITIZER_MARKS = (b"AddressSanitizer", b"LeakSanitizer", b"runtime error:", b"ThreadSanitizer")
COUNTERS = ("accepted", "closed", "refused", "requests", "bytes_in", "bytes_out", "wakeups",
            "events", "max_events", "eagain", "accept_errors", "timeouts", "unaccepted",
            "accept_bursts", "max_in_service", "wait_targets",
            "aborted", "user_us", "system_us", "voluntary_switches", "involuntary_switches",
            "minor_faults", "max_rss_kib")

_live = set()
_names = iter(range(1 << 30))
_lock = threading.Lock()


def session_members(session):
    """The processes (zombies left out) of a session: a server and all that descends from it."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as f:
                stat = f.read()
        except OSError:
            continue
        fields = stat[stat.rindex(b")") + 2:].split()
        if int(fields[3]) == session and fields[0] not in (b"Z", b"X"):
            found.append((int(name), fields))
    return found


def descendants(pid):
    """This process and its descendants, found from parent to child: without a look at each process
    of the machine, but one whose parent has died is not found. A server forks in its first thread."""
    found, more = [], [pid]
    while more:
        pid = more.pop()
        found.append(pid)
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            more += map(int, f.read().split())
    return found


def kill_all():
    """End every server that is still there."""
    with _lock:
        servers = list(_live)
    for server in servers:
        server.kill()


class Server:
    """One server process. `address` is the one it says it listens on.

    `arguments` follow --listen, --protocol and --ready-fd. `nofile` is its limit of descriptors.
    `wrap` is a command that ends by running the rest of its own command line, in its own process.
    `addresses` are all that it says it listens on, `address` the first of them."""

    def __init__(self, program, transport="tcp4", protocol="http", arguments=(), nofile=None,
                 listen=None, patience=None, wrap=()):
        self.patience = patience or machine.hang()
        self.transport = transport
        self.status = None
        self.final = None
        # ThreadSanitizer keeps a signal that comes on the way into accept() until the server next
        # leaves that call, which may be never.
        self.loses_signals = False
        self._text = b""
        self._killed = False
        self._dir = tempfile.mkdtemp(prefix="iomodels-")
        listen = listen or {"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0",
                            "unix": f"unix:{self._dir}/socket",
                            "abstract": f"unix:@iomodels-{os.getpid()}-{next(_names)}"}[transport]
        self._errors = open(f"{self._dir}/stderr", "w+b")
        ready, give = os.pipe()
        command = [program, "--listen", listen, "--protocol", protocol, "--ready-fd", str(give),
                   *arguments]
        if nofile:
            command = ["/bin/sh", "-c", 'ulimit -n "$0" && exec "$@"', str(nofile)] + command
        command = [*wrap, *command]
        try:
            # A session of its own: its number finds every descendant, also an orphan.
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=self._errors,
                                            pass_fds=[give], start_new_session=True)
        finally:
            os.close(give)
        self.pid = self.process.pid
        with _lock:
            _live.add(self)
        try:
            self.ready_text = self._read_ready(ready)
        except BaseException:
            self.kill()
            raise
        finally:
            os.close(ready)
        self.addresses = self.ready_text.splitlines()
        self.address = self.addresses[0]

    def _read_ready(self, fd):
        """All that comes on the ready descriptor until the server closes it."""
        text = b""
        deadline = time.monotonic() + self.patience
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not readable(fd, left)[0]:
                raise AssertionError(f"server not ready after {self.patience:g} s, "
                                     f"ready descriptor: {text!r}; {self.errors()}")
            data = os.read(fd, 4096)
            if not data:
                break
            text += data
        assert text.endswith(b"\n"), f"server ended before it was ready: {self.errors()}"
        return text.decode()

    def errors(self):
        """What it wrote to standard error, the end of it."""
        try:
            with open(f"{self._dir}/stderr", "rb") as f:
                return f.read()[-3000:].decode("utf-8", "replace")
        except OSError:
            return ""

    def sanitizer_report(self):
        if self._killed:
            return None
        with open(f"{self._dir}/stderr", "rb") as f:
            text = f.read()
        return text[:4000].decode("utf-8", "replace") \
            if any(m in text for m in SANITIZER_MARKS) else None

    def line(self):
        """The next line on its standard output, None at the end of it."""
        fd = self.process.stdout.fileno()
        deadline = time.monotonic() + self.patience
        while b"\n" not in self._text:
            left = deadline - time.monotonic()
            assert left > 0 and readable(fd, left)[0], \
                f"no line on standard output after {self.patience:g} s"
            data = os.read(fd, 65536)
            if not data:
                assert not self._text, f"half a line on standard output: {self._text!r}"
                return None
            self._text += data
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()

    def counters(self):
        """The counters line that answers a SIGUSR1 sent before."""
        while True:
            line = self.line()
            assert line is not None, "no counters line"
            if line.startswith("{"):
                break
        found = json.loads(line)
        for name in COUNTERS:
            assert isinstance(found.get(name), int) and found[name] >= 0, \
                f"counter {name} is {found.get(name)!r}"
        return found

    def ask_counters(self):
        """The counters as they stand, by SIGUSR1."""
        self.send_signal(signal.SIGUSR1)
        return self.counters()

    def until_counters(self, true, what):
        """Ask for counters until `true(counters)`: a server may count just after it answered."""
        deadline = time.monotonic() + self.patience
        while True:
            found = self.ask_counters()
            if true(found):
                return found
            assert time.monotonic() < deadline, f"{what}: {found}"
            time.sleep(0.01)

    def send_signal(self, number):
        if self.loses_signals and number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            self._comes_to_rest(0.3)  # not judged: one that is busy is in no accept()
        self.process.send_signal(number)

    def alive(self):
        return self.process.poll() is None

    def wait(self, seconds=None):
        """Its exit status, once it ended."""
        try:
            self.status = self.process.wait(seconds or self.patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running {seconds or self.patience:g} s later") from None
        return self.status

    def stop(self, number=signal.SIGTERM, seconds=None):
        """Stop it as its user would, then as finished()."""
        self.send_signal(number)
        return self.finished(seconds)

    def finished(self, seconds=None):
        """Wait for its end, check that the exit was clean, return the counters printed then."""
        self.wait(seconds)
        assert self.status == 0, f"exit status {self.status}: {self.errors()}"
        for line in iter(self.line, None):
            if line.startswith("{"):
                self.final = json.loads(line)
        assert self.final, "no counters at the exit"
        report = self.sanitizer_report()
        assert not report, report
        self.nothing_left()
        assert self.final["accepted"] == self.final["closed"] + self.final["aborted"], \
            f"connections unaccounted for at the exit: {self.final}"
        return self.final

    def nothing_left(self):
        """Check that no process of it is there any more, or will not be in a moment."""
        deadline = time.monotonic() + self.patience
        while session_members(self.pid):
            assert time.monotonic() < deadline, \
                f"left behind: processes {[pid for pid, _ in session_members(self.pid)]}"
            time.sleep(0.01)

    def kill(self):
        """End it and all its descendants, and remove its directory."""
        with _lock:
            _live.discard(self)
        if self._killed:
            return
        self._killed = True
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self._errors.close()
        shutil.rmtree(self._dir, ignore_errors=True)

    def resident(self):
        """Resident memory of the whole process tree, in bytes."""
        return sum(int(fields[21]) for _, fields in session_members(self.pid)) * PAGE

    def settled_resident(self):
        """The same, once it grows no more: processes just started touch pages for a while."""
        before, deadline = -1, time.monotonic() + self.patience
        while True:
            now = self.resident()
            if now == before or time.monotonic() > deadline:
                return now
            before = now
            time.sleep(0.05)

    def _asleep(self):
        """How often each of its threads has left a CPU, or None while one is at work or about to be:
        one that has not had a CPU yet counts as running, and one with a signal to handle too. One
        that SIGSTOP stopped is at rest."""
        switches = {}
        try:
            for pid in descendants(self.pid):
                for thread in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{thread}/status") as f:
                        said = dict(line.split(":", 1) for line in f)
                    pending = int(said["SigPnd"], 16) | int(said["ShdPnd"], 16)
                    if said["State"].split()[0] not in "ST" or pending & ~int(said["SigBlk"], 16):
                        return None
                    switches[pid, thread] = (int(said["voluntary_ctxt_switches"]),
                                             int(said["nonvoluntary_ctxt_switches"]))
        except OSError:
            return None  # one has just ended
        return switches

    def until_asleep(self):
        """Wait until it has done all that it can do now: until all its threads sleep at one time,
        because each sleeps when it is looked at and has not woken when it is looked at again; or
        until it has ended."""
        assert self._comes_to_rest(self.patience), f"not at rest after {self.patience:g} s"

    def _comes_to_rest(self, seconds):
        """The same, as a question: False where it takes longer."""
        deadline = time.monotonic() + seconds
        while True:
            before = self._asleep()
            if before is not None and before == self._asleep() or not self.alive():
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.002)

    def stand_still(self):
        """Stop all its processes with SIGSTOP, and return when they have stopped."""
        os.killpg(self.pid, signal.SIGSTOP)
        deadline = time.monotonic() + self.patience
        while any(fields[0] != b"T" for _, fields in session_members(self.pid)):
            assert time.monotonic() < deadline, f"not stopped after {self.patience:g} s"
            time.sleep(0.002)

    def go_on(self):
        os.killpg(self.pid, signal.SIGCONT)

    def until_used(self, seconds):
        """Wait until it has used so much more CPU time, or has ended."""
        before, deadline = self.cpu_seconds(), time.monotonic() + self.patience
        while self.alive() and self.cpu_seconds() < before + seconds:
            assert time.monotonic() < deadline, f"no CPU used in {self.patience:g} s"
            time.sleep(0.005)

    def times_slept(self):
        """How often all the threads alive now have left a CPU of themselves."""
        while True:
            switches = self._asleep()
            assert self.alive(), f"it has ended: {self.errors()}"
            if switches is not None:
                return sum(voluntary for voluntary, _ in switches.values())

    def cpu_seconds(self):
        """CPU time that the processes alive now have used."""
        return sum(int(f[11]) + int(f[12]) for _, f in session_members(self.pid)) / TICKS


class Pool:
    """Servers with the same options, lent to one test at a time: starting one for each of hundreds
    of cases would measure fork, not the server. One that a test failed on is not lent again.

    With `pause` a server that is not lent is stopped meanwhile: one that never waits would keep a
    CPU from the others."""

    def __init__(self, pause=False):
        self._pause = pause
        self._free = {}
        self._lock = threading.Lock()

    def lend(self, key, start):
        with self._lock:
            free = self._free.setdefault(key, [])
            if free:
                return self._woken(free.pop())
        return start()

    def _woken(self, server):
        if self._pause:
            server.send_signal(signal.SIGCONT)
        return server

    def give_back(self, key, server):
        if self._pause:
            server.send_signal(signal.SIGSTOP)
        with self._lock:
            self._free[key].append(server)

    def end_one(self):
        """End a server that is not lent; False where there is none."""
        with self._lock:
            server = next((self._woken(free.pop()) for free in self._free.values() if free), None)
        if server:
            server.stop()
            server.kill()
        return server is not None

    def drain(self):
        """All servers, none of which is lent any more."""
        with self._lock:
            servers = [self._woken(s) for free in self._free.values() for s in free]
            self._free.clear()
        return servers

"""What a check is given, and the list of all checks.

    @check("http", "keep-alive", on=("tcp4", "unix"))
    def keep_alive(s):
        with s.http() as c: ...

A check runs once for each transport in `on`; it is a function of a Subject, below. A check with a
`kind` can be left out with --without: what it checks is decided by code that all models share."""

import json
import resource
import socket
import subprocess
import time

import tap
from lib import machine, wire
from lib import server as servers

CHECKS = []
KINDS = ("options", "table", "table by bytes", "files")

# With a model's default of 64 workers it is the forks that a test of something else waits for.
FEW_WORKERS = 8


def described(program, *arguments):
    """What a server says of itself, run with these arguments."""
    r = subprocess.run([program, *arguments, "--describe"], capture_output=True, text=True,
                       timeout=machine.hang())
    if r.returncode != 0:
        raise RuntimeError(f"{program} --describe: status {r.returncode}: {r.stderr}")
    return json.loads(r.stdout)


class Settings:
    """The server program, the arguments it gets with every start, what it says of itself then
    (--describe), and how patient to be.

    `slow` multiplies every wait for an event, `sanitized` says that memory is not the server's own."""

    def __init__(self, program, slow=1.0, sanitized=False, arguments=()):
        self.program, self.slow, self.sanitized = program, slow, sanitized
        self.patience = machine.hang() * slow
        self.given = tuple(arguments)
        self.default = described(program, *arguments)
        few = (self.default["workers"] or 0) > FEW_WORKERS
        self.arguments = (*self.given, *(("--workers", str(FEW_WORKERS)) if few else ()))
        self.traits = described(program, *self.arguments)
        # What all rings of an ordinary user lock in memory together is little.
        self.locks_memory = self.traits["model"] == "io-uring" and machine.locks_little()
        self.pool = servers.Pool(pause=self.traits["model"] == "nonblocking")
        self._fit = {}

    def fit(self, transport):
        """The arguments with which the model works over `transport`; skips the test if there are
        none. Sockets of one port for several workers, for one, are TCP's alone."""
        if transport not in self._fit:
            self._fit[transport] = self._find_fit(servers.SOME_ADDRESS[transport])
        arguments, reason = self._fit[transport]
        if reason:
            raise tap.Skip(f"unsupported: {reason}")
        return arguments

    def _find_fit(self, listen):
        for arguments in (self.arguments, (*self.arguments, "--workers", "1")):
            if arguments == self.arguments or self.traits["workers"] is not None:
                tried = described(self.program, *arguments, "--listen", listen)
                reason = tried["unsupported"]
                if not reason:
                    break
        return arguments, reason


class Subject:
    """The server program under test, for one test and over one transport."""

    def __init__(self, t, settings, protocol, transport):
        self.t, self.settings = t, settings
        self.protocol, self.transport = protocol, transport
        self.program, self.traits = settings.program, settings.traits
        self.model = self.traits["model"]
        self.arguments = settings.fit(transport)
        self.patience = settings.patience
        self._lent = None

    @property
    def many(self):
        """Whether this model serves several connections at one time."""
        return self.traits["concurrency"] != 1

    def at_most(self, count):
        """So many connections at one time, or fewer where the model serves no more."""
        return min(count, self.traits["concurrency"] or count)

    @property
    def sanitized(self):
        return self.settings.sanitized

    def skip(self, reason):
        raise tap.Skip(reason)

    def needs_many(self):
        if not self.many:
            self.skip("serves one connection at a time")

    def needs_descriptors(self, count):
        """For the test and for its server, each."""
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if allowed < count:
            self.skip(f"needs {count} descriptors, {allowed} are allowed here")

    def until_asleep(self, server):
        """Wait until the server has done all that it can do now."""
        if self.model == "nonblocking":  # which never sleeps: some milliseconds around its loop
            server.until_used(0.02)
        else:
            server.until_asleep()

    def rests(self, counter, most):
        """A server with one idle connection counts no more than `most` in half a second: to ask for
        the counters is a signal too, and ends a wait. Returns the connection."""
        server = self.start()
        c = self.http(server)
        assert c.ask("/").status == 200
        before = server.ask_counters()[counter]
        time.sleep(0.5)
        more = server.ask_counters()[counter] - before
        assert more <= most, f"{more} {counter} at rest"
        return c

    def until_read(self, server, c):
        """Wait until the server has read what was sent on `c` and has done what it can with that.
        The kernel alone does not tell: what the server has taken from the socket it may not have
        looked at yet, and until then a signal finds the connection idle."""
        assert c.consumed(), "the server did not read what was sent"
        self.until_asleep(server)

    def start(self, *arguments, transport=None, protocol=None, nofile=None, listen=None,
              wrap=()):
        """A server of this test's own; it is killed when the test is over."""
        server = self._launch(transport or self.transport, protocol or self.protocol,
                              (*self.settings.fit(transport or self.transport), *arguments),
                              nofile, listen, wrap)
        self.t.defer(lambda: self._end(server))
        return server

    def _launch(self, transport, protocol, arguments, nofile=None, listen=None, wrap=()):
        """What an ordinary user may lock in memory, for one, is a limit on all processes of that user
        (RLIMIT_MEMLOCK): then another server has to end first."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                server = servers.Server(self.program, transport, protocol, arguments, nofile, listen,
                                        self.patience, wrap)
                server.loses_signals = self.sanitized and self.model != "nonblocking"
                return server
            except AssertionError as e:
                if "Cannot allocate memory" not in str(e) or time.monotonic() > deadline:
                    raise
            if not self.settings.pool.end_one():
                time.sleep(0.05)

    def _end(self, server):
        report = server.sanitizer_report()
        if report:
            self.t.note(report)
        server.kill()

    def server(self):
        """A server with nothing but the defaults, lent to this test alone."""
        if not self._lent:
            key = (self.protocol, self.transport)
            self._lent = self.settings.pool.lend(
                key, lambda: self._launch(self.transport, self.protocol, self.arguments))
            self.t.defer(lambda: self._lent and self._lent.kill())
        return self._lent

    def give_back(self):
        """The test passed: its server may serve the next one."""
        lent, self._lent = self._lent, None
        if lent:
            assert lent.alive(), f"the server ended: {lent.errors()}"
            self.settings.pool.give_back((self.protocol, self.transport), lent)

    def connect(self, server=None, **options):
        return self._open(wire.Conn, server, options)

    def http(self, server=None, **options):
        return self._open(wire.Http, server, options)

    def _open(self, kind, server, options):
        address = (server or self.server()).address
        options.setdefault("patience", self.patience)
        connection = kind(address, **options)
        self.t.defer(connection.close)
        return connection


def check(protocol, name, on=("tcp4",), limit=machine.HANG, kind=None, last=False, models=None):
    """Register a check of `protocol` ("http", "echo", or "" for what concerns neither) over each
    transport in `on`; of all models, or of those named. `limit` is how long one wait of it may last
    on a usual machine before it has failed."""
    assert kind is None or kind in KINDS, kind

    def register(function):
        for transport in on:
            CHECKS.append((protocol, name, transport, function, limit, kind, last, models))
        return function
    return register


def have_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def tests(settings, without=()):
    """All registered checks as tests of the runner, but for those of a kind, or over a transport, in
    `without`."""
    ipv6 = have_ipv6()

    def make(protocol, transport, function):
        def run(t):
            if transport == "tcp6" and not ipv6:
                raise tap.Skip("no IPv6 here")
            subject = Subject(t, settings, protocol or "http", transport)
            function(subject)
            subject.give_back()
        return run

    model = settings.traits["model"]
    # Twice the wait for one event: such a wait says what it waited for, the runner does not.
    return [tap.Test(f"{model} {protocol or 'server'}/{transport}: {name}",
                     make(protocol, transport, function),
                     2 * max(limit, machine.HANG) * settings.slow, last)
            for protocol, name, transport, function, limit, kind, last, models in CHECKS
            if (models is None or model in models)
            and kind not in without and transport not in without]

"""What cannot be begun: wrong command lines, servers that are not there, limits."""

import json
import os
import re
import resource
import shutil
import socket
import subprocess
import tempfile

from load.run import (PATIENT, Run, consistent, hang, load, named, stub_for,
                      reference_for, series_sum, settings, skip, steady, until)


def one_line(run, *parts):
    assert run.json is None
    assert len(run.err.splitlines()) == 1, run.err
    for part in parts:
        assert part in run.err, f"'{part}' is not in: {run.err}"
    assert re.match(r"[\w.-]+: ", run.err)


def nobody_listens(t):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets the port
        address = "127.0.0.1:%d" % s.getsockname()[1]
        one_line(load(t, f"http://{address}/", status=1), address, "Connection refused")
    one_line(load(t, "echo+unix:///nonexistent/socket", status=1), "/nonexistent/socket",
             "No such file")
    one_line(load(t, "echo+unix://@nobody-has-this-name", status=1), "@nobody-has-this-name",
             "refused")


def never_accepts(t):
    """A full listen queue: SYNs are dropped, and the attempt is given up in bounded time."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fill = [socket.socket() for _ in range(4)]
        try:
            for s in fill:
                s.setblocking(False)
                s.connect_ex(listener.getsockname())
            run = load(t, "-c", "1", "http://127.0.0.1:%d/" % listener.getsockname()[1], status=1)
            one_line(run, "127.0.0.1", "no connection in time", "listen queue is full")
        finally:
            for s in fill:
                s.close()


def never_accepts_unix(t):
    directory = tempfile.mkdtemp(prefix="iomodels-load-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first, \
            socket.socket(socket.AF_UNIX) as second:
        listener.bind(directory + "/s")
        listener.listen(0)
        first.connect(directory + "/s")
        second.setblocking(False)
        second.connect_ex(directory + "/s")
        run = load(t, "-c", "1", f"http+unix://{directory}/s", status=1)
        one_line(run, directory, "cannot connect", "the listen queue is full")


def unix_queue_drains(t):
    """More connections than a Unix-domain socket's queue holds: tried again until they are in."""
    def check():
        stub = stub_for(t, family="unix")
        stub._listener.listen(1)
        j = load(t, "-c", "32", "-n", "64", stub.url, status=None).json
        assert j["connected"] == 32 and j["outcomes"]["ok"] == 64, j["verdict_reason"]
    steady(t, 0.05, check)  # the generator does not try for ever


def limit(soft, hard):
    """Descriptors for what is started."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if 0 <= most < hard:
        skip(f"this user may have {most} descriptors, not {hard}")
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def descriptor_limits(t):
    server = reference_for(t)
    run = load(t, "-c", "200", "-n", "200", server.url, preexec=limit(64, 1024))
    assert run.json["connected"] == 200 and run.json["outcomes"]["ok"] == 200
    run = load(t, "-c", "2000", server.url, preexec=limit(64, 1024), status=1)
    one_line(run, "2000 connections", "1024")
    run = load(t, "-c", "2", "--idle", "3000", server.url, preexec=limit(64, 1024), status=1)
    one_line(run, "3002 connections", "1024")


def null_needs_no_descriptors(t):
    j = load(t, "--null", "-c", "2000", "-n", "4000", preexec=limit(64, 64)).json
    assert j["connected"] == 2000 and j["outcomes"]["ok"] == 4000, j["outcomes"]


def inherited_descriptors(t):
    """Descriptors that the generator inherits count as well."""
    stub = stub_for(t)
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(100)]
    t.defer(lambda: [os.close(fd) for fd in fds])
    j = load(t, "-c", "40", "-n", "80", stub.url, preexec=limit(120, 1024), pass_fds=fds).json
    assert j["connected"] == 40 and j["outcomes"]["ok"] == 80, j["outcomes"]


def descriptors_run_out(t):
    """In mid-run: what was measured is kept, and the rest told as what it is."""
    stub = stub_for(t, "close-after")
    directory = tempfile.TemporaryDirectory(prefix="load-descriptors-")
    t.defer(directory.cleanup)
    rows = directory.name + "/x.csv"
    run = Run(t, "-d", "10h", "-c", "2", "--json", "-", "--interval", "10ms", "--csv", rows,
              stub.url, json_file=False)
    until(lambda: stub.requests >= 20, "20 requests", run.process)
    resource.prlimit(run.process.pid, resource.RLIMIT_NOFILE, (5, 5))
    until(lambda: series_sum(rows, "refused") > 0, "there is none left", run.process)
    assert run.interrupt() == 0, run.err
    j = json.loads(run.out)
    consistent(j)
    assert j["outcomes"]["ok"] >= 18 and j["outcomes"]["refused"] > 0, j["outcomes"]
    assert j["reasons"]["refused"] == "Too many open files", j["reasons"]


USAGE = [
    ([], "no URL"),
    (["http://127.0.0.1:1/", "http://127.0.0.1:2/"], "http://127.0.0.1:2/"),
    (["http://127.0.0.1:1/", "echo://127.0.0.1:1"], "echo://127.0.0.1:1"),
    (["echo://127.0.0.1:1", "echo://127.0.0.1:1"], "one URL"),
    (["http://127.0.0.1:1/@0", "http://127.0.0.1:1/"], "weight"),
    (["http://127.0.0.1:1/", "http://127.0.0.1:1/@1000001"], "weight"),
    (["--nonsense", "http://127.0.0.1:1/"], "--nonsense"),
    (["-c"], "-c needs a value"),
    (["-c", "0", "http://127.0.0.1:1/"], "--connections"),
    (["-c", "1x", "http://127.0.0.1:1/"], "1x"),
    (["-t", "3", "-c", "2", "http://127.0.0.1:1/"], "3 threads for 2 connections"),
    (["-t", "0", "http://127.0.0.1:1/"], "--threads"),
    (["--engine", "kqueue", "http://127.0.0.1:1/"], "kqueue"),
    (["-R", "10.1M", "http://127.0.0.1:1/"], "10M"),
    (["-R", "20.1M", "-t", "2", "http://127.0.0.1:1/"], "20.1M a second from 2 threads"),
    (["-R", "1001M", "http://127.0.0.1:1/"], "1001M"),
    (["-d", "0s", "http://127.0.0.1:1/"], "--duration"),
    (["-d", "1y", "http://127.0.0.1:1/"], "1y"),
    (["-n", "0", "http://127.0.0.1:1/"], "--requests"),
    (["--warmup", "-1s", "http://127.0.0.1:1/"], "--warmup"),
    (["--timeout", "0", "http://127.0.0.1:1/"], "--timeout"),
    (["--payload", "0", "echo://127.0.0.1:1"], "--payload"),
    (["--payload", "17M", "echo://127.0.0.1:1"], "17M"),
    (["--interval", "1ms", "--csv", "/tmp/x", "http://127.0.0.1:1/"], "10 ms"),
    (["--interval", "1s", "http://127.0.0.1:1/"], "--csv"),
    (["--csv", "/tmp/x", "http://127.0.0.1:1/"], "--interval"),
    (["--hgrm", "-", "http://127.0.0.1:1/"], "--hgrm"),
    (["--interval", "1s", "--csv", "-", "http://127.0.0.1:1/"], "--csv"),
    (["--hgrm", "/tmp/x", "--json", "/tmp/x", "http://127.0.0.1:1/"], "both"),
    (["--csv", "/tmp/x", "--interval", "1s", "--hgrm", "/tmp/x", "http://127.0.0.1:1/"], "both"),
    (["--ramp", "0", "http://127.0.0.1:1/"], "--ramp"),
    (["--idle", "x", "http://127.0.0.1:1/"], "--idle"),
    (["--body", "/tmp/x", "echo://127.0.0.1:1"], "--body"),
    (["--null", "--idle", "1"], "--null"),
    (["--seed", "-1", "http://127.0.0.1:1/"], "--seed"),
    (["-H", "no colon", "http://127.0.0.1:1/"], "no colon"),
    (["-H", "a b: c", "http://127.0.0.1:1/"], "a b: c"),
    (["-H", "A: b\r\nC: d", "http://127.0.0.1:1/"], "control character"),
    (["-H", "Content-Length: 1", "http://127.0.0.1:1/"], "Content-Length"),
    (["-H", "A: b", "echo://127.0.0.1:1"], "--header"),
    (["--method", "", "http://127.0.0.1:1/"], "--method"),
    (["--method", "A B", "http://127.0.0.1:1/"], "0x20"),
    (["--method", "A\r\nB", "http://127.0.0.1:1/"], "--method"),
    (["--method", "CONNECT", "http://127.0.0.1:1/"], "CONNECT"),
    (["--method", "PUT", "echo://127.0.0.1:1"], "--method"),
    (["--data", "x", "echo://127.0.0.1:1"], "--data"),
    (["--method", "TRACE", "--data", "x", "http://127.0.0.1:1/"], "TRACE"),
    (["--method", "HEAD", "--body", "/dev/null", "http://127.0.0.1:1/"], "--body"),
    (["--data", "@-", "--hold", "http://127.0.0.1:1/"], "--hold"),
    (["--events-fd", "99", "http://127.0.0.1:1/"], "99"),
    (["127.0.0.1:80"], "127.0.0.1:80"),
    (["https://127.0.0.1/"], "TLS"),
    (["http://127.0.0.1:99999/"], "99999"),
    (["echo://127.0.0.1"], "port"),
    (["http://127.0.0.1/a b"], "0x20"),
]


def usage_errors(t):
    for arguments, part in USAGE:
        run = Run(t, *arguments, json_file=False)
        assert run.finish() == 2, f"{arguments}: exit status {run.status}"
        lines = run.err.splitlines()
        assert len(lines) == 2 and part in lines[0], f"{arguments}: {run.err}"
        assert "--help" in lines[1] and run.out == "", f"{arguments}: {run.err}"


def long_names(t):
    """The options that the other tests give by their letters."""
    stub = stub_for(t)
    j = load(t, "--connections", "3", "--threads", "2", "--requests", "7", stub.url).json
    assert (j["connections"], j["threads"], j["requests"], j["mode"]) == (3, 2, 7, "closed"), j
    assert stub.accepted == 3 and stub.requests == 7
    run = Run(t, "--rate", "200", "--duration", "150ms", stub_for(t).url)
    assert run.finish() in (0, 3), run.err
    assert run.json["rate_asked"] == 200 and run.json["scheduled"] == 30
    assert run.json["window_ns"] == 150_000_000


def told_before_the_run(t):
    """What cannot be written in the end is told before anything is asked of the server, and the
    check leaves nothing behind and takes nothing away."""
    directory = tempfile.mkdtemp(prefix="iomodels-load-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    for option in ("--json", "--hgrm", "--csv"):
        for path in ("/nonexistent/x", directory):
            stub = stub_for(t)
            more = ["--interval", "1s"] if option == "--csv" else []
            run = load(t, "-n", "1", "-c", "1", option, path, *more, stub.url, status=1,
                       json_file=False)
            one_line(run, path, "cannot write")
            assert stub.accepted == 0 and run.out == "", option
    with open(directory + "/old", "w") as f:
        f.write("what was there")
    load(t, "--json", directory + "/old", "--hgrm", directory + "/new", "-c", "1",
         "echo+unix:///nonexistent/socket", status=1, json_file=False)
    with open(directory + "/old") as f:
        assert f.read() == "what was there"
    assert os.listdir(directory) == ["old"]


def plainly(*arguments, **more):
    """Run it with a standard output that Run cannot have."""
    return subprocess.run([settings.load, "--timeout", PATIENT, *arguments], stderr=subprocess.PIPE,
                          text=True, timeout=hang(), check=False, **more)


def standard_output_is_full(t):
    stub = stub_for(t)
    with open("/dev/full", "w") as full:
        for arguments in (["-n", "5", stub.url], ["-n", "5", "--json", "-", stub.url], ["--help"]):
            done = plainly(*arguments, stdout=full)
            assert done.returncode == 1, (arguments, done)
            assert "cannot write to standard output" in done.stderr, done.stderr
            assert len(done.stderr.splitlines()) == 1


def reader_is_gone(t):
    """Of a pipe that nobody reads any more: an error, and the files are written."""
    stub = stub_for(t)
    out, into = os.pipe()
    os.close(out)
    t.defer(lambda: os.close(into))
    directory = tempfile.mkdtemp(prefix="iomodels-load-")
    t.defer(lambda: shutil.rmtree(directory, ignore_errors=True))
    done = plainly("-n", "5", "--hgrm", directory + "/x", stub.url, stdout=into)
    assert done.returncode == 1 and "standard output: Broken pipe" in done.stderr, done
    assert os.path.getsize(directory + "/x") > 0


def closed_descriptors(t):
    """No socket gets the number of a standard descriptor that was closed."""
    stub = stub_for(t)
    done = plainly("-n", "5", stub.url, preexec_fn=lambda: os.close(1))
    assert done.returncode == 1 and "standard output is closed" in done.stderr, done
    assert stub.accepted == 0
    run = Run(t, "-d", "10h", "-c", "1", stub.url, preexec=lambda: (os.close(0), os.close(2)))
    until(lambda: stub.requests >= 5, "5 requests", run.process)
    for fd in (0, 2):
        assert os.readlink(f"/proc/{run.process.pid}/fd/{fd}") == "/dev/null"
    assert run.interrupt() == 0 and run.json["outcomes"]["ok"] > 0


def tests():
    found = [named(f) for f in (nobody_listens, never_accepts, never_accepts_unix,
                                unix_queue_drains, descriptor_limits, inherited_descriptors,
                                descriptors_run_out, told_before_the_run, reader_is_gone,
                                closed_descriptors)]
    return found + [named(f, once=True) for f in (usage_errors, long_names,
                                                  standard_output_is_full,
                                                  null_needs_no_descriptors)]

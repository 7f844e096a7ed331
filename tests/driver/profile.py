"""iomodels profile: the system calls of a request, by name and in their order."""

import re

import tap
from driver.bench import UNANSWERED, Bench, equal, expect, nothing_left


def profile(b, *args, **kwargs):
    """What is printed: the text, the counts of calls by name, the names of one request's calls."""
    for ms in (100, 300, 1000, 3000):  # a machine may stand still for the whole of a short one
        p, out, err = b.finish(("profile", *args, "-d", f"{ms}ms"), kwargs, ())
        if p.returncode != 1 or UNANSWERED not in err:
            break
    if p.returncode == 1:
        need_names(err)  # else there was nothing to print
    expect(p.returncode == 0, f"status {p.returncode}\n{out}\n{err}")
    halves = out.partition("one request's life")
    counts = halves[0].partition("system calls of a request")[2].partition("and for a request")[0]
    calls = {name: float(n) for name, n in re.findall(r"^ +(\w+) +([\d.]+)$", counts, re.M)}
    life = re.findall(r"^ +(?:task \d+ +)?(\w+)\(", halves[2], re.M)
    return out, err, calls, life


def need_names(err):
    if "no system calls by name" in err:
        raise tap.Skip(err.splitlines()[0])


def need_strace(err):
    if "it takes strace" in err:
        raise tap.Skip(err.splitlines()[-1])


def about(found, wanted, connections, out, rounded=1e-4):
    """The server may be between two calls when they are read, before and after: by a request of each
    connection it is off then."""
    requests = int(re.search(r"([\d,]+) requests", out)[1].replace(",", ""))
    expect(abs(found - wanted) <= rounded + wanted * connections / requests, f"{found}, not {wanted}: {out}")


def by_name(t):
    b = Bench(t, models=("epoll-lt", "fork"))
    for model in ("epoll-lt", "fork"):
        out, err, calls, life = profile(b, model, "-c", "3", "--no-life")
        need_names(err)
        expect(out.startswith(f"{model}, http /, 3 connections: "), out)
        equal(life, [], out)
        for name in ("recvfrom", "sendto"):
            about(calls[name], 1, 3, out)
        if model == "epoll-lt":
            expect(0.2 <= calls["epoll_wait"] <= 1.5, out)  # of three at most
        else:
            expect("epoll_wait" not in calls, out)
        # Each number is rounded.
        about(sum(n for name, n in calls.items() if name != "all"), calls["all"], 3, out, 0.001)
    nothing_left(b)


def options_of_the_server(t):
    b = Bench(t)
    out, err, calls, _ = profile(b, "epoll-lt", "-c", "2", "--no-life", "--options", "--needless-ctl")
    need_names(err)
    about(calls["epoll_ctl"], 4, 2, out)
    expect(out.startswith("epoll-lt --needless-ctl, http /"), out)


def life(t):
    b = Bench(t, models=("epoll-lt", "thread-pool"))
    for model, wanted in (("epoll-lt", ["epoll_wait", "recvfrom", "sendto", "epoll_wait"]),
                          ("thread-pool", ["recvfrom", "sendto", "recvfrom"])):
        out, err, _, found = profile(b, model, "-c", "1", "--protocol", "echo", "--payload", "100")
        need_strace(err)
        # The clock may be read by a call: then each loop begins with one.
        equal([name for name in found if name != "clock_gettime"], wanted, out)
        lines = out.partition("one request's life")[2].splitlines()
        expect("it had waited for the request" in lines[1], out)
        expect("it waits for what comes next" in lines[-1], out)
        expect(") = 100" in out, out)
    nothing_left(b)


def half_of_it(t):
    """Without strace the counts are printed all the same."""
    b = Bench(t)
    b.path = b.servers
    out, err, calls, found = profile(b, "epoll-lt", "-c", "1")
    need_names(err)
    expect("it takes strace" in err and found == [], out + err)
    about(calls["recvfrom"], 1, 1, out)
    nothing_left(b)


def usage(t):
    b = Bench(t, models=("epoll-lt", "thread"))
    for args, word in (((), "needs a model"), (("nope",), "nope"), (("epoll-lt", "thread"), "thread"),
                       (("epoll-lt", "-c", "0"), "--connections"), (("all",), "all"),
                       (("epoll-lt", "--path", "x"), "--path"),
                       (("epoll-lt", "--options", "--bogus"), "--bogus")):
        _, err = b.call("profile", *args, status=2)
        expect(word in err.splitlines()[0], err)
    out, _ = b.call("profile", "--help")
    expect("--no-life" in out and "docs/profile.md" in out, out)


TESTS = [("profile: system calls by name", by_name, 60),
         ("profile: options of the server", options_of_the_server, 60),
         ("profile: one request's life", life, 60), ("profile: without strace", half_of_it, 60),
         ("profile: usage", usage, 60)]

"""What is asked for, in what mix, from where, and which body is right."""

import collections
import os
import tempfile

from load.run import Run, case, consistent, load, named, stub_for, skip, steady
from load.stub_server import BODY, path_of

FAILURES = ("timeout", "reset", "refused", "eof", "corrupt", "non_2xx")


def note_paths(stub):
    """Have the stub write down the path of each request, in the order in which they came."""
    paths = []
    count = stub.count

    def note(request):
        paths.append(path_of(request).decode())
        return count(request)
    stub.count = note
    return paths


def several_urls(t):
    """Each request by chance, as often as the weights say; each URL with a body of its own."""
    stub = stub_for(t, "by-path")
    paths = note_paths(stub)
    j = load(t, "-n", "4000", "-c", "8", "-t", "2", stub.url + "/@1", stub.url + "/b?x@2@5",
             stub.url + "/c@4").json
    assert j["outcomes"]["ok"] == 4000, j["outcomes"]
    seen = collections.Counter(paths)
    assert set(seen) == {"/", "/b?x@2", "/c"}, seen
    for path, weight in (("/", 1), ("/b?x@2", 5), ("/c", 4)):
        share = weight / 10
        margin = 6 * (4000 * share * (1 - share)) ** 0.5  # six standard deviations
        assert abs(seen[path] - 4000 * share) < margin, f"{path}: {seen[path]} of 4000"
    assert [(u["url"], u["weight"], u["requests"]) for u in j["urls"]] == [
        (stub.url + p, w, seen[p]) for p, w in (("/", 1), ("/b?x@2", 5), ("/c", 4))]
    assert j["url"] == stub.url + "/"


def several_urls_in_every_kind_of_load(t):
    """Each answer is held against the URL that it is due to, also where many are on their way."""
    for options in (["--pipeline", "16"], ["-R", "500", "-d", "0.6s"],
                    ["--requests-per-connection", "3"], ["--think", "1ms"]):
        stub = stub_for(t, "by-path")
        paths = note_paths(stub)
        run = Run(t, "-n", "300", "-c", "4", "-t", "2", *options, stub.url + "/one",
                  stub.url + "/two", stub.url + "/three@3")
        assert run.finish() in (0, 3), run.err
        consistent(run.json)
        assert run.json["outcomes"]["ok"] == 300, (options, run.json["outcomes"])
        seen = collections.Counter(paths)
        assert {u["url"].removeprefix(stub.url): u["requests"] for u in run.json["urls"]} == seen


def seed_decides(t):
    """The same seed gives the same requests in the same order, another one others."""
    orders = []
    for seed in ("7", "7", "8"):
        stub = stub_for(t, "by-path")
        paths = note_paths(stub)
        j = load(t, "-n", "200", "-c", "1", "--seed", seed, stub.url + "/a", stub.url + "/b").json
        assert j["seed"] == int(seed)
        orders.append(paths)
    assert orders[0] == orders[1] != orders[2]
    assert set(orders[0]) == {"/a", "/b"}


def outcomes_by_url(t):
    """What goes wrong is counted for the URL that it went wrong with."""
    stub = stub_for(t, "404", every=4)
    stub.by_path = True
    j = load(t, "-n", "400", "-c", "4", stub.url + "/a", stub.url + "/b@3").json
    o = j["outcomes"]
    assert o["non_2xx"] == stub.faults == 100, o
    for key in ("ok", *FAILURES):
        assert sum(u[key] for u in j["urls"]) == o[key], (key, j["urls"])
    assert all(u["non_2xx"] > 0 and u["requests"] == u["ok"] > 0 for u in j["urls"])


def bodies_of_urls_are_not_mixed(t):
    """A server that gives one URL's answer to another's request."""
    stub = stub_for(t, "mixed-up", every=10, sound=30)  # either URL is asked for among these
    j = load(t, "-n", "330", "-c", "3", stub.url + "/ab", stub.url + "/cd").json
    assert j["outcomes"]["ok"] + j["outcomes"]["corrupt"] == 330
    assert j["outcomes"]["corrupt"] == 30, j["outcomes"]
    assert "right length" in j["reasons"]["corrupt"]


def file_of(t, data):
    out = tempfile.NamedTemporaryFile(prefix="body-")
    t.defer(out.close)
    out.write(data)
    out.flush()
    return out.name


def body_from_a_file(t):
    stub = stub_for(t)
    j = load(t, "-n", "20", "-c", "2", "--body", file_of(t, BODY), stub.url).json
    assert j["outcomes"]["ok"] == 20
    for data, part in ((BODY[:-1] + b"?", "of the right length"), (BODY + b".", "another length"),
                       (b"", "another length")):
        # Each costs a connection, and its replacement waits a while.
        j = load(t, "-n", "6", "-c", "2", "--body", file_of(t, data), stub.url, status=1).json
        assert j["outcomes"]["corrupt"] == 6, j["outcomes"]
        assert part in j["reasons"]["corrupt"] and "--body" in j["reasons"]["corrupt"]
    # In pieces, and for an answer with nothing in it.
    for mode in ("split-3", "chunked", "to-eof"):
        j = load(t, "-n", "20", "-c", "2", "--body", file_of(t, BODY), stub_for(t, mode).url).json
        assert j["outcomes"]["ok"] == 20, mode
    stub = stub_for(t, "no-content")
    j = load(t, "-n", "20", "-c", "2", "--body", file_of(t, b""), stub.url).json
    assert j["outcomes"]["ok"] == 20


def body_from_a_pipe(t):
    """It can be read once only, also where several URLs must have it."""
    stub = stub_for(t)
    out, into = os.pipe()
    os.write(into, BODY)
    os.close(into)
    t.defer(lambda: os.close(out))
    j = load(t, "-n", "20", "-c", "2", "--body", f"/dev/fd/{out}", stub.url + "/a",
             stub.url + "/b", pass_fds=[out]).json
    assert j["outcomes"]["ok"] == 20, j["outcomes"]


def no_such_body(t):
    run = load(t, "--body", "/nonexistent/body", "http://127.0.0.1:1/", status=1)
    assert "/nonexistent/body" in run.err and len(run.err.splitlines()) == 1, run.err


def sources_in_turn(t):
    stub = stub_for(t)
    j = load(t, "-n", "30", "-c", "10", "--source", "127.0.0.5,127.0.0.17-127.0.0.19",
             stub.url).json
    wanted = ["127.0.0.5", "127.0.0.17", "127.0.0.18", "127.0.0.19"]
    seen = collections.Counter(host for host, _ in stub.clients)
    assert sorted(seen) == sorted(wanted) and max(seen.values()) <= 3, seen
    assert j["sources"] == wanted and j["outcomes"]["ok"] == 30
    plain = load(t, "-n", "10", "-c", "2", stub.url).json
    assert plain["sources"] == []


def sources_v6(t):
    if not os.path.exists("/proc/net/if_inet6"):
        skip("no IPv6 here")
    stub = stub_for(t, family="tcp6")
    j = load(t, "-n", "10", "-c", "2", "--source", "::1", stub.url).json
    assert j["sources"] == ["::1"] and j["outcomes"]["ok"] == 10


def source_that_is_not_ours(t):
    """An address of somebody else: no connection, and the reason is told."""
    stub = stub_for(t)
    run = load(t, "-n", "10", "-c", "2", "--source", "192.0.2.1", stub.url, status=1)
    assert "192.0.2.1" in run.err and "Cannot assign" in run.err, run.err
    assert stub.accepted == 0 and len(run.err.splitlines()) == 1


SOURCE_USAGE = [
    ("127.0.0.1,,127.0.0.2", "''"), ("localhost", "localhost"), ("::1", "::1"),
    ("127.0.0.9-127.0.0.2", "127.0.0.9-127.0.0.2"), ("10.0.0.0-10.255.0.0", "65536"),
]


def source_usage(t):
    for value, part in SOURCE_USAGE:
        run = load(t, "--source", value, "http://127.0.0.1:1/", status=2)
        assert part in run.err.splitlines()[0], run.err
    run = load(t, "--source", "127.0.0.1", "http+unix:///nonexistent", status=2)
    assert "Unix-domain" in run.err


def ramp(t):
    """The last of 30 connections at 100 a second comes 290 ms after the first."""
    def check():
        stub = stub_for(t)
        run = load(t, "-n", "60", "-c", "30", "-t", threads, "--ramp", "100", stub.url)
        assert run.json["connected"] == 30 and run.json["outcomes"]["ok"] == 60
        assert run.seconds > 0.29
        # As a stub sees it that is not late itself.
        begun = sorted(c.since for c in stub.all)
        assert begun[-1] - begun[0] > 0.25, f"all within {begun[-1] - begun[0]:.3f} s"
        assert begun[15] - begun[0] > 0.1, "in two heaps"
    for threads in ("1", "3"):
        steady(t, 0.02, check)


def tests():
    found = [named(f) for f in (several_urls, several_urls_in_every_kind_of_load, seed_decides,
                                outcomes_by_url,
                                bodies_of_urls_are_not_mixed, body_from_a_file, body_from_a_pipe,
                                sources_in_turn,
                                sources_v6, source_that_is_not_ours, ramp)]
    return found + [case("no such body", no_such_body, once=True),
                    case("source usage", source_usage, once=True)]

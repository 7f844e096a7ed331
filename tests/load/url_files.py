"""--urls: what a list may look like, thousands of URLs, and what is wrong by file and line."""

import collections
import os
import subprocess
import tempfile

from load.run import Run, load, named, stub_for, read_lines, settings, skip
from load.targets import note_paths
from load.stub_server import answer, path_body, path_of, send

OUTCOMES = ("ok", "timeout", "reset", "refused", "eof", "corrupt", "non_2xx")


def list_of(t, text):
    out = tempfile.NamedTemporaryFile(prefix="urls-", suffix=".txt")
    t.defer(out.close)
    out.write(text if isinstance(text, bytes) else text.encode())
    out.flush()
    return out.name


def listed(j, stub):
    return {u["url"].removeprefix(stub.url): (u["weight"], u["requests"]) for u in j["urls"]}


def lists_as_people_write_them(t):
    stub = stub_for(t, "by-path")
    paths = note_paths(stub)
    u = stub.url
    text = (f"\ufeff# a list\n\n{u}/a\n  {u}/b\t3  \r\n{u}/c 5 # five times\n   # nothing\n"
            f"{u}/d#fragment\n{u}/left-pad@2\n{u}/e@7 2\n{u}?q=1\n{u}/last")
    j = load(t, "-n", "3000", "-c", "4", "--urls", list_of(t, text)).json
    assert j["outcomes"]["ok"] == 3000, (j["outcomes"], j["reasons"])
    seen = collections.Counter(paths)
    wanted = {"/a": 1, "/b": 3, "/c": 5, "/d": 1, "/left-pad@2": 1, "/e@7": 2, "/?q=1": 1,
              "/last": 1}
    assert set(seen) == set(wanted), seen
    for path, weight in wanted.items():
        share = weight / 15
        assert abs(seen[path] - 3000 * share) < 6 * (3000 * share * (1 - share)) ** 0.5, seen
    found = listed(j, stub)
    assert found["/d#fragment"] == (1, seen["/d"]) and found["?q=1"] == (1, seen["/?q=1"]), found
    assert found["/b"] == (3, seen["/b"]) and found["/left-pad@2"] == (1, seen["/left-pad@2"])
    assert j["url"] == u + "/a" and j["urls_left_out"] is None


def lists_and_the_command_line(t):
    stub = stub_for(t, "by-path")
    paths = note_paths(stub)
    first, second = (list_of(t, stub.url + path) for path in ("/1", "/2 2"))
    j = load(t, "-n", "400", "-c", "2", "--urls", first, "--urls", second, stub.url + "/3",
             stub.url + "/4@3").json
    assert set(paths) == {"/1", "/2", "/3", "/4"}
    assert {k: v[0] for k, v in listed(j, stub).items()} == {"/1": 1, "/2": 2, "/3": 1, "/4": 3}
    # One is enough.
    load(t, "-n", "4", "-c", "1", "--urls", first)
    assert paths[-4:] == ["/1"] * 4
    with open(second, "rb") as stdin:
        load(t, "-n", "4", "-c", "1", "--urls", "-", stdin=stdin)
    assert paths[-4:] == ["/2"] * 4


def hosts_by_other_names(t):
    """Each is told the name by which its URL calls it, at one address."""
    stub = stub_for(t)
    requests = []
    count = stub.count
    stub.count = lambda request: requests.append(request) or count(request)
    port = stub.url.rsplit(":", 1)[1]
    path = list_of(t, f"http://127.0.0.1:{port}/1\nHTTP://127.0.0.1:{port}/2\n"
                      f"http://127.0.0.1:0{port}/3\nhttp://127.0.0.1:{port}/4\n")
    j = load(t, "-n", "200", "-c", "2", "--urls", path).json
    assert j["outcomes"]["ok"] == 200
    hosts = {path_of(r).decode(): r.split(b"Host: ")[1].split(b"\r\n")[0].decode()
             for r in requests}
    assert hosts == {"/1": f"127.0.0.1:{port}", "/2": f"127.0.0.1:{port}",
                     "/3": f"127.0.0.1:0{port}", "/4": f"127.0.0.1:{port}"}, hosts


def sums(j, key):
    left_out = j["urls_left_out"]
    return sum(u[key] for u in j["urls"]) + (left_out[key] if left_out else 0)


def thousands(t):
    """Each with a body of its own. What fails is listed, wherever it stands in the list."""
    stub = stub_for(t, "by-path")
    paths = note_paths(stub)
    bad = ("/u3456", "/u4999")

    def treat(conn, request):
        if path_of(request).decode() in bad:
            return send(conn, answer(b"no\n", b"404 Not Found"))
        return send(conn, answer(path_body(request)))
    stub.treatment = treat
    text = "".join(f"{stub.url}/u{i} {300 if i % 1000 == 999 or i == 3456 else 1}\n"
                   for i in range(5000))
    run = load(t, "-n", "6000", "-c", "8", "-t", "2", "--urls", list_of(t, text))
    j = run.json
    seen = collections.Counter(paths)
    failed = seen[bad[0]] + seen[bad[1]]
    assert j["outcomes"]["ok"] == 6000 - failed and j["outcomes"]["non_2xx"] == failed > 100
    assert len(seen) > 1000, "a choice among few of them"
    assert len(j["urls"]) == 1000 and j["urls_left_out"]["urls"] == 4000
    for key in OUTCOMES:
        assert sums(j, key) == j["outcomes"][key], key
    found = listed(j, stub)
    assert set(bad) <= set(found), "what failed is left out"
    assert set(found) - set(bad) == {f"/u{i}" for i in range(998)}, "the first ones"
    for path, (_, requests) in found.items():
        assert requests == (0 if path in bad else seen[path]), path
    lines = [line for line in run.out.splitlines() if line.startswith("  URL ")]
    assert len(lines) == 21 and lines[-1].endswith(" 4980 others"), lines[-3:]
    assert sum(int(line.split()[1]) for line in lines) == j["outcomes"]["ok"]
    assert sum(int(line.split()[3]) for line in lines) == failed
    assert all(any(line.endswith(stub.url + path) for line in lines) for path in bad)


def peak_kib(t, path):
    """The most memory that a run without a server had."""
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, "--null", "-n", "1000", "-c", "1", "--hold", "--events-fd", str(into), "--urls",
              path, pass_fds=[into], stdin=subprocess.PIPE)
    os.close(into)
    assert read_lines(out, 3)[-1] == "end"
    with open(f"/proc/{run.process.pid}/status") as f:
        peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))
    run.process.stdin.close()
    run.process.stdin = None
    assert run.finish(60) == 0, run.err
    return peak, run.json


def as_many_as_can_be(t):
    """65,535, at a few hundred bytes each; one more is one too many."""
    if settings.sanitized:
        skip("the memory of a sanitized program says nothing")
    text = "".join(f"http://127.0.0.1/some/path/of/usual/length/{i}\n" for i in range(65_536))
    most = text[:text.rindex("\n", 0, -1) + 1]
    one, _ = peak_kib(t, list_of(t, text.splitlines()[0]))
    all_of_them, j = peak_kib(t, list_of(t, most))
    assert len(j["urls"]) == 1000 and j["urls_left_out"]["urls"] == 64_535
    each = (all_of_them - one) * 1024 / 65_535
    assert each < 1000, f"{each:.0f} bytes a URL"
    path = list_of(t, text)
    run = load(t, "--null", "--urls", path, status=2, json_file=False)
    assert f"{path}:65536: more than 65535 URLs" in run.err, run.err


WRONG = [
    ("ftp://127.0.0.1/", "ftp://127.0.0.1/"),
    ("{url}/x 0", "'0'"), ("{url}/x 1000001", "'1000001'"), ("{url}/x many", "'many'"),
    ("{url}/x 1 2", "'2'"), ("{url}/x -1", "'-1'"), ("{url}/\x01", "0x01"),
    ("http://127.0.0.2:1/", "http://127.0.0.2:1/"), ("echo://127.0.0.1:1", "echo://127.0.0.1:1"),
    ("http://127.0.0.1:99999/", "99999"), ("{url}/" + "x" * 2100, "characters"),
    ("{url}/\0", "NUL"), ("#" + "x" * 5000, "bytes or more"), ("/only/a/path", "/only/a/path"),
]


def wrong_lines(t):
    url = "http://127.0.0.1:1"
    for text, part in WRONG:
        path = list_of(t, f"# one\n{url}/\n{text.format(url=url)}\n")
        run = load(t, "--urls", path, status=2, json_file=False)
        assert run.err.startswith(f"iomodels-load: --urls: {path}:3: ") and part in run.err, run.err
        assert len(run.err.splitlines()) == 2, run.err
    for text in ("", "# nothing\n\n"):
        path = list_of(t, text)
        run = load(t, "--urls", path, url, status=2, json_file=False)
        assert f"no URL in '{path}'" in run.err, run.err
    path = list_of(t, "echo://127.0.0.1:1\necho://127.0.0.1:1\n")
    assert f"{path}:2: " in load(t, "--urls", path, status=2, json_file=False).err
    for path in ("/nonexistent/list", "/"):
        run = load(t, "--urls", path, status=1, json_file=False)
        assert f"'{path}'" in run.err and len(run.err.splitlines()) == 1, run.err
    with open(list_of(t, url), "rb") as stdin:
        run = load(t, "--urls", "-", "--data", "@-", status=2, stdin=stdin, json_file=False)
        assert "--data and --urls" in run.err, run.err
    with open(list_of(t, url), "rb") as stdin:
        run = load(t, "--urls", "-", "--hold", status=2, stdin=stdin, json_file=False)
        assert "--hold" in run.err and "--urls" in run.err, run.err


def tests():
    return [named(f) for f in (lists_as_people_write_them, lists_and_the_command_line,
                                         hosts_by_other_names, thousands)] + [
        named(as_many_as_can_be, once=True), named(wrong_lines, once=True)]

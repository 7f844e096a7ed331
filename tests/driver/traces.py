"""iomodels trace: one story, told by several models, and what strace recorded of them."""

import csv
import html
import json
import os
import re
import shutil
import subprocess
import sys

import tap
from driver.bench import ARGS, ROOT, Bench, equal, expect, nothing_left

SHORT = """# Half a request, and somebody who is quicker.
A connect
A send "GET / HTTP/1.1\\r\\nHo"
rest
B connect
B get /
B answered or rest
A send "st: a\\r\\n\\r\\n"
A answered
A close
B answered
B reset
rest
"""


class Told:
    """What a model made of a story: the rows of trace.csv."""

    def __init__(self, out, model):
        self.dir = os.path.join(out, model)
        with open(os.path.join(self.dir, "trace.csv"), newline="", encoding="utf-8") as f:
            self.rows = list(csv.DictReader(f))
        self.acts = [r for r in self.rows if r["kind"] == "client"]
        self.calls = [r for r in self.rows if r["kind"] in ("process", "thread")]

    def act(self, client, what, number=0):
        return int([r for r in self.acts if (r["lane"], r["what"]) == (client, what)][number]["from_ns"])

    def of(self, client, *names):
        return [r for r in self.calls if r["client"] == client and r["what"] in names]


def tell(b, *args, story=SHORT, status=0):
    path = os.path.join(b.dir, "a.story")
    with open(path, "w", encoding="utf-8") as f:
        f.write(story)
    out, err = b.call("trace", "--servers", b.servers, "--script", path, *args, status=status)
    return out, err


def may_trace():
    """strace is not everywhere, and not everybody may trace."""
    try:
        done = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise tap.Skip("strace is not installed") from None
    if done.returncode != 0:
        raise tap.Skip(f"strace may not trace: {done.stderr.strip()}")


def calls_are_whole(told):
    """Each call ends after it began, and a task makes one call after the other."""
    last = {}
    for r in sorted(told.calls, key=lambda r: int(r["from_ns"])):
        begin, end = int(r["from_ns"]), int(r["to_ns"]) if r["to_ns"] else None
        expect(end is None or begin <= end, f"ends before it begins: {r}")
        if r["text"][:3] in ("---", "+++"):  # a signal can come in a call
            continue
        expect(last.get(r["lane"], begin) <= begin, f"begins before the last one ended: {r}")
        if end is not None:
            last[r["lane"]] = end
    expect(len(told.calls) > 10, f"only {len(told.calls)} calls")


def data_is_what_was_sent(told, clients):
    for client in clients:
        sent = sum(int(r["bytes"]) for r in told.acts if (r["lane"], r["what"]) == (client, "send"))
        taken = sum(int(r["bytes"]) for r in told.calls if (r["client"], r["data"]) == (client, "in"))
        equal(taken, sent, f"bytes of {client} that the server took")
        got = sum(int(r["bytes"]) for r in told.acts if (r["lane"], r["what"]) == (client, "receive"))
        given = sum(int(r["bytes"]) for r in told.calls if (r["client"], r["data"]) == (client, "out"))
        equal(given, got, f"bytes that {client} got")


def models(t):
    """Three models, one story: who waits in which call, and for whom."""
    may_trace()
    b = Bench(t, models=("iterative", "epoll-lt", "thread"), pictures=True)
    out, _ = tell(b, "iterative", "epoll-lt", "thread", "-o", b.out)
    told = {name: Told(b.out, name) for name in ("iterative", "epoll-lt", "thread")}
    for name, one in told.items():
        calls_are_whole(one)
        data_is_what_was_sent(one, "AB")
        expect(re.search(rf"^{name}: ", out, re.M), out)
        with open(os.path.join(one.dir, "ladder.svg"), encoding="utf-8") as f:
            picture = f.read()
        expect(len(picture) < 60_000 and "A sends 18, not all: GET /" in picture, f"{name}: {len(picture)} bytes")
    one = told["iterative"]
    # B is served when A has closed, and not before: B's story has a wait in vain in it.
    expect(int(one.of("B", "accept4")[0]["from_ns"]) > int(one.of("A", "close")[0]["from_ns"]), one.rows)
    expect(one.act("B", "answer") > one.act("A", "close"), "B has an answer before A has closed")
    expect(one.act("B", "in-vain") < one.act("A", "close"), one.acts)
    for name in ("epoll-lt", "thread"):
        expect(told[name].act("B", "answer") < told[name].act("A", "send", 1), f"{name}: B waits for A")
        expect(not [r for r in told[name].acts if r["what"] == "in-vain"], f"{name}: somebody waits in vain")
    waits = {name: {r["what"] for r in one.calls if r["waited"] == "1"} - {"futex"} for name, one in told.items()}
    equal(waits, {"iterative": {"accept4", "recvfrom"}, "epoll-lt": {"epoll_wait"},
                  "thread": {"accept4", "recvfrom"}}, "what waits")
    equal({r["lane"] for r in told["thread"].of("A", "recvfrom")}, {"thread 1"}, "who serves A")
    equal({r["lane"] for r in told["thread"].of("B", "recvfrom")}, {"thread 2"}, "who serves B")
    trace_format(told["thread"])
    with open(os.path.join(b.out, "stepper.html"), encoding="utf-8") as f:
        stepper(b, f.read())
    nothing_left(b)


def trace_format(told):
    """trace.json is what Perfetto reads: slices with a duration, arrows with two ends."""
    with open(os.path.join(told.dir, "trace.json"), encoding="utf-8") as f:
        events = json.load(f)["traceEvents"]
    slices = [e for e in events if e["ph"] == "X"]
    expect(all(e["dur"] >= 0 for e in slices), "a slice of negative length")
    threads = {e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    equal(threads, {"A", "B", "main", "thread 1", "thread 2"}, "threads")
    ends = {phase: {e["id"]: e for e in events if e["ph"] == phase} for phase in "sf"}
    sent = [r for r in told.acts if r["what"] == "send"]
    answers = [r for r in told.calls if r["data"] == "out"]
    equal(sorted(ends["s"]), sorted(ends["f"]), "arrows with one end")
    equal(len(ends["s"]), len(sent) + len(answers), "arrows")
    for number, begin in ends["s"].items():
        end = ends["f"][number]
        expect(begin["ts"] <= end["ts"] and end["bp"] == "e", f"an arrow back in time: {begin} {end}")
        for at in (begin, end):
            expect(any((e["pid"], e["tid"]) == (at["pid"], at["tid"])
                       and e["ts"] - 0.001 <= at["ts"] <= e["ts"] + e["dur"] + 0.001 for e in slices),
                   f"an arrow that no slice holds: {at}")


# Pressed keys, and what the page then is, as the text of its title.
DRIVE = """<script>
const press = key => document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
const now = () => document.querySelector("tr.now > th").textContent;
const seen = [now()];
for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", " "]) { press(key); seen.push(now()); }
const playing = find("play").getAttribute("aria-pressed");
press(" ");
const hidden = [...document.querySelectorAll("tr.later .what")].every(e => getComputedStyle(e).display === "none");
const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
while (now() !== "B answered or rest") press("ArrowRight");
const waits = [...document.querySelectorAll("tr.now .asks")].map(e => e.textContent);
document.title = JSON.stringify({seen, playing, still: find("play").getAttribute("aria-pressed"), hidden, wide, waits,
  models: [...document.querySelectorAll("thead th")].map(e => e.textContent)});
</script>"""


def stepper(b, page):
    """The page is whole in itself. Where there is a browser, keys step through it."""
    frame = re.sub(r'<script id="data".*?</script>', "", page, flags=re.S)
    equal(re.findall(r"(?:src|href)=|https?:|@import|url\(", frame), [], "what the page takes from elsewhere")
    browser = shutil.which("chromium")
    if not browser:
        return
    path = os.path.join(b.dir, "driven.html")
    with open(path, "w", encoding="utf-8") as f:
        f.write(page.replace("</body>", DRIVE + "</body>"))
    done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=400,800",
                           f"--user-data-dir={b.dir}/browser", "--dump-dom", f"file://{path}"],
                          env=b.environment(), capture_output=True, text=True, check=False)
    found = re.search(r"<title>({.*})</title>", done.stdout)
    expect(found, done.stdout[-2000:] + done.stderr[-2000:])
    state = json.loads(html.unescape(found[1]))
    first, second = "A connect", 'A send "GET / HTTP/1.1\\r\\nHo"'
    equal(state, {"seen": [first, second, "rest", second, "rest", "rest", first, first], "playing": "true",
                  "still": "false", "hidden": True, "wide": False, "waits": ["B waits for an answer"],
                  "models": ["step", "iterative", "thread", "epoll-lt"]}, "the page after these keys")


def scripts(t):
    """What is wrong with a story is told by file and line."""
    b = Bench(t)
    for story, line, words in (
            ("A connect\nA jump\n", 2, "no word 'jump'"),
            ("A connect\n\nA connect\n", 3, "A is connected already"),
            ("A get /\n", 1, "A is not connected"),
            ("A connect\nA get bytes\n", 2, "a path that begins with /, not 'bytes'"),
            ('A connect\nA send "x\n', 2, "no double quote at its end"),
            ('A connect\nA send "\\t"\n', 2, "no '\\t'"),
            ("A connect\nA answered\n", 2, "A has asked for nothing"),
            ("A connect\nA half-close\nA get /\n", 3, "half-closed"),
            ("A connect\nA read many\n", 2, "not 'many'"),
            ("A connect\nA answered or else\n", 2, "'else'"),
            ("connect\n", 1, "needs a client's name"),
            ("A rest\n", 1, "stands without a client's name"),
            ("pause 11s\n", 1, "at most 10s"),
            ("rest now\n", 1, "'now' is one word too many"),
            ("# nothing\n", 2, "needs a client"),
            ("".join(f"{c} connect\n" for c in "ABCDEFG"), 7, "G is one client too many")):
        _, err = tell(b, "epoll-lt", story=story, status=1)
        expect(f"a.story:{line}: " in err and words in err and len(err.splitlines()) == 1, f"{story!r}: {err}")
    _, err = b.call("trace", "--script", "/nowhere/x.story", "epoll-lt", "--servers", b.servers, status=1)
    expect("/nowhere/x.story" in err, err)
    for args, words in (((), "needs a model"), (("nope",), "nope"), (("epoll-lt", "--workers", "0"), "--workers"),
                        (("epoll-lt", "--options", "--bogus"), "--bogus")):
        _, err = b.call("trace", "--servers", b.servers, *args, status=2)
        expect(words in err.splitlines()[0], err)
    out, _ = b.call("trace", "--print-script")
    with open(os.path.join(ROOT, "bench", "trace", "default.story"), encoding="utf-8") as f:
        equal(out, f.read(), "the default story")
    out, _ = b.call("trace", "--help")
    expect("docs/trace.md" in out and "--script" in out, out)


def failures(t):
    """No strace, a step that cannot be: one line, and the server is gone."""
    may_trace()
    b = Bench(t)
    _, err = tell(b, "epoll-lt", story='A connect\nA send "BAD\\r\\n\\r\\n"\nA answered\nA get /\nA answered\n',
                  status=1)
    expect(err.startswith("iomodels: epoll-lt cannot be traced: ") and "a.story:" in err, err)
    nothing_left(b)
    b.path = b.servers
    _, err = tell(b, "epoll-lt", status=1)
    expect("strace" in err and len(err.splitlines()) == 1, err)
    nothing_left(b)


def pages(t):
    """Each page of docs/models shows the ladder of its model as the model is now."""
    may_trace()
    tool = [sys.executable, os.path.join(ROOT, "scripts", "ladders"), "--check"]
    fresh = subprocess.run(tool, capture_output=True, text=True, check=False)
    equal((fresh.returncode, fresh.stderr), (0, ""), "scripts/ladders --check")
    again = subprocess.run(tool + ["--driver", ARGS.driver, "--servers", ARGS.servers, "epoll-et", "fork"],
                           capture_output=True, text=True, check=False)
    equal((again.returncode, again.stderr), (0, ""), "scripts/ladders --check epoll-et fork")


TESTS = [("trace: three models, one story", models, 60), ("trace: stories that are wrong", scripts, 60),
         ("trace: what fails", failures, 60), ("trace: the ladders of the pages", pages, 60)]

"""The page that steps through a story: its ideal machines, its questions, its events that are moved."""

import os

import tap
from browser import made_story
from browser.page import AXE, FOCUS, PAPER, WIDE, Page, axe
from browser.webdriver import Browser
from driver.bench import LATE, ROOT, Bench, equal, expect
from driver.traces import may_trace

MODELS = ("iterative", "thread", "epoll-lt")


class Stepper(Page):
    """The page in the browser that all tests share."""

    def __init__(self, b, text):
        """`b`: a bench, in whose directory the page is to lie."""
        path = os.path.join(b.dir, "stepper.html")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        super().__init__("file://" + path)

    def go(self, view=""):
        self.browser.log("browser")
        self.browser.requests()
        self.browser.open(self.address + view)

    def all(self, selector):
        return self.browser.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def story(self):
        return self.browser.run("return told.story.map(s => s.said)")

    def step_to(self, step):
        """Step on until the step is the one that is shown."""
        while self.browser.run("return at") < step:
            self.browser.press("ArrowRight")

    def score(self):
        return self.all("#score")[0]

    def tab_to(self, label):
        """The Tab key, until what has the focus is called so."""
        for _ in range(120):
            self.browser.press("Tab")
            if self.browser.run(FOCUS)[2] == label:
                return
        raise AssertionError(f"the Tab key does not lead to {label}")


def made(t):
    """The page with a recording that is made up."""
    return Stepper(Bench(t, models=()), made_story.page())


def traced(t):
    """The page as the driver makes it."""
    may_trace()
    b = Bench(t, models=MODELS)
    p = b.start("trace", "--servers", b.servers, *MODELS, "-o", b.out)
    _, err = p.communicate()
    if LATE in err:
        raise tap.Skip("a server under strace was not ready")  # inconclusive: the machine is too busy
    equal((p.returncode, err), (0, ""), "iomodels trace")
    with open(os.path.join(b.out, "stepper.html"), encoding="utf-8") as f:
        return Stepper(b, f.read())


# Events for the ideal machines: a client, a verb, a time, and what is special.
def event(client, verb, at, **more):
    return {"client": client, "verb": verb, "at": at, "units": 0, "pause": 0, "size": 100, "slow": False, **more}


HALF = [event("A", "connect", 0), event("A", "part", 2), event("B", "connect", 4), event("B", "request", 6),
        event("A", "request", 30), event("A", "close", 34), event("B", "close", 60)]
SLOW = [event("C", "connect", 0, slow=True), event("C", "request", 2, size=3_000_000), event("B", "connect", 6),
        event("B", "request", 8), event("C", "read", 30, bytes=1e12), event("C", "close", 50), event("B", "close", 70)]
HOG = [event("A", "connect", 0), event("B", "connect", 2), event("A", "request", 6, units=20), event("B", "request", 8),
       event("A", "close", 60), event("B", "close", 70)]
WAITING = [{**e, "pause": e["units"], "units": 0} for e in HOG]
RESET = [event("A", "connect", 0), event("A", "request", 2, units=20), event("B", "connect", 4), event("B", "request", 6),
         event("A", "reset", 10), event("B", "close", 60)]
KINDS = ("one", "process", "thread", "pool", "loop", "busy", "handing", "completion")


class Ideal:
    """The machines alone, without a page."""

    def __init__(self):
        if Page._browser is None:
            Page._browser = Browser()
        self.browser = Page._browser
        self.browser.open("about:blank")
        with open(os.path.join(ROOT, "bench", "show", "stepper_ideal.js"), encoding="utf-8") as f:
            self.browser.run(f.read() + "window.ideal = ideal")

    def run(self, kind, events, workers=1):
        return self.browser.run("return ideal.run(...arguments)", kind, events, workers)

    def waits(self, kind, events, workers=1):
        """How long each client waited for its answer; None: for ever."""
        asks = self.run(kind, events, workers)["asks"]
        return {a["client"]: a["answered"] and a["answered"] - a["at"] for a in asks}


def machines(t):
    """What a client waits for in each ideal machine: the half request, the slow reader, the hog, the timer, the reset."""
    ideal = Ideal()
    serial = {"one"}
    for kind in KINDS:
        half, slow, hog = (ideal.waits(kind, events) for events in (HALF, SLOW, HOG))
        alone = serial | {"pool"}  # of one worker
        # A's connection is closed at 34; C's is at 50.
        expect(half["B"] > 27 if kind in alone else half["B"] <= 3, f"{kind}, half a request: B waits {half['B']}")
        expect(slow["B"] > 41 if kind in alone else slow["B"] <= 3, f"{kind}, a slow reader: B waits {slow['B']}")
        expect(28 <= slow["C"] <= 42, f"{kind}, a slow reader: C waits {slow['C']}")
        taking_turns = kind in ("process", "thread")
        expect(hog["B"] <= 4 if taking_turns else hog["B"] >= 18, f"{kind}, a hog: B waits {hog['B']}")
        timer = ideal.waits(kind, WAITING)["B"]
        expect(timer >= 50 if kind in alone else timer <= 3, f"{kind}, a timer: B waits {timer}")
        # What is computed is computed to its end: the server sees the reset when it sends.
        after = ideal.waits(kind, RESET)
        equal(after["A"], None, f"{kind}, a reset: A's answer")
        expect(after["B"] <= 4 if taking_turns else after["B"] >= 16, f"{kind}, a reset: B waits {after['B']}")
    equal(ideal.waits("pool", HALF, 2), ideal.waits("thread", HALF), "two workers are enough for two clients")
    expect(ideal.waits("handing", HOG, 2)["B"] <= 6, "a worker that is free")
    expect(ideal.waits("loop", HOG, 2)["B"] <= 4, "another loop")


def one_cpu(t):
    """At each moment one task works; a task does one thing after the other; who waits, waits for something."""
    ideal = Ideal()
    waits = {"one": {"a new client", "bytes of A", "bytes of B"}, "thread": {"a new client", "bytes of A", "bytes of B"},
             "loop": {"any of its clients"}, "busy": set(), "completion": {"completions"}}
    for kind, events in ((kind, events) for kind in KINDS for events in (HALF, HOG)):
        result = ideal.run(kind, events, 2 if kind in ("pool", "handing") else 1)
        busy = []
        for task in result["tasks"]:
            spans = task["spans"]
            expect(all(a["to"] == b["from"] for a, b in zip(spans, spans[1:])), f"{kind}: {spans}")
            busy += [at for s in spans if s["kind"] == "works" for at in range(s["from"], s["to"])]
        equal(len(busy), len(set(busy)), f"{kind}: tasks that work at one moment")
        found = {s["text"] for task in result["tasks"] for s in task["spans"] if s["kind"] == "waits"}
        equal(found, waits.get(kind, found), f"{kind}: what is waited for")
        expect(result["end"] < 100, f"{kind} ends at {result['end']}")


def kinds(t):
    """Each model of the suite has its machine."""
    ideal = Ideal()
    with open(os.path.join(ROOT, "scripts", "plots", "models.csv"), encoding="utf-8") as f:
        models = [line.split(",") for line in f.read().splitlines()[1:]]
    pools = ("prefork", "thread-pool")
    found = {name: ideal.browser.run("return ideal.machineOf(arguments[0])", {"name": name, "family": family,
                                                                             "workers": 2 if name in pools else 0})
             for name, kind, family in models if kind == "model"}
    loops = ("sigio", "select", "poll", "epoll-lt", "epoll-et", "epoll-multi", "coroutine", "libuv", "libev", "libevent")
    equal(found, {"iterative": "one", "fork": "process", "thread": "thread", "prefork": "pool", "thread-pool": "pool",
                  "nonblocking": "busy", "reactor-pool": "handing", "io-uring": "completion",
                  **{name: "loop" for name in loops}}, "machines")


def say(page, answers):
    """Answer what is asked, by the number keys, in the order of the models."""
    for name, answer in answers:
        number = page.browser.run("""const g = document.querySelector('.question.current');
            return [g.querySelector('strong').textContent, [...g.querySelectorAll('button')]
                .findIndex(b => b.lastChild.textContent.trim() === arguments[0]) + 1]""", answer)
        expect(number[0] == name and number[1] > 0, f"{number}, asked for {answer} of {name}")
        page.browser.press(str(number[1]))


def questions(t):
    """Keys alone: what is said before a step is judged by the recording, and counted."""
    page = made(t)
    b = page.browser
    equal(page.all(".question"), [], "asked before a step in which nothing happens")
    page.step_to(made_story.HALF_SENT)
    say(page, (("iterative", "bytes of one client"), ("thread", "a new client"), ("epoll-lt", "any of its clients")))
    equal((page.score(), page.all(".mark")), ("", []), "before the step")
    b.press("Backspace", "1")  # the last answer is another one: a new client, of epoll-lt
    page.step_to(made_story.RESTS)
    equal(page.score(), "2 of 3 right (iterative 1/1, thread 1/1, epoll-lt 0/1)", "score")
    equal(page.all("tr.now .mark"), ["✓ right: bytes of one client", "✓ right: a new client",
                                    "✗ you said: a new client; recorded: any of its clients"], "marks")
    b.press("ArrowLeft", "1", "ArrowRight")
    equal(page.score()[:12], "2 of 3 right", "what is known is not asked again")
    page.step_to(made_story.B_ASKS)
    # With the mouse: of iterative, that B has its answer; the others are left out.
    b.click(".question:nth-of-type(1) button:nth-of-type(2)")
    page.step_to(made_story.B_ANSWERED)
    equal(page.score(), "2 of 4 right (iterative 1/2, thread 1/1, epoll-lt 0/1)", "score")
    equal(page.all("tr.now .mark"), ["✗ you said: B; recorded: nobody"], "marks")
    page.step_to(made_story.A_ANSWERED - 1)
    # B waits as well in iterative, and is not served before A has closed.
    say(page, (("iterative", "A"), ("thread", "a task that began for A"), ("epoll-lt", "a task that was there before")))
    page.step_to(made_story.A_ANSWERED)
    equal(page.score(), "4 of 7 right (iterative 2/3, thread 2/2, epoll-lt 0/2)", "score")
    equal(page.all("tr.now .mark")[2], "✗ you said: a task that was there before; recorded: main, which serves all", "mark")
    page.quiet("answering")


def switched(t):
    """Play waits for the answers, unless nothing is asked; and nothing is asked where that is switched off."""
    page = made(t)
    b = page.browser
    waits = "return brakes.some(b => b())"
    equal(b.run(waits), False, "play waits though nothing is asked")
    page.step_to(made_story.HALF_SENT)
    equal((len(page.all(".question")), b.run(waits)), (3, True), "play goes past a question")
    b.press("1", "1", "1")
    equal(b.run(waits), False, "play waits for answers that are given")
    b.press("Backspace")
    b.click("#asks")
    equal((page.all(".question"), b.run(waits)), ([], False), "asked, though switched off")
    page.quiet("switching off")


def recorded(t):
    """Of a real recording: each question has a right answer among its choices, and the machines' first answers are the recorded
    ones."""
    page = traced(t)
    found = page.browser.run("""return told.models.map(m => [m.name, told.story.map((s, i) => question(m, i)).filter(q => q)
        .map(q => [q.text, q.choices[q.right]]), ideal.run(ideal.machineOf(m), ideal.eventsOf(told.story), m.workers).answers
        .slice(0, 4), m.rows.filter(r => r.answer).map(r => r.client).slice(0, 4)])""")
    for name, asked, computed, real in found:
        expect(len(asked) >= 4 and all(right for _, right in asked), f"{name}: {asked}")
        equal(computed, real, f"{name}: order of the first answers, computed and recorded")
    serves = {name: [right for text, right in asked if text == "Who serves A?"][:1] for name, asked, _, _ in found}
    equal(serves["thread"], ["a task that began for A"], "who serves A")
    equal(serves["epoll-lt"], ["main, which serves all"], "who serves A")
    rests = {name: {right for text, right in asked if "at rest" in text} for name, asked, _, _ in found}
    expect(rests["iterative"] <= {"a new client", "bytes of one client", "room to send to one client"} and
           rests["thread"] <= {"a new client"} and rests["epoll-lt"] <= {"any of its clients"}, rests)
    for width in (400, 1400):
        page.browser.width(width)
        equal(page.browser.run(WIDE), [0, []], f"wider than {width} pixels")
    page.quiet("a real recording")


RESULT = """return Object.fromEntries([...document.querySelectorAll('.block')].map(b => [b.querySelector('strong').textContent,
    b.querySelector('.result').textContent.trim()]))"""
EVENT = "const e = document.activeElement; return [+e.getAttribute('aria-valuenow'), e.getAttribute('aria-valuetext')]"


def moving(t):
    """An event moved by keys and by the mouse: the lanes are computed anew, and what changed is said."""
    page = made(t)
    b = page.browser
    first = b.run(RESULT)
    equal(sorted(first), sorted(MODELS), "blocks")
    equal(page.all(".block .title .computed"), ["computed"] * len(MODELS), "marked as computed")
    page.tab_to(made_story.REST_OF_IT)
    before = b.run(EVENT)[0]
    b.press(*["ArrowRight"] * 3)
    equal(b.run(EVENT), [before + 3, f"at {before + 3}, in the story at {before}"], "moved by keys")
    equal(b.run("return at"), 0, "the arrow keys of an event step through the story")
    # A's end does not have to make way yet: so nobody waits for A.
    equal(b.run(RESULT), first, "A sends later, and waits no longer")
    b.press(*["ArrowRight"] * 3)
    now = b.run(RESULT)
    equal([now[name] == first[name] for name in MODELS], [False, True, True], "what has changed")
    expect("B 15 (was 12)" in now["iterative"], now)
    told = page.all("#moved")[0]
    equal(told, f"Moved: {made_story.REST_OF_IT}, A close. Other waits for iterative.", "what is told")
    equal(b.run("return document.querySelectorAll('.event.moved').length"), 2, "A's end makes way")
    b.press("Escape")
    equal(b.run(EVENT)[0], before, "put back")
    b.press("ArrowLeft")
    b.click("#restore")
    equal(b.run(RESULT), first, "all as the story has it")
    # The hog's request, by the mouse.
    hog = '.event[aria-label="A get /cpu/20000"]'
    b.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center', inline: 'center'})", hog)
    b.drag(hog, 60)
    equal(b.run("return document.querySelector(arguments[0]).getAttribute('aria-valuetext')", hog),
          "at 32, in the story at 27", "moved by the mouse")
    expect("B 1 (was 10)" in b.run(RESULT)["epoll-lt"], b.run(RESULT))
    page.quiet("moving events")


def looks(t):
    """Two schemes, two widths: nothing scrolls sideways but what is made for it."""
    page = made(t)
    b = page.browser
    papers = set()
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        papers.add(b.run(PAPER))
        for width in (400, 1400):
            b.width(width)
            equal(b.run(WIDE), [0, []], f"wider than {width} pixels")
    equal(len(papers), 2, "one paper for both schemes")
    page.quiet("looking")


def accessible(t):
    if not os.path.exists(AXE):
        raise tap.Skip("no axe-core here: scripts/setup --with-browser installs it")
    page = made(t)
    b = page.browser
    page.step_to(made_story.HALF_SENT)
    b.press("1", "1", "1", "ArrowRight")
    page.tab_to("A connect")
    b.press(*["ArrowRight"] * 5)
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        equal(axe(b), [], f"axe-core, {scheme}")


TESTS = [
    ("stepper: the ideal machines", machines, 120),
    ("stepper: ideal machines have one CPU", one_cpu, 120),
    ("stepper: each model has its machine", kinds, 120),
    ("stepper: questions before a step, by keys and mouse", questions, 120),
    ("stepper: play waits for answers, and questions are switched off", switched, 120),
    ("stepper: what is right was recorded", recorded, 120),
    ("stepper: an event is moved", moving, 120),
    ("stepper: two widths, two schemes", looks, 120),
    ("stepper: axe-core finds nothing serious", accessible, 120),
]

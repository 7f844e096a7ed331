"""The page as a reader uses it."""

import os

import tap
from browser import reports
from browser.webdriver import Browser
from driver.bench import ROOT, equal, expect

AXE = os.path.join(ROOT, "build-browser", "node_modules", "axe-core", "axe.min.js")

# The rows of the heat map as they are seen: the name, the mean, the cells.
ROWS = """return [...document.querySelectorAll('table.heat')].filter(t => !t.parentElement.hidden)
    .flatMap(t => [...t.tBodies[0].rows]).filter(r => !r.hidden)
    .map(r => [r.cells[0].querySelector('a').textContent, ...[...r.cells].slice(1)
        .filter(c => !c.hidden).map(c => c.textContent)])"""
COLUMNS = "return [...document.querySelectorAll('table.heat th[data-c]')].filter(h => !h.hidden).map(h => +h.dataset.c)"
FOCUS = "const e = document.activeElement; return [e.tagName, e.textContent, e.getAttribute('aria-label')]"


class Page:
    """A report in the browser that all tests share, one after the other."""

    _browser = None

    def __init__(self, address, view=""):
        if Page._browser is None:
            Page._browser = Browser()
        self.browser = Page._browser
        self.browser.width(1400)
        self.browser.scheme("light")
        self.address = address
        self.go(view)

    @classmethod
    def close(cls):
        if cls._browser:
            cls._browser.close()

    def go(self, view=""):
        self.browser.log("browser")
        self.browser.requests()
        self.browser.open(self.address + view)
        whole = self.browser.run_async("""const done = arguments[0], all = document.documentElement;
            if ('whole' in all.dataset) done(true);
            new MutationObserver(() => done(true)).observe(all, {attributeFilter: ['data-whole']})""")
        expect(whole, "the sections are not there")

    def rows(self):
        return self.browser.run(ROWS)

    def names(self):
        return [row[0] for row in self.rows()]

    def choose(self, label, value):
        """Choose in one of the lists above the heat map."""
        done = self.browser.run("""const select = [...document.querySelectorAll('#controls label')]
            .find(l => l.textContent.trim().startsWith(arguments[0])).querySelector('select');
            const option = [...select.options].find(o => o.textContent === arguments[1]);
            if (option) { select.value = option.value; select.dispatchEvent(new Event('change')); }
            return Boolean(option)""", label, value)
        expect(done, f"no {value} in {label}")

    def quiet(self, what):
        """Nothing in the console, and nothing asked of a network."""
        equal([e["message"] for e in self.browser.log("browser")], [], f"in the console, {what}")
        # What the browser has of its own comes from no network.
        asked = [u for u in self.browser.requests() if u != self.address.split("#")[0] and
                 not u.startswith(("about:", "chrome:", "data:"))]
        equal(asked, [], f"requests, {what}")


def compare_and_filter(t):
    """Ratios by block as the driver makes them; families, models and columns go, and the rest is ranked anew."""
    page = Page(reports.two_runs(t))
    b = page.browser
    # One column stands for a run: that of 64 connections.
    equal(sorted(page.rows()), [["epoll-lt", "1.00", "1.00", "1.00"], ["fork", "0.50", "0.50", "0.50"],
                                ["libuv", "1.00", "1.00", "1.00"], ["poll", "0.90", "0.90", "0.90"],
                                ["select", "0.80", "0.80", "0.80"]], "relative to the fastest")
    equal(page.names()[2:], ["poll", "select", "fork"], "order")
    page.choose("compare with", "poll")
    cells = {row[0]: row[2:] for row in page.rows()}
    equal(cells, {"poll": ["1", "1"], "epoll-lt": ["▲ 1.11"] * 2, "libuv": ["▲ 1.11"] * 2,
                  "select": ["▼ 0.89"] * 2, "fork": ["▼ 0.56"] * 2}, "compared with poll")
    page.choose("compare with", "epoll-lt")
    cells = {row[0]: row[2:] for row in page.rows()}
    equal(cells["libuv"], ["= 1.00"] * 2, "what is not told apart")
    coloured = b.run("return document.querySelectorAll('table.heat td.more, table.heat td.less').length")
    equal(coloured, 3 * 6, "coloured cells, those of libuv not among them")
    page.choose("compare with", "the fastest")
    b.click("tr[data-m] .drop[aria-label='drop epoll-lt']")
    b.click("tr[data-m] .drop[aria-label='drop libuv']")
    ranked = [(row[0], float(row[1])) for row in page.rows()]
    equal([name for name, _ in ranked], ["poll", "select", "fork"], "ranked anew")
    for (name, mean), wanted in zip(ranked, (1, 8 / 9, 5 / 9)):
        expect(abs(mean - wanted) < 0.011, f"{name}: {mean}, not {wanted}")
    b.click("#controls fieldset label:nth-of-type(1) input")
    equal(page.names(), ["fork"], "of one family")
    b.run("document.querySelector('#controls > button').click()")
    equal(len(page.names()), 5, "all again")
    b.run("document.querySelectorAll('#controls > label input')[0].click()")
    equal(len(b.run(COLUMNS)), 6, "every point")
    falls = [row for row in page.rows() if row[0] == "select"]
    equal(falls[0][-1], "0.20", "select at the end of the second run")
    b.click("th .drop[aria-label='drop second/http/256']")
    equal(b.run(COLUMNS), [0, 1, 2, 3, 4], "columns")
    page.quiet("comparing and filtering")


def links(t):
    """The view is in the address, and an address brings the view back."""
    page = Page(reports.two_runs(t), "#overview?compare=poll&drop=fork&every=yes")
    b = page.browser
    equal(sorted(page.names()), ["epoll-lt", "libuv", "poll", "select"], "rows")
    equal([len(b.run(COLUMNS)), page.rows()[0][2][0]], [6, "▲"], "every point, compared")
    page.choose("compare with", "libuv")
    hash_ = b.run("return location.hash")
    page.go(hash_)
    equal(b.run("return document.querySelector('#controls select').selectedOptions[0].textContent"), "libuv", hash_)
    page.go("#model-poll")
    top = b.run("return document.getElementById('model-poll').getBoundingClientRect().top")
    expect(-5 < top < 900, f"model-poll is at {top}")
    bad = b.run("""return [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
        .filter(id => !document.getElementById(id))""")
    equal(bad, [], "links to nothing")
    page.quiet("deep links")


def sorting(t):
    """Any table by any column, figures by their value with its unit."""
    page = Page(reports.two_runs(t))
    b = page.browser
    cells = """const t = document.querySelector('#model-poll table');
        return [...t.tBodies[0].rows].map(r => r.cells[5].textContent)"""
    press = "document.querySelectorAll('#model-poll thead button')[5].click()"

    def micros(text):
        value, unit = text.split()
        return float(value) * {"us": 1, "µs": 1, "ms": 1e3, "s": 1e6}[unit]

    b.run(press)
    down = [micros(x) for x in b.run(cells)]
    b.run(press)
    up = [micros(x) for x in b.run(cells)]
    equal((down, up), (sorted(down, reverse=True), sorted(up)), "sorted by p50")
    expect(len({x.split()[1] for x in b.run(cells)}) > 1, f"all of one unit: {b.run(cells)}")
    equal(b.run("return document.querySelectorAll('#model-poll th')[5].getAttribute('aria-sort')"), "ascending", "told")
    b.click("th[data-c] .sort[aria-label='sort by first/http/64']")
    first = page.names()[:2]
    b.click("th[data-c] .sort[aria-label='sort by first/http/64']")
    equal((set(first), page.names()[0]), ({"epoll-lt", "libuv"}, "fork"), "sorted by a column")
    page.quiet("sorting")


def by_keyboard(t):
    """All of it with keys alone: to a cell, from cell to cell with its figures told, and to a button."""
    page = Page(reports.two_runs(t))
    b = page.browser
    stops = []
    while not stops or (stops[-1][0] != "TD" and len(stops) < 60):
        b.press("Tab")
        stops.append(b.run(FOCUS))
    kinds = [kind for kind, _, _ in stops]
    expect(kinds[0] == "A" and "SELECT" in kinds and "INPUT" in kinds, f"stops of the Tab key: {stops}")
    equal(kinds[-1], "TD", f"the last of {stops}")
    b.press("ArrowDown", "ArrowDown", "ArrowRight")
    told = b.run("return document.getElementById('cell').textContent")
    expect(told.startswith("poll, http, second, connections = 64: ") and "requests/s [" in told, told)
    lit = b.run("""return [...document.querySelectorAll('.lit')].map(x => x.dataset.name || x.dataset.c ||
        x.querySelector('a').textContent)""")
    expect({"poll", "4"} <= set(lit), f"highlighted: {lit}")
    b.press("ArrowUp", "ArrowUp")
    while b.run(FOCUS)[2] != "drop poll":
        b.press("Tab")
        expect(b.run(FOCUS)[0] != "BODY", "no button to drop poll")
    b.press("Enter")
    expect("poll" not in page.names(), f"still there: {page.names()}")
    b.hover("table.heat tr[data-m]:not([hidden]) td[data-c='1']")
    expect(b.run("return document.querySelectorAll('tr.lit').length") > 0, "nothing is highlighted under the mouse")
    page.quiet("by keyboard")


PAPER = "return getComputedStyle(document.body).backgroundColor"
# How many pixels are beside the window, and what reaches there.
WIDE = """const w = document.documentElement.clientWidth, more = document.documentElement.scrollWidth - w;
    return [more, more === 0 ? [] : [...document.body.querySelectorAll('*')]
        .filter(e => e.getBoundingClientRect().right > w + 1 && !e.closest('.scroll, .picture'))
        .slice(0, 5).map(e => e.outerHTML.slice(0, 90))]"""


def axe(b):
    """What axe-core finds that is serious or worse (https://github.com/dequelabs/axe-core)."""
    if not b.run("return typeof axe !== 'undefined'"):
        with open(AXE, encoding="utf-8") as f:
            b.run(f.read())
    found = b.run_async("""const done = arguments[arguments.length - 1];
        axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations), e => done(String(e)))""")
    expect(isinstance(found, list), found)
    return [(v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"]) for v in found
            if v["impact"] in ("serious", "critical")]


def looks(t):
    """The committed run in both schemes and at two widths: nothing scrolls sideways, nothing is unreadable."""
    page = Page(reports.reference(t))
    b = page.browser
    papers = {}
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        papers[scheme] = b.run(PAPER)
    for width in (400, 1400):
        b.width(width)
        equal(b.run(WIDE), [0, []], f"wider than {width} pixels")
    expect(papers["light"] != papers["dark"], papers)
    page.choose("colours", "light")
    equal(b.run(PAPER), papers["light"], "chosen: light, where the system is dark")
    page.choose("colours", "dark")
    b.scheme("light")
    equal(b.run(PAPER), papers["dark"], "chosen: dark, where the system is light")
    equal(b.run("return document.querySelectorAll('figure svg').length"), 16, "pictures")
    page.quiet("looking")


def accessible(address):
    if not os.path.exists(AXE):
        raise tap.Skip("no axe-core here: scripts/setup --with-browser installs it")
    page = Page(address)
    for scheme in ("light", "dark"):
        page.browser.scheme(scheme)
        equal(axe(page.browser), [], f"axe-core, {scheme}")


def accessible_small(t):
    accessible(reports.two_runs(t))


def accessible_whole(t):
    """The committed run, whose tables have thousands of cells."""
    accessible(reports.reference(t))


WHOLE = [("browser: axe-core finds nothing serious in the committed run", accessible_whole, 600)]

TESTS = [
    ("browser: compare, filter, drop and rank anew", compare_and_filter, 120),
    ("browser: the view is in the address", links, 120),
    ("browser: tables are sorted by any column", sorting, 120),
    ("browser: all with the keyboard alone", by_keyboard, 120),
    ("browser: two widths, two schemes", looks, 240),
    ("browser: axe-core finds nothing serious", accessible_small, 240),
]

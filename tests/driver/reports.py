"""A report of several runs: one page, whose links lead to the files of each run."""

import collections
import os

from driver.bench import Bench, equal, expect
from driver.made_run import MadeRun
from driver.whole import Page


def page_at(place):
    page = Page()
    with open(os.path.join(place, "report.html"), encoding="utf-8") as f:
        page.feed(f.read())
    equal([i for i, n in collections.Counter(page.ids).items() if n > 1], [], "ids used twice")
    equal(page.references - set(page.ids), set(), "references to no id")
    equal(page.loads, [], "what the page loads from elsewhere")
    equal([x for x in sorted(page.links) if not os.path.exists(os.path.join(place, x))], [], "links to no file")
    return page


def several(t):
    """The directory of all runs, in their order; and runs named one by one, told where the page is to be."""
    b = Bench(t, models=())
    MadeRun(b, "all/b 1%", lambda *_: 1e5, scenario="alpha")
    MadeRun(b, "all/a", lambda *_: 1e5, scenario="alpha", models=("select", "thread"))
    top = os.path.join(b.dir, "all")
    for i, name in enumerate(("b 1%", "a")):
        os.utime(os.path.join(top, name, "scenario.ini"), (1000 + i, 1000 + i))
    out, _ = b.call("report", top)
    equal(out, f"{top}/report.html\n", "where it is")
    page = page_at(top)
    equal([i for i in page.ids if i.startswith("scenario-")], ["scenario-alpha", "scenario-alpha-2"], "sections")
    expect({"b%201%25/trials.csv", "a/trials.csv"} <= page.hrefs, f"links: {page.hrefs}")
    expect({"model-poll", "model-thread"} <= set(page.ids), "a section a model")
    with open(os.path.join(top, "report.md"), encoding="utf-8") as f:
        text = f.read()
    expect("- alpha-2, http: " in text and "## alpha-2\n" in text, text)
    out, _ = b.call("report", "--markdown", top)
    equal(out, text, "--markdown")
    runs = [os.path.join(top, name) for name in ("a", "b 1%")]
    _, err = b.call("report", *runs, status=2)
    expect("--out" in err, err)
    elsewhere = os.path.join(b.dir, "page")
    os.mkdir(elsewhere)
    b.call("report", "--out", elsewhere, *runs)
    expect("../all/a/trials.csv" in page_at(elsewhere).hrefs, "links from elsewhere")
    _, err = b.call("report", elsewhere, status=1)
    expect("environment.json" in err, err)


TESTS = [("report: several runs on one page", several, 120)]

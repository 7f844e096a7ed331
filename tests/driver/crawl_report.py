"""The report of iomodels crawl, and what is read back of a run."""

import html
import os
import re
import shutil

import tap
from driver import made_crawl
from driver.bench import Bench, equal, expect
from driver.made_run import MadeRun


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def cells(text, client):
    """Of the first row of that client in the tables of a page."""
    found = re.search(rf"<tr[^>]*><td class=\"left\">{re.escape(client)}</td>(.*?)</tr>", text)
    expect(found, f"no row of {client}")
    return [html.unescape(x) for x in re.findall(r"<td[^>]*>(.*?)</td>", found[1])]


def page_of_a_run(t):
    """What was found, the pairs of first and tuned, all clients, and what is marked; also as text and Markdown."""
    b = Bench(t, models=())
    place = made_crawl.make(b, "run", made_crawl.ROWS)
    out, _ = b.call("report", place)
    equal(out, f"{place}/report.html\n", "said")
    page = read(place, "report.html")
    for words in ("<title>iomodels: crawl</title>", "Which &lt;way&gt; &amp; why?", "A CPU of 1 GHz",
                  "At 10 at once 3 of 3 clients reach 90 % of the best time",
                  "At 100 at once 1 of 2 clients reach 90 % of the best time", "As first written, and tuned",
                  made_crawl.LIMIT, "href=\"crawl.csv\""):
        expect(words in page, f"no '{words}' on the page")
    expect("No pictures" in page and "{" not in page.split("<main>")[1].split("<script")[0], "a name in braces")
    pair = cells(page, "aiohttp-client")
    equal(pair, ["100", "3.00 s", "1.50 s", "0.333", "0.667", "800 µs", "420 µs", "2000", "100", "100", "100"], "pair")
    equal(cells(page, "aiohttp-client (first)")[1:4], ["3.00 s", "0.333", "800 µs"], "as first written")
    equal(cells(page, "epoll")[:3], ["200", "1.00 s", "0.998"], "epoll at 10")
    text, _ = b.call("report", "--text", place)
    expect("100 at once" in text and "At 100 at once 1 of 2" in text, text)
    markdown, _ = b.call("report", "--markdown", place)
    equal(markdown, read(place, "report.md"), "report.md")
    expect("- crawl: At 10 at once" in markdown and "| aiohttp-client (first) |" in markdown, markdown)


def beside_other_runs(t):
    """Sections of crawl stand behind the runs of models on one page, and have names of their own."""
    b = Bench(t, models=())
    MadeRun(b, "all/models", lambda model, connections, block: 1e5, models=("epoll-lt",), connections=(1, 64))
    first = made_crawl.make(b, "all/a", made_crawl.ROWS)
    second = made_crawl.make(b, "all/b", made_crawl.ROWS[:3])
    b.call("report", "--out", b.dir, first, second, os.path.join(b.dir, "all", "models"))
    page = read(b.dir, "report.html")
    sections = re.findall(r"<section class=\"run\" id=\"scenario-([^\"]*)\"", page)
    equal(sections[1:], ["crawl", "crawl-2"], "sections behind that of the run")
    expect("id=\"overview\"" in page and "href=\"#scenario-crawl-2\"" in page, "overview, contents")
    expect("href=\"all/a/crawl.csv\"" in page and "href=\"all/b/crawl.csv\"" in page, "links to the data")
    b.call("report", os.path.join(b.dir, "all"))
    equal(sorted(re.findall(r"id=\"scenario-([^\"]*)\"", read(b.dir, "all", "report.html"))), sorted(sections),
          "of the directory of all")


def pictures_again(t):
    if not shutil.which("gnuplot"):
        raise tap.Skip("no gnuplot here")
    b = Bench(t, models=(), pictures=True)
    place = made_crawl.make(b, "run", made_crawl.ROWS)
    b.call("plot", place)
    b.call("report", place)
    page = read(place, "report.html")
    for name in ("crawl_efficiency", "crawl_cpu", "crawl_time", "crawl_cost"):
        expect(f"<figure id=\"figure-{name}\">" in page, f"no {name}")
    data = read(place, "plots", "crawl_cost.tsv").splitlines()
    expect("aiohttp-client\t800\t420" in data and "epoll\t\t20" in data, data)
    expect(not any(line.startswith("httpx") for line in data), "what is INVALID is drawn")
    expect("CPU of the client per request, 100 requests at once" in read(place, "plots", "crawl_cost.svg"), "title")


def damaged(t):
    """What no run writes is refused, with file and line; a row that was cut off is passed over."""
    b = Bench(t, models=())
    for i, (old, new, says) in enumerate((
            (",tuned,", ",best,", "crawl.csv:2: way = 'best'"), (",ok,valid,", ",ok,good,", "crawl.csv:2: verdict = 'good'"),
            (",10,200,", ",-10,200,", "crawl.csv:2: concurrency = '-10'"), ("1.002", "soon", "crawl.csv:2: wall_s = 'soon'"),
            ("efficiency", "efficient", "has no column efficiency"))):
        place = made_crawl.make(b, f"run{i}", made_crawl.ROWS)
        path = os.path.join(place, "crawl.csv")
        text = read(path)
        expect(old in text, old)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))
        _, err = b.call("report", place, status=1)
        expect(says in err and err.count("\n") == 1, f"'{err}' does not say '{says}'")
    place = made_crawl.make(b, "cut", made_crawl.ROWS)
    path = os.path.join(place, "crawl.csv")
    text = read(path)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text[:-20])
    b.call("report", place)
    expect("aiohttp-client (first)" not in read(place, "report.html"), "the row that was cut off")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.splitlines()[0] + "\n")
    _, err = b.call("report", place, status=1)
    expect("has no row" in err, err)


TESTS = [("report of crawl: findings, pairs, tables, marks", page_of_a_run, 60),
         ("report of crawl: beside other runs on one page", beside_other_runs, 60),
         ("report of crawl: pictures drawn again", pictures_again, 60),
         ("report of crawl: a damaged file", damaged, 60)]

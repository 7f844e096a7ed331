"""The report of iomodels crawl as a reader uses it."""

import os
import shutil

from browser import page as browser_page
from browser.page import Page
from driver import made_crawl
from driver.bench import Bench, equal, expect

# Of the table below the heading "100 at once": the clients, and what one column has.
TABLE = """const heading = [...document.querySelectorAll('h4')].find(h => h.textContent === '100 at once');
    const table = heading.nextElementSibling.querySelector('table');"""
COLUMN = TABLE + "return [...table.tBodies[0].rows].map(r => r.cells[arguments[0]].textContent)"
PRESS = TABLE + "table.tHead.querySelectorAll('button')[arguments[0]].click()"
CPU = 4


def report(t):
    b = Bench(t, models=(), pictures=True)
    place = made_crawl.make(b, "run", made_crawl.ROWS)
    if shutil.which("gnuplot"):
        b.call("plot", place)
    b.call("report", place)
    return "file://" + os.path.join(place, "report.html")


def used(t):
    """Sorted by a column, a link to the section, both schemes, two widths; and nothing is asked of a network."""
    page = Page(report(t))
    b = page.browser
    b.run(PRESS, CPU)
    equal(b.run(COLUMN, 0), ["aiohttp-client (first)", "aiohttp-client", "epoll", "httpx"], "most CPU time first")
    b.run(PRESS, CPU)
    equal(b.run(COLUMN, 0), ["httpx", "epoll", "aiohttp-client", "aiohttp-client (first)"], "least first")
    b.run(PRESS, 0)
    equal(b.run(COLUMN, 0)[0], "httpx", "by name")
    if shutil.which("gnuplot"):
        equal(b.run("return document.querySelectorAll('figure svg').length"), 4, "pictures")
    page.choose("colours", "system")  # whatever another page has left
    papers = []
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        papers.append(b.run(browser_page.PAPER))
    expect(papers[0] != papers[1], papers)
    for width in (400, 1400):
        b.width(width)
        equal(b.run(browser_page.WIDE), [0, []], f"wider than {width} pixels")
    bad = b.run("""return [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
        .filter(id => !document.getElementById(id))""")
    equal(bad, [], "links to nothing")
    page.go("#scenario-crawl")
    top = b.run("return document.getElementById('scenario-crawl').getBoundingClientRect().top")
    expect(-5 < top < 900, f"the section is at {top}")
    page.quiet("the report of crawl")


def accessible(t):
    browser_page.accessible(report(t))


TESTS = [("browser: the report of crawl, sorted and looked at", used, 240),
         ("browser: axe-core finds nothing serious in the report of crawl", accessible, 240)]

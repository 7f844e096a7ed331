"""The slides of docs/course as a teacher shows them."""

import base64
import os
import re
import shutil
import subprocess
import tempfile

import tap
from browser.page import AXE, Page, axe
from browser.webdriver import Browser
from driver.bench import ROOT, equal, expect

# What is wrong with the slides, from the first to the last: words, none where nothing is.
FAULTS = """const found = [], sections = [...document.querySelectorAll('section')], next = document.getElementById('next');
    const width = document.documentElement.clientWidth, height = window.innerHeight;
    sections.forEach((slide, at) => {
        const say = text => found.push(`slide ${at + 1}: ${text}`);
        const shown = sections.filter(s => s.offsetHeight);
        if (shown.length !== 1 || shown[0] !== slide) say(`${shown.length} slides are shown`);
        if (document.documentElement.scrollWidth > width) say('the page is wider than the window');
        const nav = document.querySelector('nav').getBoundingClientRect();
        if (slide.getBoundingClientRect().bottom > nav.top + 1) say('the slide lies below the buttons');
        if (nav.bottom > height + 1) say('the buttons are out of the window');
        const parts = [...slide.children].filter(e => e.offsetHeight).map(e => [e, e.getBoundingClientRect()]);
        if (parts.length < 2) say('it is empty');
        parts.forEach(([e, box], i) => {
            if (box.left < 0 || box.right > width + 1) say(e.tagName + ' reaches out of the window');
            if (i && box.top < parts[i - 1][1].bottom - 1) say(e.tagName + ' lies on ' + parts[i - 1][0].tagName);
            if (parseFloat(getComputedStyle(e).fontSize) < 13) say(e.tagName + ' is too small to read');
            if (e.scrollWidth > e.clientWidth + 1 && !['auto', 'scroll'].includes(getComputedStyle(e).overflowX))
                say(e.tagName + ' is wider than its place');
        });
        for (const picture of slide.querySelectorAll('img')) {
            if (!picture.naturalWidth) say('a picture is not there');
            if (picture.clientWidth < 900) say('a picture is too small to read');
        }
        next.click();
    });
    return found"""
PLACE = "return document.getElementById('place').textContent"


class Slides:
    """The page of scripts/slides, in the browser of the other tests."""

    def __init__(self, t):
        self.folder = tempfile.mkdtemp(prefix="iomodels-slides-")
        t.defer(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        path = os.path.join(self.folder, "slides.html")
        subprocess.run([os.path.join(ROOT, "scripts", "slides"), "-o", path], check=True, stdout=subprocess.DEVNULL)
        if Page._browser is None:
            Page._browser = Browser()
        self.browser = Page._browser
        self.browser.width(1400)
        self.browser.scheme("light")
        self.browser.log("browser")
        self.browser.requests()
        self.address = "file://" + path
        self.browser.open(self.address)

    def count(self):
        return self.browser.run("return document.querySelectorAll('section').length")


def by_keyboard(t):
    slides = Slides(t)
    b, last = slides.browser, slides.count()
    expect(last > 30, f"{last} slides")
    for key, place in (("ArrowLeft", 1), ("ArrowRight", 2), ("Space", 3), ("ArrowLeft", 2), ("End", last), ("ArrowRight", last),
                       ("Home", 1)):
        b.press(key)
        equal(b.run(PLACE), f"{place} of {last}", f"after {key}")
    b.click("#next")
    equal(b.run("return location.hash"), "#2", "the slide in the address")
    b.open(slides.address + "#7")
    equal(b.run(PLACE), f"7 of {last}", "opened at a slide")
    notes = "return [...document.querySelectorAll('.notes')].filter(e => e.offsetHeight).length"
    equal(b.run(notes), 0, "notes that are shown")
    b.press("n")
    equal(b.run(notes), 1, "notes that are shown after n")


def looks(t):
    """Each slide at two widths, with its notes, in both schemes."""
    slides = Slides(t)
    b, last = slides.browser, slides.count()
    for width, scheme in ((1400, "light"), (400, "dark")):
        b.width(width)
        b.scheme(scheme)
        b.open(slides.address)
        b.press("n")
        equal(b.run(FAULTS), [], f"at {width} pixels")
        equal(b.run(PLACE), f"{last} of {last}", "the slide after all buttons")
    papers = []
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        papers.append(b.run("return getComputedStyle(document.body).backgroundColor"))
    expect(papers[0] != papers[1], f"both schemes have the paper {papers[0]}")
    equal([e["message"] for e in b.log("browser")], [], "in the console")
    asked = [u for u in b.requests() if not u.startswith((slides.address, "about:", "data:"))]
    equal(asked, [], "asked of a network")


def prints(t):
    """A page of paper for each slide."""
    slides = Slides(t)
    data = slides.browser.chrome("Page.printToPDF", preferCSSPageSize=True)["data"]
    pages = len(re.findall(rb"/Type */Page\b", base64.b64decode(data)))
    equal(pages, slides.count(), "pages of paper")


def accessible(t):
    """What axe-core finds in a slide with a table, and in one with a ladder."""
    if not os.path.exists(AXE):
        raise tap.Skip("no axe-core here: scripts/setup --with-browser installs it")
    slides = Slides(t)
    for scheme, kind in (("light", "table"), ("dark", "img")):
        slides.browser.scheme(scheme)
        place = slides.browser.run("""return 1 + [...document.querySelectorAll('section')]
            .findIndex(s => s.querySelector(arguments[0]))""", kind)
        slides.browser.open(f"{slides.address}#{place}")
        slides.browser.press("n")
        equal(axe(slides.browser), [], f"axe-core, slide {place}, {scheme}")


TESTS = [
    ("slides: with the keyboard alone", by_keyboard, 120),
    ("slides: two widths, two schemes, no network", looks, 240),
    ("slides: printed, a page for each", prints, 120),
    ("slides: axe-core finds nothing serious", accessible, 120),
]

"""The slides of docs/course as a teacher shows them."""

import base64
import os
import re
import shutil
import subprocess
import tempfile

from browser.page import Page
from browser.webdriver import Browser
from driver.bench import ROOT, equal, expect

# What is wrong with the slide that is shown: words, empty where nothing is.
FAULTS = """const found = [], shown = [...document.querySelectorAll('section')].filter(s => s.offsetParent || s.offsetHeight);
    if (shown.length !== 1) return [shown.length + ' slides are shown'];
    const width = document.documentElement.clientWidth, height = window.innerHeight;
    if (document.documentElement.scrollWidth > width) found.push('the page is wider than the window');
    const nav = document.querySelector('nav').getBoundingClientRect(), slide = shown[0].getBoundingClientRect();
    if (slide.bottom > nav.top + 1) found.push('the slide lies below the buttons');
    if (nav.bottom > height + 1) found.push('the buttons are out of the window');
    const parts = [...shown[0].children].filter(e => e.offsetHeight).map(e => [e, e.getBoundingClientRect()]);
    if (!parts.length) found.push('the slide is empty');
    parts.forEach(([e, box], i) => {
        if (box.left < 0 || box.right > width + 1) found.push(e.tagName + ' reaches out of the window');
        if (i && box.top < parts[i - 1][1].bottom - 1) found.push(e.tagName + ' lies on ' + parts[i - 1][0].tagName);
        if (parseFloat(getComputedStyle(e).fontSize) < 13) found.push(e.tagName + ' is too small to read');
        if (e.scrollWidth > e.clientWidth + 1 && !['auto', 'scroll'].includes(getComputedStyle(e).overflowX))
            found.push(e.tagName + ' is wider than its place');
    });
    for (const picture of shown[0].querySelectorAll('img')) {
        if (!picture.naturalWidth) found.push('a picture is not there');
        if (picture.clientWidth < 900) found.push('a picture is too small to read');
    }
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
        for place in range(1, last + 1):
            equal(b.run(PLACE), f"{place} of {last}", "the slide")
            equal(b.run(FAULTS), [], f"slide {place} at {width} pixels")
            b.press("ArrowRight")
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


TESTS = [
    ("slides: with the keyboard alone", by_keyboard, 120),
    ("slides: two widths, two schemes, no network", looks, 240),
    ("slides: printed, a page for each", prints, 120),
]

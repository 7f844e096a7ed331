"""Files that documents and comments name, and that are not in the tree."""

import fnmatch
import glob
import os
import re

ROOMS = ("bench", "clients", "common", "docs", "loadgen", "manual", "scripts", "servers", "tests")
SOURCES = ("c", "h", "S", "py", "sh", "gp")
# A path from the root; a file of sources by its name alone, or by the end of its path.
FROM_ROOT = re.compile(rf"(?<![\w./-])(?:{'|'.join(ROOMS)})/[\w./*-]*[\w*]")
ALONE = re.compile(rf"(?<![\w./<>*{{\w}}-])[\w*][\w/*-]*\.(?:{'|'.join(SOURCES)})\b(?!\()")
LINK = re.compile(r"\]\(([^)\s#]*)(#[^)\s]*)?\)")
# A name that its reader puts in.
TO_BE_FILLED_IN = re.compile(r"\b(NAME|DATE|DIR|FILE|MODEL)\b")


def everything(root):
    """All paths of files in the rooms and beside them, from the root."""
    found = [n for n in os.listdir(root) if os.path.isfile(os.path.join(root, n))]
    for room in ROOMS:
        for folder, _, names in os.walk(os.path.join(root, room)):
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return found


def is_left_out(root, path):
    """A copy of the tree may come without what was measured."""
    results = os.path.join(root, "results")
    return os.path.normpath(path).startswith(os.path.normpath(results)) and \
        not os.path.exists(results)


def anchors(text):
    """What GitHub makes of the headings of a document."""
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    return {"#" + re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def missing_links(root, document, text):
    """Links of a document that lead to no file, or to no heading of that file."""
    for target, anchor in LINK.findall(text):
        if ":" in target:
            continue
        path = os.path.normpath(os.path.join(root, os.path.dirname(document), target)) if target \
            else os.path.join(root, document)
        if is_left_out(root, path):
            continue
        if not os.path.exists(path):
            yield target
        elif anchor and path.endswith(".md"):
            with open(path, encoding="utf-8") as f:
                if anchor not in anchors(f.read()):
                    yield target + anchor


def missing_names(root, text, files):
    """Files that a text names and that are not among `files`."""
    for name in FROM_ROOT.findall(text):
        if not TO_BE_FILLED_IN.search(name) and not glob.glob(os.path.join(root, name)):
            yield name
    for name in ALONE.findall(text):
        if name.split("/")[0] not in ROOMS and not fnmatch.filter(files, "*/" + name):
            yield name


def comments_of_c(text):
    """The comments, without the headers of the system that they name."""
    comments = "\n".join(re.findall(r"/\*.*?\*/|//[^\n]*", text, re.S))
    for header in re.findall(r"#include <([^>]*)>", text):
        comments = comments.replace(header, "")
    return re.sub(r"\b(include|linux|net)/[\w/.-]+", "", comments)


def missing(root):
    """One line for each name in a document, or in a comment of C, of a file that is not there."""
    files = everything(root)
    for path in files + ["results/README.md"]:
        if path.endswith((".md", ".c", ".h", ".S")) and \
                not is_left_out(root, os.path.join(root, path)):
            with open(os.path.join(root, path), encoding="utf-8") as f:
                text = f.read()
            found = list(missing_names(root, text if path.endswith(".md") else comments_of_c(text),
                                       files))
            if path.endswith(".md"):
                found += missing_links(root, path, text)
            yield from (f"{path}: {name}" for name in dict.fromkeys(found))

"""Files under --root: what is there is served, and nothing else."""

import os
import random
import shutil
import tempfile

from lib.suite import check

BIG = random.Random(3).randbytes(3000000)
SECRET = b"not for you\n"
FILES = {
    "file.txt": b"plain text\n",
    "empty.txt": b"",
    "page.html": b"<!doctype html><p>page\n",
    "style.css": b"p { color: red }\n",
    "code.js": b"let a = 1;\n",
    "data.json": b"{}\n",
    "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>\n",
    "picture.png": b"\x89PNG\r\n\x1a\n\0\0",
    "unknown.xyz": b"\0\1\2\3",
    "noextension": b"no extension\n",
    "with space.txt": b"a space\n",
    "ünicode.txt": b"an umlaut\n",
    "percent%41.txt": b"a percent sign\n",
    "big.bin": BIG,
    "sub/index.html": b"<!doctype html><p>index\n",
    "sub/deeper/file.txt": b"deeper\n",
}
TYPES = {"page.html": ("text/html",), "style.css": ("text/css",),
         "code.js": ("text/javascript", "application/javascript"),
         "data.json": ("application/json",), "picture.svg": ("image/svg+xml",),
         "picture.png": ("image/png",), "file.txt": ("text/plain",),
         "unknown.xyz": ("application/octet-stream",)}


def make_root(s):
    top = tempfile.mkdtemp(prefix="iomodels-root-")
    s.t.defer(lambda: shutil.rmtree(top, ignore_errors=True))
    root = os.path.join(top, "root")
    for name, content in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content)
    with open(os.path.join(top, "secret.txt"), "wb") as f:
        f.write(SECRET)
    os.mkdir(os.path.join(top, "rootkit"))
    with open(os.path.join(top, "rootkit", "secret.txt"), "wb") as f:
        f.write(SECRET)
    os.symlink(os.path.join(top, "secret.txt"), os.path.join(root, "link.txt"))
    os.symlink("../secret.txt", os.path.join(root, "relative.txt"))
    os.symlink("..", os.path.join(root, "up"))
    os.symlink("/", os.path.join(root, "slash"))
    os.symlink("loop", os.path.join(root, "loop"))
    os.symlink("nowhere", os.path.join(root, "dangling"))
    os.mkfifo(os.path.join(root, "fifo"))
    return root


@check("http", "--root: files, directories, types", on=("tcp4", "unix"), kind="files")
def files(s):
    server = s.start("--root", make_root(s))
    with s.http(server) as c:
        for name, content in FILES.items():
            path = "/" + "".join(ch if ch.isascii() and (ch.isalnum() or ch in "/.")
                                 else "".join(f"%{b:02x}" for b in ch.encode()) for ch in name)
            a = c.ask(path)
            assert a.status == 200 and a.body == content, f"{path}: {a}"
            b = c.ask(path, "HEAD")
            assert b.value("content-length") == str(len(content)), f"HEAD {path}: {b}"
            if name in TYPES:
                kind = a.value("content-type").split(";")[0]
                assert kind in TYPES[name], f"{path} is {kind}"
        assert c.ask("/sub/").body == FILES["sub/index.html"]
        assert c.ask("/sub").status in (200, 301, 302, 307, 308, 404)
        assert c.ask("/file.txt?query=1").body == FILES["file.txt"]
        assert c.ask("/%66il%65%2Etxt").body == FILES["file.txt"]
        assert c.ask("http://test/file.txt").body == FILES["file.txt"]
        assert c.ask("/").status == 200
        assert c.ask("/bytes/5").body, "the service's own paths are still there"
        a = c.ask("/file.txt", "POST", body=b"x")
        assert a.status == 405 and "GET" in a.value("allow"), a


@check("http", "--root: nothing outside of it", on=("tcp4", "unix"), kind="files")
def no_way_out(s):
    root = make_root(s)
    server = s.start("--root", root)
    paths = ["/../secret.txt", "/%2e%2e/secret.txt", "/%2E%2E/secret.txt", "/.%2e/secret.txt",
             "/sub/../../secret.txt", "/sub/%2e%2e/%2e%2e/secret.txt", "/..%2fsecret.txt",
             "/%2e%2e%2fsecret.txt", "/sub/..%2f..%2fsecret.txt", "/..\\secret.txt",
             "/..%5csecret.txt", "//../secret.txt", "/./../secret.txt", "/%252e%252e/secret.txt",
             "/../rootkit/secret.txt", "/..", "/../", "/%2e%2e", "/link.txt", "/relative.txt",
             "/up/secret.txt", "/up/root/file.txt", "/slash/etc/passwd", "/loop", "/dangling",
             "/fifo", "/secret.txt", "/" + root + "/../secret.txt", "//etc/passwd", "/file.txt/",
             "/file.txt/x", "/nothing.txt", "/sub/deeper/", "/File.txt", "/file.tx", "/file.txtx",
             "/file.txt%00", "/file.txt%00.html", "/%00", "/sub%00/index.html", "/%c0%ae%c0%ae/"]
    with s.http(server) as c:
        for path in paths:
            a = c.ask(path)
            assert a.status in (400, 404), f"{path}: {a}"
            assert SECRET not in a.body
            if a.closes:
                c.ends()
                c.close()
                c = s.http(server)
        a = c.ask("/sub/../file.txt")
        assert a.status in (400, 404) or a.body == FILES["file.txt"], a


@check("http", "--root: files are read at the start", kind="files")
def read_at_start(s):
    root = make_root(s)
    server = s.start("--root", root)
    shutil.rmtree(root)
    with s.http(server) as c:
        assert c.ask("/big.bin").body == BIG
        assert c.ask("/sub/deeper/file.txt").body == FILES["sub/deeper/file.txt"]

#!/usr/bin/env python3
"""Do the tools that people bring work against a server? curl, ab, wrk, h2load, and nginx as a
reverse proxy in front. Prints TAP; a tool that is not installed is skipped.

    python3 tests/test_tools.py --server build/servers/epoll-lt [--only PATTERN]"""

import argparse
import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tap  # noqa: E402
from server.http_cases import HELLO  # noqa: E402
from lib import server as servers  # noqa: E402
from lib import machine, suite, wire  # noqa: E402

NGINX = """
daemon off;
pid {dir}/pid;
error_log stderr warn;
worker_processes 1;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    upstream behind {{ server {upstream}; keepalive {keep}; }}
    server {{
        listen unix:{dir}/front;
        client_max_body_size 2m;
        location / {{
            proxy_pass http://behind;
            proxy_http_version {version};
            proxy_set_header Host $host;
            proxy_set_header Connection "{connection}";
            proxy_request_buffering {buffering};
        }}
    }}
}}
"""


def need(tool):
    path = shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not path:
        raise tap.Skip(f"{tool} is not installed")
    return path


def run(s, *command, data=None, status=0):
    """Run a tool; its output."""
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    r = subprocess.run(command, input=data, env=environment,
                       stdin=None if data is not None else subprocess.DEVNULL,
                       capture_output=True, timeout=2 * s.patience)
    text = r.stdout.decode("latin-1") + r.stderr.decode("latin-1")
    assert r.returncode == status, \
        f"{' '.join(command)}: exit status {r.returncode}: {text[-1500:]}"
    return r.stdout


def curl(s, *arguments, data=None, status=0):
    return run(s, need("curl"), "--silent", "--show-error", "--max-time", str(s.patience),
               *arguments, data=data, status=status)


def curl_basics(s):
    url = f"http://{s.server().address}"
    assert curl(s, url + "/") == HELLO
    assert curl(s, "--http1.0", url + "/") == HELLO
    assert b"HTTP/1.1 200" in curl(s, "--head", url + "/bytes/100")
    assert curl(s, "--output", "/dev/null", "--write-out", "%{http_code}", url + "/no") == b"404"
    assert curl(s, "--fail", url + "/no", status=22) == b""
    assert b"Allow" in curl(s, "--request", "OPTIONS", "--request-target", "*", "--include", url)
    assert len(curl(s, url + "/bytes/10000000")) == 10000000
    assert curl(s, "--proxy", url, "http://example.test/") == HELLO, "an absolute target"


def curl_keep_alive(s):
    url = f"http://{s.server().address}"
    made = curl(s, "--output", "/dev/null", "--write-out", "%{num_connects} ", url + "/",
                "--next", "--silent", "--output", "/dev/null", "--write-out", "%{num_connects} ",
                url + "/bytes/9")
    assert made.split() == [b"1", b"0"], f"connections made: {made}"


def curl_bodies(s):
    server = s.start("--max-body", "8M")
    url = f"http://{server.address}/echo"
    for size in (0, 5, 100000, 5000000):  # beyond 1 MiB curl expects 100-continue
        body = os.urandom(size)
        assert curl(s, "--data-binary", "@-", url, data=body) == body, f"{size} bytes"
        assert curl(s, "--header", "Transfer-Encoding: chunked", "--data-binary", "@-", url,
                    data=body) == body, f"{size} bytes in chunks"
    assert curl(s, "--header", "Expect: 100-continue", "--data-binary", "@-", url,
                data=b"x" * 3000) == b"x" * 3000
    code = curl(s, "--output", "/dev/null", "--write-out", "%{http_code}", "--data-binary", "@-",
                url, data=b"x" * 9000000)
    assert code == b"413", code


def curl_sockets(s):
    server = s.start(transport="unix")
    assert curl(s, "--unix-socket", server.address[5:], "http://x/") == HELLO
    server = s.start(transport="abstract")
    assert curl(s, "--abstract-unix-socket", server.address[6:], "http://x/") == HELLO
    if suite.have_ipv6():
        assert curl(s, "--globoff", f"http://{s.start(transport='tcp6').address}/") == HELLO


def ab(s):
    for flags in ([], ["-k"]):
        out = run(s, need("ab"), "-q", "-n", "1000", "-c", "8" if s.many else "1", *flags,
                  f"http://{s.server().address}/bytes/100").decode()
        assert re.search(r"Complete requests:\s+1000\b", out), out
        assert re.search(r"Failed requests:\s+0\b", out) and "Non-2xx" not in out, out
        if flags:
            assert re.search(r"Keep-Alive requests:\s+1000\b", out), out


def wrk(s):
    out = run(s, need("wrk"), "-t", "1", "-c", "16" if s.many else "1", "-d", "1s",
              "--timeout", f"{s.patience:.0f}s", f"http://{s.server().address}/").decode()
    assert "Socket errors" not in out and "Non-2xx" not in out, out
    assert float(re.search(r"Requests/sec:\s+([0-9.]+)", out).group(1)) > 0, out


def h2load(s):
    for streams in ("1", "8"):  # with more than one it pipelines
        out = run(s, need("h2load"), "--h1", "-n", "1000", "-c", "8" if s.many else "1",
                  "-m", streams, f"http://{s.server().address}/bytes/100").decode()
        assert re.search(r"1000 succeeded, 0 failed, 0 errored, 0 timeout", out), out
        assert re.search(r"status codes: 1000 2xx", out), out


def front(s, upstream, version, buffering):
    """nginx in front of `upstream`; the address to talk to."""
    nginx = need("nginx")
    path = tempfile.mkdtemp(prefix="iomodels-nginx-")
    s.t.defer(lambda: shutil.rmtree(path, ignore_errors=True))
    if upstream.startswith("unix:"):
        upstream = f"unix:{upstream[5:]}"
    with open(path + "/conf", "w") as f:
        f.write(NGINX.format(dir=path, upstream=upstream, keep=4 if s.many else 1, version=version,
                             connection="keep-alive" if version == "1.0" else "",
                             buffering=buffering, user="user root;" if os.getuid() == 0 else ""))
    log = open(path + "/log", "wb")
    process = subprocess.Popen([nginx, "-e", "stderr", "-p", path, "-c", path + "/conf"],
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               start_new_session=True)

    def end():
        process.terminate()  # the master ends its worker, and waits for it
        try:
            process.wait(s.patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()

    s.t.defer(end)
    deadline = time.monotonic() + s.patience
    while True:  # nginx has no way to say that it is ready
        try:
            wire.Conn(f"unix:{path}/front").close()
            return f"unix:{path}/front"
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                with open(path + "/log") as f:
                    raise AssertionError(f"nginx does not start: {f.read()[-1500:]}") from None
            time.sleep(0.01)


def behind_nginx(version, buffering, transport):
    def test(s):
        need("nginx")
        server = s.start(transport=transport)
        address = front(s, server.address, version, buffering)
        body = os.urandom(300000)
        with wire.Http(address, s.patience) as c:
            for i in range(50):
                a = c.ask("/")
                assert a.status == 200 and a.body == HELLO, a
                assert c.ask(f"/bytes/{i}", "HEAD").status == 200
            c.send(wire.request("/echo", "POST", body=body))
            assert c.answer().body == body
            c.send(wire.request("/echo", "POST", ["Transfer-Encoding: chunked"])
                   + wire.chunked(body, 7000))
            assert c.answer().body == body
            for path, status in (("/no", 404), ("/echo", 405), ("/wait/50", 200)):
                a = c.ask(path)
                assert a.status == status, f"{path}: {a}"
            c.send(wire.request("/bytes/10000000"))
            assert b" 200 " in c.until(b"\r\n")
        counters = server.until_counters(lambda n: n["requests"] >= 106, "what nginx passed on")
        # That it is kept alive is the point of a proxy's pool of connections.
        assert version == "1.0" or counters["accepted"] < 20, counters
    return test


TESTS = [("curl: methods, statuses, sizes", curl_basics), ("curl: keep-alive", curl_keep_alive),
         ("curl: bodies", curl_bodies), ("curl: Unix-domain sockets and IPv6", curl_sockets),
         ("ab, ab -k", ab), ("wrk", wrk), ("h2load --h1", h2load),
         ("nginx in front", behind_nginx("1.1", "on", "tcp4")),
         ("nginx in front, bodies passed on as they come", behind_nginx("1.1", "off", "tcp4")),
         ("nginx in front, speaking HTTP/1.0", behind_nginx("1.0", "on", "tcp4")),
         ("nginx in front, over a Unix-domain socket", behind_nginx("1.1", "on", "unix"))]


def main():
    p = argparse.ArgumentParser(description="Check a server with other people's clients.")
    p.add_argument("--server", required=True, metavar="FILE")
    p.add_argument("--model", help="its name, for reading only")
    tap.add_only(p)
    p.add_argument("--slow-factor", type=float, default=1.0, metavar="X")
    p.add_argument("--sanitized", action="store_true")
    p.add_argument("--jobs", type=int, default=4)
    p.add_argument("--verbose", action="store_true")
    o = p.parse_args()
    program = os.path.abspath(o.server)
    settings = suite.Settings(program, o.slow_factor, o.sanitized)

    def make(function):
        def test(t):
            s = suite.Subject(t, settings, "http", "tcp4")
            function(s)
            s.give_back()
        return test

    tests = [tap.Test(f"{settings.traits['model']} tools: {name}", make(function),
                      2 * machine.HANG * o.slow_factor)
             for name, function in TESTS]
    atexit.register(servers.kill_all)
    failed = tap.run(tap.only(tests, o.only), jobs=o.jobs, verbose=o.verbose)
    servers.kill_all()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

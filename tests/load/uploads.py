"""Methods and bodies of requests: --method and --data."""

import os
import re
import socket
import tempfile
import threading

from lib.server import Server
from load.run import Run, case, consistent, load, named, stub_for, settings, skip
from load.stub_server import BODY, answer, send


def only(j, **expected):
    assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | expected, j["outcomes"]


def body_of(request):
    return request.split(b"\r\n\r\n", 1)[1]


# How a stub answers each request.
ANSWERS = {
    "head only": lambda r: answer(b"", length=len(BODY)),
    "echo": lambda r: answer(body_of(r)),
    "wrong echo": lambda r: answer(body_of(r)[:-1] + b"?"),
    "short echo": lambda r: answer(body_of(r)[:-1]),
}


def answering(t, how):
    stub = stub_for(t)
    stub.treatment = lambda conn, request: send(conn, ANSWERS[how](request))
    return stub


def all_requests(stub):
    """Have the stub keep each request, in the order in which they came."""
    found = []
    count = stub.count

    def note(request):
        found.append(request)
        return count(request)
    stub.count = note
    return found


def fields(request):
    lines = request.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]
    return {name.lower(): value.strip() for name, value in (line.split(b":", 1) for line in lines)}


def file_of(t, data):
    out = tempfile.NamedTemporaryFile(prefix="data-")
    t.defer(out.close)
    out.write(data)
    out.flush()
    return out.name


def methods_as_given(t):
    for method in ("GET", "DELETE", "OPTIONS", "TRACE", "PURGE", "get", "M-SEARCH"):
        stub = stub_for(t)
        seen = all_requests(stub)
        j = load(t, "-n", "6", "-c", "2", "--method", method, stub.url + "/x").json
        only(j, ok=6)
        assert j["method"] == method and j["data_bytes"] == 0
        assert all(r.startswith(method.encode() + b" /x HTTP/1.1\r\n") for r in seen), seen[0]
        assert not any(b"content-length" in fields(r) for r in seen), "a body is announced"
    for method in ("POST", "PUT", "PATCH"):
        stub = stub_for(t)
        load(t, "-n", "2", "-c", "1", "--method", method, stub.url)
        assert fields(stub.last_request)[b"content-length"] == b"0", stub.last_request
    stub = stub_for(t)
    j = load(t, "-n", "2", "-c", "1", stub.url).json
    assert stub.last_request.startswith(b"GET / HTTP/1.1\r\n") and j["method"] == "GET"
    j = load(t, "-n", "2", "-c", "1", stub_for(t, protocol="echo").url).json
    assert j["method"] is None


def answers_to_head_have_no_body(t):
    """They say how long it would be. Bytes behind them are no part of them."""
    for options in ([], ["--pipeline", "4"], ["--requests-per-connection", "2"]):
        stub = answering(t, "head only")
        j = load(t, "-n", "20", "-c", "2", "--method", "HEAD", *options, stub.url).json
        only(j, ok=20)
        assert stub.last_request.startswith(b"HEAD / ")
    stub = stub_for(t, "ok")
    j = load(t, "-n", "4", "-c", "1", "--method", "HEAD", stub.url, status=1).json
    assert j["outcomes"]["corrupt"] == 4 and j["bytes_in"] > 4 * len(BODY), j["outcomes"]
    # To another method the same answer is not complete.
    j = load(t, "-n", "2", "-c", "2", "--timeout", "200ms", answering(t, "head only").url,
             status=1).json
    only(j, timeout=2)


def data_of_every_kind(t):
    odd = bytes(range(256)) + b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"
    path = file_of(t, odd)
    long = odd * 400
    with open(file_of(t, long), "rb") as stdin, open(file_of(t, odd), "rb") as other:
        for data, stream, body in (("a=1&b=2", None, b"a=1&b=2"), ("", None, b""),
                                   ("@" + path, None, odd), ("@-", stdin, long), ("-", other, odd),
                                   ("@/dev/null", None, b"")):
            stub = stub_for(t)
            seen = all_requests(stub)
            more = {"stdin": stream} if stream else {}
            j = load(t, "-n", "6", "-c", "2", "--data", data, stub.url + "/up", **more).json
            only(j, ok=6)
            assert j["method"] == "POST" and j["data_bytes"] == len(body)
            assert len(seen) == 6
            for r in seen:
                assert r.startswith(b"POST /up HTTP/1.1\r\n") and body_of(r) == body, r[:200]
                assert fields(r)[b"content-length"] == str(len(body)).encode(), r[:200]
    stub = stub_for(t)
    load(t, "-n", "2", "-c", "1", "--data", "first", "--method", "PUT", "--data", "second", stub.url)
    assert stub.last_request.startswith(b"PUT ") and body_of(stub.last_request) == b"second"


def uploads_are_counted(t):
    """To the byte: as many went out as the stub read, also where they do not fit at once."""
    for size, options in ((10, []), (300_000, []), (2_000_000, []), (300_000, ["--pipeline", "4"]),
                          (100_000, ["-R", "100"]), (1000, ["-t", "2", "--pipeline", "16"])):
        path = file_of(t, os.urandom(size))
        stub = answering(t, "echo")
        run = Run(t, "-n", "24", "-c", "2", "--timeout", "60s", "--data", "@" + path, *options,
                  stub.url + "/x", stub.url + "/y")
        assert run.finish(60) in (0, 3), run.err
        consistent(run.json)
        only(run.json, ok=24)
        received = sum(c.received for c in stub.all)
        assert received > 24 * size
        # In an open loop what was due in the window may go out after it, all of it even.
        out = run.json["bytes_out"]
        assert out == received or "-R" in options and out < received, (options, received, run.json)
        if out > 0:
            assert re.search(r"24 requests in .* read, .* sent$", run.out, re.M), run.out
            assert re.search(r"^Upload/sec: +\d", run.out, re.M), run.out
    run = load(t, "-n", "4", "-c", "1", stub_for(t).url)
    assert " sent" not in run.out and "Upload" not in run.out, "nothing was uploaded"


def echo_must_be_what_was_sent(t):
    """Already the first answer, and only to a POST to /echo."""
    for mode, part in (("wrong echo", "right length"), ("short echo", "another length")):
        j = load(t, "-n", "5", "-c", "1", "--data", "some text", answering(t, mode).url + "/echo?x",
                 status=1).json
        assert j["outcomes"]["corrupt"] == 5 and j["outcomes"]["ok"] == 0, j["outcomes"]
        assert "echo" in j["reasons"]["corrupt"] and part in j["reasons"]["corrupt"]
    j = load(t, "-n", "5", "-c", "1", "--data", "some text", answering(t, "echo").url + "/echo").json
    only(j, ok=5)
    for arguments in (["/other"], ["/echoes"], ["/echo", "--method", "PUT"],
                      ["/echo", "--body", file_of(t, b"some tex?")], ["/echo", "--body", "same"],
                      ["/echo", "--body", "any"]):
        j = load(t, "-n", "5", "-c", "1", "--data", "some text", *arguments[1:],
                 answering(t, "wrong echo").url + arguments[0]).json
        only(j, ok=5)


def our_server(t):
    path = f"{settings.servers}/epoll-lt"
    if not settings.servers or not os.path.exists(path):
        skip("no server epoll-lt")
    server = Server(path)
    t.defer(server.kill)
    return server, f"http://{server.address}"


def echo_of_our_servers(t):
    server, url = our_server(t)
    sent = 0
    for size, options in ((0, []), (1, []), (20_000, ["--pipeline", "8"]), (900_000, []),
                          (900_000, ["--pipeline", "3"])):
        data = "@" + file_of(t, os.urandom(size))
        j = load(t, "-n", "60", "-c", "3", "--timeout", "60s", "--data", data, *options,
                 url + "/echo").json
        only(j, ok=60)
        assert j["bytes_in"] > 60 * size
        sent += j["bytes_out"]
    j = load(t, "-n", "60", "-c", "3", "--method", "HEAD", url + "/bytes/5000").json
    only(j, ok=60)
    assert j["bytes_in"] < 60 * 1000
    assert server.stop()["bytes_in"] == sent + j["bytes_out"]


def refused_uploads(t):
    """Larger than the server takes: it says so before it has read the body."""
    _, url = our_server(t)
    data = "@" + file_of(t, bytes(5_000_000))
    j = load(t, "-n", "12", "-c", "3", "--timeout", "60s", "--data", data, url + "/echo", status=1).json
    only(j, non_2xx=12)
    # Those behind it in a pipeline go down with its connection.
    j = load(t, "-n", "12", "-c", "3", "--timeout", "60s", "--pipeline", "4", "--data", data,
             url + "/echo", status=1).json
    o = j["outcomes"]
    assert o["non_2xx"] >= 3 and o["non_2xx"] + o["eof"] == 12, (o, j["reasons"])


def refuse_by_reset(t):
    """A stub that reads the head of a request, answers 413 and closes: what it has not read makes
    that a reset (RFC 9293, section 3.10.4)."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(conn):
        with conn:
            head = b""
            while b"\r\n\r\n" not in head:
                data = conn.recv(4096)
                if not data:
                    return
                head += data
            conn.sendall(answer(b"no\n", b"413 Content Too Large", b"Connection: close\r\n"))

    def accept():
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(conn,), daemon=True).start()

    def close():
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    t.defer(close)
    threading.Thread(target=accept, daemon=True).start()
    return "http://127.0.0.1:%d/" % listener.getsockname()[1]


def the_answer_comes_before_the_reset(t):
    """That the rest of a body cannot be sent is no reason not to read what the server said."""
    data = "@" + file_of(t, bytes(20_000_000))
    url = refuse_by_reset(t)
    j = load(t, "-n", "12", "-c", "3", "--timeout", "60s", "--data", data, url, status=1).json
    only(j, non_2xx=12)
    j = load(t, "-n", "12", "-c", "3", "--timeout", "60s", "--pipeline", "2", "--data", data, url,
             status=1).json
    o = j["outcomes"]
    assert o["non_2xx"] >= 6 and o["non_2xx"] + o["eof"] == 12, (o, j["reasons"])


def data_that_cannot_be_read(t):
    for path in ("/nonexistent/data", "/"):
        run = load(t, "--data", "@" + path, "http://127.0.0.1:1/", status=1)
        assert f"'{path}'" in run.err and len(run.err.splitlines()) == 1, run.err


def without_a_server(t):
    for options in (["--method", "HEAD"], ["--method", "HEAD", "--pipeline", "8"],
                    ["--data", "some", "http://127.0.0.1/echo"]):
        j = load(t, "--null", "-n", "200", "-c", "4", *options).json
        only(j, ok=200)
    assert j["bytes_out"] > 200 * len("some")


def tests():
    return [named(f) for f in (
        methods_as_given, answers_to_head_have_no_body, data_of_every_kind, uploads_are_counted,
        echo_must_be_what_was_sent, echo_of_our_servers, refused_uploads,
        the_answer_comes_before_the_reset)] + [
        case("data that cannot be read", data_that_cannot_be_read, once=True),
        case("uploads without a server", without_a_server, once=True)]

"""What the page of the libevent model says of its system calls."""

from lib import calls
from lib.suite import check
from lib.wire import request

REQUESTS = 200


@check("http", "libevent: a bufferevent's five system calls a request, and two waits")
def each_request(s):
    if s.sanitized:
        s.skip("a sanitizer makes calls of its own")
    server = s.start()
    with s.http(server) as c:
        assert c.ask("/").status == 200

        def load():
            for _ in range(REQUESTS):
                assert c.ask("/").status == 200
            # When this answer has come, all the calls of those before are made.
            assert c.ask("/").status == 200

        found = calls.counted(server, load)
    for name, each in (("ioctl", 1), ("readv", 1), ("writev", 1), ("epoll_ctl", 2),
                       ("epoll_wait", 2)):
        assert each * REQUESTS <= found[name] <= each * (REQUESTS + 1) + 2, (name, found)


@check("http", "libevent: an upload is read in pieces of 4 KiB at most")
def upload(s):
    if s.sanitized:
        s.skip("a sanitizer makes calls of its own")
    server = s.start()
    body = bytes(1 << 20)
    with s.http(server) as c:
        def load():
            c.sock.sendall(request("/echo", "POST", body=body))
            assert c.answer("POST").body == body
        found = calls.counted(server, load)
    assert found["readv"] >= len(body) / 4096, found

"""What only epoll-lt promises."""

from lib import calls
from lib.suite import check

REQUESTS = 50


@check("http", "--needless-ctl makes four calls of epoll_ctl a request, and without it none",
       models=("epoll-lt",))
def needless(s):
    if s.settings.sanitized:
        s.skip("a sanitizer makes calls of its own")
    found = {}
    for option in ((), ("--needless-ctl",)):
        server = s.start(*option)
        with s.http(server) as c:
            assert c.ask("/").status == 200

            def load(c=c, server=server):
                for _ in range(REQUESTS):
                    assert c.ask("/").status == 200
                server.until_asleep()  # the calls follow the answer
            found[option] = calls.counted(server, load)["epoll_ctl"]
        server.stop()
    assert found[()] == 0 or s.settings.given, found
    assert found[("--needless-ctl",)] == 4 * REQUESTS, found

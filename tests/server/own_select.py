"""What only select promises."""

from lib.suite import check
from lib.wire import request

MORE = 1500


@check("http", "--large-sets: connections beyond FD_SETSIZE are held and answered", models=("select",))
def large_sets(s):
    s.needs_descriptors(2 * MORE + 200)
    server = s.start("--large-sets")
    conns = [s.http(server) for _ in range(MORE)]
    for n in (8, 4):
        for c in reversed(conns):
            c.send(request(f"/bytes/{n}"))
        for c in conns:
            assert len(c.answer().body) == n
    now = server.ask_counters()
    assert now["refused"] == 0, now
    for c in conns:
        c.close()
    server.until_counters(lambda n: n["closed"] >= MORE, "all are closed")
    final = server.stop()
    assert final["requests"] >= 2 * MORE, final

"""Every case of http_cases: sent whole with another request behind it, then byte by byte."""

from server import http_cases
from lib import wire
from lib.suite import check

NEXT = wire.request("/bytes/3")


def method_of(request):
    return "HEAD" if request.lstrip(b"\r\n").startswith(b"HEAD ") else "GET"


def first_answer(c, case):
    a = c.answer(method_of(case.request))
    assert a.status in case.status, f"{a.status}, expected {case.status}: {a}"
    if case.body is not None:
        assert a.body == case.body, f"body {a.body[:200]!r}, expected {case.body[:200]!r}"
    if case.closes is not None:
        assert a.closes == case.closes, \
            f"the answer {'closes' if a.closes else 'keeps'} the connection: {a}"
    return a


def whole(s, case):
    """What follows the request is either answered too, or never looked at; and the answer says
    which."""
    with s.http() as c:
        c.send_anyway(case.request + NEXT)
        a = first_answer(c, case)
        if a.closes:
            c.ends()
        else:
            second = c.answer()
            assert second.status == 200 and len(second.body) == 3, f"the next answer is {second}"


def in_bytes(s, case):
    with s.http() as c:
        c.send_pieces(case.request)
        a = first_answer(c, case)
        if a.closes:
            c.ends()


def register(case):
    @check("http", f"case: {case.name}", on=("tcp4",), kind="table")
    def sent_whole(s):
        whole(s, case)

    # In a Unix-domain socket the sender knows what was read, so the pieces really are pieces.
    # Where a limit is the matter, tens of thousands of pieces would show nothing more.
    @check("http", f"case by bytes: {case.name}", on=("unix",), kind="table by bytes")
    def sent_in_bytes(s):
        if len(case.request) > 3000:
            with s.http() as c:
                c.send_pieces(case.request, range(500, len(case.request), 500))
                assert first_answer(c, case).status
        else:
            in_bytes(s, case)


for one in http_cases.CASES:
    register(one)

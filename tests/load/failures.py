"""Runs that mostly failed are told as that, and which bodies are right."""

from lib import machine
from load.run import load, named, stub_for
from load.stub_server import answer

FAILED = 5  # the exit status


def all_but_first(stub, good=1):
    """Have the stub answer so many requests well, and the rest as its mode says."""
    count = stub.count

    def fault(request):
        count(request)
        return stub.next_number() > good
    stub.count = fault


def one_good_answer_is_no_success(t):
    for mode in ("404", "close-before", "reset", "garbage"):
        stub = stub_for(t, mode)
        all_but_first(stub)
        run = load(t, "-n", "5", "-c", "1", "--max-errors", "1%", stub.url, status=FAILED)
        j = run.json
        assert j["outcomes"]["ok"] == 1, j["outcomes"]
        assert j["verdict"] == "FAILED" and "4 of 5" in j["verdict_reason"], j["verdict_reason"]
        assert "Verdict: FAILED: 4 of 5" in run.out, run.out


def none_is_no_success(t):
    """Whatever share of errors is allowed. What nothing succeeded in has status 1."""
    for share in ("1%", "100%"):
        j = load(t, "-n", "10", "-c", "2", "--max-errors", share, stub_for(t, "404").url,
                 status=1).json
        assert j["verdict"] == "FAILED", j["verdict_reason"]
        assert j["verdict_reason"] == "no request succeeded: 10 failed", j["verdict_reason"]


def the_share_is_exact(t):
    """Two of 40 are 5 %: allowed where that is the limit, and not where it is lower."""
    for share, asked, status in (("5%", 0.05, 0), ("0.05", 0.05, 0), ("4.9%", 0.049, FAILED),
                                 ("0", 0.0, FAILED), ("0.049", 0.049, FAILED), ("1", 1.0, 0)):
        stub = stub_for(t, "404", every=20)
        j = load(t, "-n", "40", "-c", "2", "--max-errors", share, stub.url, status=status).json
        assert j["outcomes"]["non_2xx"] == 2 and j["max_errors"] == asked, (share, j["max_errors"])
    stub = stub_for(t, "404", every=100)
    j = load(t, "-n", "100", "-c", "2", "--max-errors", "1%", stub.url).json
    assert j["verdict"] != "FAILED", j["verdict_reason"]


def one_percent_without(t):
    for every, status in ((100, 0), (50, FAILED)):
        run = load(t, "-n", "100", "-c", "2", stub_for(t, "404", every=every).url, status=status,
                   max_errors=None)
        assert run.json["max_errors"] == 0.01


def no_share(t):
    for text in ("2", "101%", "-1", "nan", "", "%", "1.", "1%%", "0x1", "1e-2"):
        run = load(t, "--max-errors", text, "http://127.0.0.1:1/", status=2)
        assert f"'{text}'" in run.err and "--max-errors" in run.err, run.err


def other_each_time(stub, length):
    def right(_):
        n = stub.next_number()
        return answer(b"%0*d" % (length(n), n))
    stub.right = right


def body_any_length_same(t):
    """A page with a clock in it, and one whose length differs too."""
    for length, good in ((lambda n: 19, ("any", "length")), (lambda n: 10 + n, ("any",))):
        for rule in ("any", "length", "same"):
            stub = stub_for(t)
            other_each_time(stub, length)
            ok = rule in good
            run = load(t, "-n", "50", "-c", "2", "--body", rule, "--max-errors", "0", stub.url,
                       status=0 if ok else FAILED)
            j = run.json
            assert j["outcomes"]["ok"] == (50 if ok else 1), (rule, j["outcomes"])
            assert j["body_rule"] == rule
            if not ok:
                assert j["outcomes"]["corrupt"] == 49
                assert "--body any" in j["reasons"]["corrupt"], j["reasons"]
                assert ("--body length" in j["reasons"]["corrupt"]) == ("length" in good)
            assert stub.accepted == 2, "a wrong body is no reason to leave a connection"


def body_any_in_pieces(t):
    for mode in ("split-3", "chunked", "to-eof", "no-content"):
        for rule in ("any", "length"):
            j = load(t, "-n", "20", "-c", "2", "--body", rule, stub_for(t, mode).url).json
            assert j["outcomes"]["ok"] == 20, (mode, rule, j["outcomes"])


def body_any_is_not_anything(t):
    """Framing and status still count."""
    for mode, outcome in (("404", "non_2xx"), ("garbage", "corrupt"), ("long", "corrupt"),
                          ("close-mid-body", "eof")):
        j = load(t, "-n", "20", "-c", "2", "--body", "any", stub_for(t, mode, every=4).url).json
        assert j["outcomes"][outcome] == 5 and j["outcomes"]["ok"] == 15, (mode, j["outcomes"])


def wrong_body_in_a_pipeline(t):
    stub = stub_for(t, "other-body", every=5, sound=16)
    j = load(t, "-n", "116", "-c", "2", "--pipeline", "8", stub.url).json
    assert j["outcomes"]["corrupt"] + j["outcomes"]["ok"] == 116, j["outcomes"]
    assert j["outcomes"]["corrupt"] == 20 and stub.accepted == 2, j["outcomes"]


def wrong_answers_cost_no_wait(t):
    """Each connection after a broken answer is opened at once: with the pause after a loss, which
    grows to 1.28 s, these would take two minutes by the generator's own clock."""
    stub = stub_for(t, "garbage")
    all_but_first(stub)
    j = load(t, "-n", "201", "-c", "2", stub.url).json
    assert j["outcomes"]["corrupt"] == 200 and j["window_ns"] < machine.hang() * 1e9, j["window_ns"]


def tests():
    return [named(f) for f in (one_good_answer_is_no_success, none_is_no_success,
                               the_share_is_exact, one_percent_without, body_any_length_same,
                               body_any_in_pieces, body_any_is_not_anything,
                               wrong_body_in_a_pipeline, wrong_answers_cost_no_wait)] + [
        named(no_share, once=True)]

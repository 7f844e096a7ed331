"""--fail-if: which conditions hold, who is told, and the exit status."""

import json
import os
import signal
import time

from load.run import Run, consistent, load, named, stub_for, read_lines, timed_out


def conditions(j):
    return {c["condition"]: c["holds"] for c in j["fail_if"]}


def lines(text):
    return [line for line in text.splitlines() if line.startswith("Fail-if: ")]


def good_or_disturbed(t, *arguments):
    """A run of which a condition holds: 4, but where the machine disturbed it and it is INVALID."""
    run = Run(t, *arguments)
    run.finish()
    assert run.status in (3, 4), (run.status, run.err)
    consistent(run.json)
    assert (run.status == 3) == (run.json["verdict"] == "INVALID"), run.status
    return run


def what_holds(t):
    """12 requests of which 3 fail, each answered after 50 ms at least."""
    stub = stub_for(t, "404", every=4)
    stub.treatments = stub.treatments | {"ok": stub.treatments["late"]}
    listed = "errors>24%,errors>25%,errors>=3,timeouts>0,p50<50ms,p50 >= 50ms,max>1h"
    run = good_or_disturbed(t, "-n", "12", "-c", "1", "--fail-if", listed, "--fail-if", "rate<1k",
                            "--fail-if", "transfer<1", stub.url)
    assert conditions(run.json) == {
        "errors>24%": True, "errors>25%": False, "errors>=3": True, "timeouts>0": False,
        "p50<50ms": False, "p50 >= 50ms": True, "max>1h": False, "rate<1k": True,
        "transfer<1": False}, conditions(run.json)
    told = lines(run.out)
    assert [line.split(": ")[1] for line in told] == ["errors>24%", "errors>=3", "p50 >= 50ms",
                                                      "rate<1k"], told
    assert "25 %" in told[0] and told[1].endswith(" 3") and told[2].endswith("ms"), told
    units = {c["metric"]: c["unit"] for c in run.json["fail_if"]}
    assert units == {"errors": "requests", "timeouts": "requests", "p50": "ns", "max": "ns",
                     "rate": "requests/s", "transfer": "bytes/s"}, units
    first, p50 = run.json["fail_if"][0], run.json["fail_if"][5]
    assert (first["unit"], first["limit"], first["value"]) == ("share", 0.24, 0.25), first
    assert p50["value"] == run.json["latency"]["p50"] and p50["limit"] == 50_000_000, p50
    assert abs(run.json["fail_if"][7]["value"] - run.json["requests_per_second"]) < 1e-3


def none_holds(t):
    run = load(t, "-n", "10", "-c", "1", "--fail-if", "p99>1h,errors>0", stub_for(t).url)
    assert conditions(run.json) == {"p99>1h": False, "errors>0": False}
    assert lines(run.out + run.err) == []
    run = load(t, "-n", "10", "-c", "1", stub_for(t).url)
    assert run.json["fail_if"] == []


def timeouts_count(t):
    def check(ns):
        limit = f"{ns // 1000}us"
        run = good_or_disturbed(t, "-n", "4", "-c", "1", "--timeout", limit, "--fail-if",
                                "timeouts>=2", "--fail-if", f"timeouts>50%,max>={limit}",
                                stub_for(t, "stall", every=2).url)
        found = conditions(run.json)
        assert found == {"timeouts>=2": True, "timeouts>50%": False, f"max>={limit}": True}, found
    timed_out(t, 0.3, check)


def told_where_there_is_no_summary(t):
    """Standard output is for the JSON then."""
    run = load(t, "-n", "5", "-c", "1", "--json", "-", "--fail-if", "errors<1", stub_for(t).url,
               json_file=False, status=4)
    assert conditions(json.loads(run.out)) == {"errors<1": True}
    assert len(run.err.splitlines()) == 1 and len(lines(run.err)) == 1, run.err


def other_statuses_come_first(t):
    """A run that is FAILED or INVALID has that status. The conditions are told all the same."""
    run = load(t, "-n", "5", "-c", "1", "--fail-if", "errors>0", stub_for(t, "404").url, status=1)
    assert conditions(run.json) == {"errors>0": True} and len(lines(run.out)) == 1
    run = load(t, "-n", "8", "-c", "1", "--max-errors", "1%", "--fail-if", "errors>0",
               stub_for(t, "404", every=4).url, status=5)
    assert conditions(run.json) == {"errors>0": True} and run.json["verdict"] == "FAILED"
    run = Run(t, "-R", "1k", "-d", "0.5s", "-c", "2", "--drain", "1.5s", "--fail-if", "rate<900",
              stub_for(t, "late").url)
    run.finish()
    assert run.status == 3 and conditions(run.json) == {"rate<900": True}, run.err
    consistent(run.json)
    run = load(t, "-n", "5", "-c", "1", "--json", "/dev/full", "--fail-if", "errors<1",
               stub_for(t).url, json_file=False, status=1)
    assert len(lines(run.out)) == 1


def response_time_of_an_open_loop(t):
    """It is what a user sees: with one connection and 50 ms an answer they queue."""
    run = Run(t, "-R", "40", "-n", "10", "-c", "1", "--timeout", "20s", "--fail-if",
              "max<275ms,max>=275ms", stub_for(t, "late").url)
    run.finish()
    assert run.status in (3, 4), run.err
    consistent(run.json)
    assert conditions(run.json) == {"max<275ms": False, "max>=275ms": True}


def an_interrupt_is_no_excuse(t):
    stub = stub_for(t)
    out, into = os.pipe()
    t.defer(lambda: os.close(out))
    run = Run(t, "-c", "2", "-d", "600s", "--fail-if", "errors<1", "--events-fd", str(into),
              stub.url, pass_fds=[into])
    os.close(into)
    assert read_lines(out, 2)[1] == "start"
    while stub.requests < 20 and run.process.poll() is None:
        time.sleep(0.005)
    run.process.send_signal(signal.SIGINT)
    run.finish()
    assert run.status in (3, 4), run.err
    assert run.json["interrupted"] is True


WRONG = ["", "p99", "p99=1ms", "p98>1ms", "errors>0,", ",errors>0", "errors>0.5", "rate<fast",
         "errors>0,p99>1x"]


def blanks_around(t):
    """Blanks and tabs around a condition in a list are none of it."""
    run = load(t, "-n", "5", "-c", "1", "--fail-if", "\terrors>3 , \tmax>1h\t", stub_for(t).url)
    assert conditions(run.json) == {"errors>3": False, "max>1h": False}, conditions(run.json)


def usage(t):
    for value in WRONG:
        run = load(t, "--fail-if", value, "http://127.0.0.1:1/", status=2, json_file=False)
        assert run.err.startswith("iomodels-load: --fail-if: '"), run.err
        assert len(run.err.splitlines()) == 2
    assert "'p99>1x'" in run.err, "which of them it is"
    run = load(t, "--fail-if", "p99>1ms", "--search", "p99<1ms", "http://127.0.0.1:1/", status=2)
    assert "--fail-if" in run.err


def tests():
    usage.__name__ = "fail_if_usage"
    return [named(f) for f in (what_holds, none_holds, timeouts_count,
                               told_where_there_is_no_summary, other_statuses_come_first,
                               response_time_of_an_open_loop, an_interrupt_is_no_excuse)] + [
        named(usage, once=True), named(blanks_around, once=True)]

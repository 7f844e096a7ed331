"""A stub that has each connection closed, in a network of few ports: it says so in its answer and
leaves the closing, and the port in TIME_WAIT, to the client."""

import subprocess
import sys

import tap
from load.ports import PORTS, network
from load.run import load, named


def few_ports(t):
    """A network in which a port is not used again before its minute is over."""
    prefix = network(t)
    subprocess.run([*prefix, "sh", "-c", "echo 0 >/proc/sys/net/ipv4/tcp_tw_reuse"], check=True)
    return prefix


def stub_in(t, prefix, mode="announce-close"):
    """Its URL."""
    process = subprocess.Popen([*prefix, sys.executable, f"{tap.TESTS_DIR}/load/stub_server.py", mode],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end():
        process.kill()
        process.communicate()
    t.defer(end)
    line = process.stdout.readline()
    assert line.startswith("listening on "), line
    return f"http://{line.split()[-1]}/"


def closed_connections_do_not_run_out_of_ports(t):
    """Nothing in the options says that connections are short."""
    prefix = few_ports(t)
    url = stub_in(t, prefix)
    for threads in ("1", "2"):
        j = load(t, "-n", "600", "-c", "4", "-t", threads, url, prefix=prefix).json
        assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"ok": 600}, j["outcomes"]
        assert "port" not in j["verdict_reason"], j["verdict_reason"]
        assert len(j["sources"]) >= 600 // PORTS, j["sources"]
        assert j["sources"][:2] == ["127.0.0.1", "127.0.0.2"], j["sources"][:5]


def ports_that_others_used(t):
    """None is free when the generator begins: the run before left them all in TIME_WAIT."""
    prefix = few_ports(t)
    url = stub_in(t, prefix)
    load(t, "-n", "80", "-c", "4", "--source", "127.0.0.1", url, prefix=prefix, status=3)
    j = load(t, "-n", "9", "-c", "4", url, prefix=prefix).json
    assert j["connected"] == 4 and j["outcomes"]["ok"] == 9, j["outcomes"]


def long_connections_take_no_source(t):
    prefix = few_ports(t)
    url = stub_in(t, prefix, "ok")
    j = load(t, "-n", "500", "-c", "4", url, prefix=prefix).json
    assert j["sources"] == [] and j["outcomes"]["ok"] == 500, j["sources"]


def no_port_is_no_result(t):
    """With one address the ports run out: the server is not to blame, whatever may be lost."""
    prefix = few_ports(t)
    url = stub_in(t, prefix)
    for source, options in (("127.0.0.1", []), ("127.0.0.9", ["-R", "40"])):
        run = load(t, "-n", "80", "-c", "4", *options, "--source", source, "--max-errors",
                   "100%", url, prefix=prefix, status=3)
        j = run.json
        assert j["verdict"] == "INVALID" and j["outcomes"]["refused"] > 0, j["outcomes"]
        assert "no free local port" in j["verdict_reason"] and "--source" in j["verdict_reason"]
        assert "Verdict: INVALID" in run.out
    # None left for the first connection: told as that, and not as an address of somebody else.
    run = load(t, "-n", "4", "-c", "2", "--source", "127.0.0.1", url, prefix=prefix, status=1)
    assert "no free local port" in run.err and len(run.err.splitlines()) == 1, run.err


def tests():
    return [named(f) for f in (closed_connections_do_not_run_out_of_ports, ports_that_others_used,
                               long_connections_take_no_source, no_port_is_no_result)]

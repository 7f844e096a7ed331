"""More short connections than one address has ports, in a network of their own that has few."""

import os
import shutil
import subprocess
import sys
import tempfile

from load.run import load, load_until, named, reference_for, series_sum, skip

PORTS = 64

# In a new network: bring the loopback up (SIOCSIFFLAGS, netdevice(7)), leave few ports to
# connect() (ip(7)), say so, and stay until standard input ends.
NETWORK = f"""
import fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 1))
with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as f:
    f.write("40000 {40000 + PORTS - 1}")
print("ready", flush=True)
sys.stdin.read()
"""


def network(t):
    """Make one; returns the words before a command that runs it in there."""
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        skip("a network of its own needs unshare and nsenter")
    # An ordinary user makes one in a user namespace, as the root of that.
    user = os.geteuid() != 0
    holder = subprocess.Popen(
        ["unshare", *(["--user", "--map-root-user"] if user else []), "-n", sys.executable, "-c",
         NETWORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end():
        holder.kill()
        holder.communicate()
    t.defer(end)
    if holder.stdout.readline() != "ready\n":
        skip("no network of its own can be made here: " + holder.stderr.read()[-200:].strip())
    return ["nsenter", "-t", str(holder.pid), *(["-U", "--preserve-credentials"] if user else []),
            "-n", "--"]


def short_connections_do_not_run_out_of_ports(t):
    prefix = network(t)
    server = reference_for(t, prefix=prefix)
    for threads in ("1", "2"):
        j = load(t, "-n", "1500", "-c", "4", "-t", threads, "--requests-per-connection", "1",
                 server.url, prefix=prefix).json
        assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"ok": 1500}, j["outcomes"]
        # Half the ports of an address in one go.
        assert len(j["sources"]) >= 1500 // PORTS, j["sources"]
        assert j["sources"][:2] == ["127.0.0.1", "127.0.0.2"], j["sources"][:5]


def one_address_does(t):
    """What the test above would see without: no port is free, and that is told."""
    prefix = network(t)
    server = reference_for(t, prefix=prefix)
    directory = tempfile.TemporaryDirectory(prefix="load-ports-")
    t.defer(directory.cleanup)
    rows = directory.name + "/x.csv"
    run = load_until(t, lambda: series_sum(rows, "refused") > 0, "there is no port", "-c", "4",
                     "--requests-per-connection", "1", "--source", "127.0.0.1", "--interval",
                     "10ms", "--csv", rows, server.url, prefix=prefix, status=3)
    assert run.json["verdict"] == "INVALID" and "no free local port" in run.json["verdict_reason"]
    assert run.json["outcomes"]["refused"] > 0, run.json["outcomes"]
    assert "no free local port" in run.json["reasons"]["refused"]
    assert run.json["sources"] == ["127.0.0.1"]


def idle_connections_need_ports_too(t):
    """They share the addresses with the others."""
    prefix = network(t)
    server = reference_for(t, prefix=prefix)
    j = load(t, "-n", "100", "-c", "2", "--requests-per-connection", "50", "--idle", "200",
             server.url, prefix=prefix).json
    assert j["outcomes"]["ok"] == 100 and j["background"]["idle"]["open"] == 200, j["background"]
    assert len(j["sources"]) >= 200 // PORTS, j["sources"]


def tests():
    return [named(f) for f in (short_connections_do_not_run_out_of_ports, one_address_does,
                               idle_connections_need_ports_too)]

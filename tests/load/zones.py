"""Link-local addresses: their zone is for this machine, and for nobody else."""

import os
import shutil
import subprocess

from load.ports import network
from load.run import load, named, settings, skip


def zone_is_not_in_host(t):
    """Our servers call a Host with a zone in it a bad request."""
    prefix = network(t)
    if not shutil.which("ip"):
        skip("no ip(8)")
    done = subprocess.run([*prefix, "ip", "addr", "add", "fe80::7/64", "dev", "lo", "nodad"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        skip(f"no link-local address: {done.stderr.strip()}")
    program = os.path.abspath(f"{settings.servers}/epoll-lt")
    if not settings.servers or not os.path.exists(program):
        skip("no --servers given")
    wrapper = [*prefix, program, "--listen", "[fe80::7%lo]:0"]
    process = subprocess.Popen(wrapper, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    t.defer(lambda: (process.terminate(), process.communicate()))
    line = process.stdout.readline()
    assert line.startswith("listening on [fe80::7%lo]:"), line
    number = line.strip().rsplit(":", 1)[1]
    for zone in ("%lo", "%25lo", "%251", "%25%6co"):
        j = load(t, "-c", "1", "-n", "5", f"http://[fe80::7{zone}]:{number}/", prefix=prefix).json
        assert j["outcomes"]["ok"] == 5, (zone, j["outcomes"])


def tests():
    return [named(zone_is_not_in_host)]

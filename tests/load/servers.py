"""Against our own servers: both sides must agree on what happened."""

import json
import os
import subprocess

from lib.server import SOME_ADDRESS, Server
from load.run import case, hang, load, settings, skip


def against_server(path, protocol, transport):
    """Both sides must agree on how many requests there were."""
    def test(t):
        about = json.loads(subprocess.run([path, "--describe", "--listen", SOME_ADDRESS[transport]],
                                          capture_output=True, text=True, check=True).stdout)
        if about["unsupported"]:
            skip(about["unsupported"])
        # The number of workers is not the matter: with the usual 64 they are what takes the time.
        few = ("--workers", "8") if (about["workers"] or 0) > 8 else ()
        connections = 1 if about["concurrency"] == 1 else 8 if few else 16
        server = Server(path, transport, protocol, few, patience=hang())
        t.defer(server.kill)
        prefix = f"{protocol}+unix://" if transport in ("unix", "abstract") else f"{protocol}://"
        url = prefix + server.address.removeprefix("unix:")
        run = load(t, "-n", "2000", "-c", str(connections), url)
        j = run.json
        assert j["outcomes"] == dict.fromkeys(j["outcomes"], 0) | {"ok": 2000}, j["outcomes"]
        found = server.stop()
        assert found["accepted"] == connections, found
        assert found["bytes_in"] == j["bytes_out"] and found["bytes_out"] == j["bytes_in"], found
        if protocol == "http":
            assert found["requests"] == 2000, found
    return test


def many_connections(path):
    def test(t):
        server = Server(path, "tcp4", "http", patience=hang())
        t.defer(server.kill)
        j = load(t, "-c", "1000", "-t", "2", "-n", "5000",
                 f"http://{server.address}/bytes/1000").json
        assert j["connected"] == 1000 and j["outcomes"]["ok"] == 5000, j["outcomes"]
        assert server.stop()["accepted"] == 1000
    return test


def tests():
    if not settings.servers:
        return [case("our servers", lambda t: skip("no --servers given"))]
    found = []
    for name in sorted(os.listdir(settings.servers)):
        path = os.path.join(settings.servers, name)
        if not os.path.isfile(path) or not os.access(path, os.X_OK) or "." in name:
            continue
        for protocol in ("http", "echo"):
            for transport in ("tcp4", "unix"):
                found.append(case(f"server {name}, {protocol}, {transport}",
                                  against_server(path, protocol, transport)))
        if name == "epoll-lt":
            found.append(case("1,000 connections to epoll-lt", many_connections(path)))
    return found

"""What the driver and its load generator ask a server, and when too little of it is answered."""

import collections
import os
import sys

import tap
from driver.bench import NO_FIGURES, Bench, equal, expect

# A server that writes down what each request asks, and closes instead of answering the argv[3]-th
# request of a connection, if that is not 0.
SERVER = """
import socket, sys, threading
port, log, last = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
listener = socket.create_server(("127.0.0.1", port), backlog=64)

def serve(conn):
    count = 0
    while data := conn.recv(4096):
        lines = data.decode().split("\\r\\n")
        host = next(line for line in lines if line.startswith("Host:"))
        with open(log, "a") as f:
            f.write(lines[0] + " " + host + "\\n")
        count += 1
        if count == last:
            break
        conn.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi")
    conn.close()

while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


def run(t, last=0, more=""):
    """One trial of the server; the bench and what was asked, with how often."""
    b = Bench(t)
    script, log = os.path.join(b.dir, "server.py"), os.path.join(b.dir, "asked")
    with open(script, "w", encoding="utf-8") as f:
        f.write(SERVER)
    scenario = b.scenario(connections="1", repetitions=1, more=more)
    b.measure(scenario, "--models", "none", "--out", b.out, "--external",
              f"{sys.executable} {script} {{port}} {log} {last}", "--external-name", "mine")
    with open(log, encoding="utf-8") as f:
        return b, collections.Counter(f.read().splitlines())


def checked_is_measured(t):
    """A path that ends as a weight does: what is checked before the load is what the load asks."""
    _, asked = run(t, more="path = /pkg/left-pad@2?a=b@3\n")
    equal(len({line.split(" Host:")[0] for line in asked}), 1, f"one request: {asked}")
    expect(next(iter(asked)).startswith("GET /pkg/left-pad@2?a=b@3 HTTP/1.1 Host: 127.0.0.1:"),
           f"the path: {asked}")
    expect(sum(asked.values()) > 3, f"the check and the load: {asked}")
    hosts = {line.split(":")[1] for line in asked}
    equal(hosts, {" 127.0.0.1"}, "one name for the host")


LAST = 4


def too_many_failures(t):
    """One rule: what the generator calls FAILED is INVALID, with the generator's reason. The requests
    that the driver makes before the load are the first of their connections, so they are answered."""
    b, _ = run(t, last=LAST)
    told = 0
    for row in b.rows():
        equal(row["status"], "ok", row["reason"])
        if int(row["ok"]) < LAST:
            continue  # so few answers can lie between two failures
        equal(row["verdict"], "INVALID", row["reason"])
        said = "requests failed" in row["reason"] and "--max-errors" in row["reason"]
        told += said
        expect(said or row["reason"].startswith(NO_FIGURES), row["reason"])
    if not told:
        raise tap.Skip("inconclusive: something else took the CPUs in every trial")


TESTS = [("checked is measured", checked_is_measured, 60),
         ("too many failures", too_many_failures, 60)]

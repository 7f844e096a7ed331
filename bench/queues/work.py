"""What a worker does with a job, whatever queue the job came from. A job is (kind, number, url):

    gate    tell that a worker is here, and hold the worker until the harness lets all go
    empty   nothing: what the queue itself costs
    fetch   get the URL, and check status and body

Each is reported to the harness on a datagram socket. Where it is, what a right body is, and where the gate is,
stands in the environment: IOM_QUEUE_DIR."""

import http.client
import json
import os
import socket
import threading
from urllib.parse import urlsplit

own = threading.local()  # under gevent's patches: of a greenlet


def path(name):
    return os.path.join(os.environ["IOM_QUEUE_DIR"], name)


def reports():
    if not hasattr(own, "reports"):
        own.reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        own.reports.connect(path("reports"))
    return own.reports


def right_body():
    if not hasattr(own, "body"):
        with open(path("body"), "rb") as f:
            own.body = f.read()
    return own.body


def pass_gate():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(path("gate"))
        s.recv(1)
    return "ok"


def fetch(url):
    at = urlsplit(url)
    if not hasattr(own, "connection"):
        own.connection = http.client.HTTPConnection(at.hostname, at.port, timeout=60)
    try:
        own.connection.request("GET", f"{at.path}?{at.query}")
        answer = own.connection.getresponse()
        body = answer.read()
    except OSError as e:
        own.connection.close()
        return f"failed: {e}"
    if not 200 <= answer.status <= 299:
        return "non_2xx"
    return "ok" if body == right_body() else "corrupt"


def do(kind, number, url):
    outcome = pass_gate() if kind == "gate" else fetch(url) if kind == "fetch" else "ok"
    reports().send(json.dumps([kind, number, outcome, os.getpid()]).encode())

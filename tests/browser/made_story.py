"""A recording whose every row is known, for the page that steps through a story."""

import json
import os
import re

from driver.bench import ROOT

SCRIPTS = ("stepper_ideal.js", "stepper.js", "stepper_ask.js", "stepper_what_if.js")

HALF = 'A send "GET / HTTP/1.1\\r\\nHo"'
REST_OF_IT = 'A send "st: a\\r\\n\\r\\n"'
STORY = ("A connect", HALF, "rest", "B connect", "B get /", "B answered or rest", REST_OF_IT, "A answered", "A close",
         "B answered", "A connect", "A get /cpu/20000", "B get /", "A answered", "B answered")
HALF_SENT, RESTS, B_ASKS, B_ANSWERED, A_ANSWERED, B_IN_THE_END, HOG = 1, 2, 4, 5, 7, 9, 11


def step(said):
    client, verb = said.split()[:2] if said[1] == " " else (None, said)
    return {"said": said, "client": client, "verb": verb, "slow": False, "orRest": said.endswith("or rest"), "amount": 0,
            "whole": verb == "get" or said == REST_OF_IT}


def row(at, lane, client, label, **more):
    """A second of the recording is a step: the row is in the middle of one."""
    return {"step": at, "ms": 1000 * at + 500, "lane": lane, "client": client, "label": label, **more}


def model(name, family, answered, serve, tasks, waits):
    """`answered`: by client, the step of its answer; `serve`: by client, the task that serves; `waits`: in the step "rest"."""
    rows = [row(0, "A", "A", "connects", connects=True), row(1, "A", "A", "sends 18, not all"),
            row(3, "B", "B", "connects", connects=True), row(4, "B", "B", "sends 27: GET /", asks=True),
            row(6, "A", "A", "sends 17: the rest", asks=True)]
    for client, at in answered.items():
        rows += [row(at, serve[client], client, f"sendto({client}) = 100", sends=True),
                 row(at, client, client, "has its answer", answer=True)]
    task, call, client = waits
    return {"name": name, "summary": name, "family": family, "workers": 0, "rows": sorted(rows, key=lambda r: r["ms"]),
            "began": [1000 * i for i in range(len(STORY))], "end": 1000 * len(STORY), "rests": [RESTS],
            "tasks": [{"name": n, "from": at, "to": 1e6} for n, at in tasks.items()],
            "waits": [{"task": task, "call": call, "client": client, "from": 1900, "to": 3100}]}


MAIN = {"main": -100}
MODELS = (
    model("iterative", "serial", {"A": A_ANSWERED, "B": B_IN_THE_END}, {"A": "main", "B": "main"}, MAIN,
          ("main", "recvfrom", "A")),
    model("thread", "thread", {"A": A_ANSWERED, "B": B_ANSWERED}, {"A": "thread 1", "B": "thread 2"},
          {**MAIN, "thread 1": 600, "thread 2": 3600}, ("main", "accept4", "B")),
    model("epoll-lt", "epoll", {"A": A_ANSWERED, "B": B_ANSWERED}, {"A": "main", "B": "main"}, MAIN,
          ("main", "epoll_wait", None)),
)


def page():
    """The driver's page (bench/show/stepper.c puts it together) with this recording."""
    data = json.dumps({"story": [step(said) for said in STORY], "clients": ["A", "B"], "models": MODELS})

    def read(name):
        with open(os.path.join(ROOT, "bench", "show", name), encoding="utf-8") as f:
            return f.read()
    parts = {"style": read("stepper.css"), "data": data.replace("<", "\\u003c"),
             "scripts": "".join(f"<script>\n{read(name)}</script>\n" for name in SCRIPTS)}
    return re.sub(r"\{(\w+)\}", lambda m: parts[m[1]], read("stepper.html"))

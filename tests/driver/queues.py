"""Workers fed by a queue: bench/queues. One set-up is tried where it is installed; with IOMODELS_TEST_EXTENT=full
all are."""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time

import tap
from driver.bench import OF_THE_MACHINE, ROOT, Bench, equal, expect, nothing_left

HERE = os.path.join(ROOT, "bench", "queues")
FULL = os.environ.get("IOMODELS_TEST_EXTENT") == "full"
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
C, ROUNDS, WAIT = 2, 3, 20
N = C * ROUNDS


found = {}
finding = threading.Lock()


def listed(b):
    """The set-ups; they are looked for once."""
    with finding:
        if not found:
            out, _ = b.call("list", "--json")
            found.update({c["name"]: c for c in json.loads(out)["clients"] if c["kind"] == "queue"})
    return found


def there(b, name):
    why = listed(b)[name]["unavailable"]
    if why:
        raise tap.Skip(f"{name}: {why}")


def are_listed(t):
    b = Bench(t, models=("epoll-et",), pictures=False)
    queues = listed(b)
    expect(len(queues) >= 6, sorted(queues))
    for name, q in queues.items():
        expect(q["packages"], q)
        expect(q["unavailable"] is None or "apt-get install" in q["unavailable"], (name, q))
    out, _ = b.call("list")
    expect("workers that a queue feeds" in out, out)


def does_its_job(name):
    """Each URL is got once, and nothing is left behind: no process, no file."""
    def test(t):
        b = Bench(t, models=("epoll-et",), pictures=False)
        there(b, name)
        path = os.path.join(b.dir, "job.ini")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"[crawl]\nname = job\nclients = {name}\nconcurrency = {C}\nrounds = {ROUNDS}\nwait = {WAIT}\n")
        os.mkdir(os.path.join(b.dir, "t"))  # for the sockets, whose paths are short
        p = b.start("crawl", path, "--out", b.out, env={"TMPDIR": os.path.join(b.dir, "t")})
        out, err = p.communicate()
        equal(p.returncode, 0, out + err)
        row, = b.rows("crawl.csv")
        equal((row["kind"], row["status"]), ("queue", "ok"), row)
        expect(row["verdict"] == "valid" or row["reason"].startswith(OF_THE_MACHINE), row)
        equal([row[x] for x in ("requests", "ok", "server_requests")], [str(N)] * 3, row)
        expect(1 <= int(row["max_in_service"]) <= C, row)
        expect(float(row["empty_jobs_per_s"]) > 0, row)
        expect(0 < float(row["latency_p50_us"]) <= float(row["latency_p90_us"]), row)
        with open(os.path.join(b.out, "report.html"), encoding="utf-8") as f:
            page = f.read()
        expect("empty jobs/s" in out and "empty jobs/s" in page, out)
        equal(os.listdir(os.path.join(b.dir, "t")), [], "left in the temporary directory")
        nothing_left(b)
    return test


class Slow(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        time.sleep(0.05)  # not judged: the job that a worker dies with takes so long
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that was killed is none."""


def death(t, variant):
    """What became of the jobs, as run.py tells."""
    b = Bench(t, models=("epoll-et",), pictures=False)
    server = Server(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    t.defer(server.server_close)
    t.defer(server.shutdown)
    body = os.path.join(b.dir, "body")
    with open(body, "w", encoding="utf-8") as f:
        f.write("ok")
    p = subprocess.run([PYTHON, "-B", os.path.join(HERE, "run.py"), "--variant", variant, "--kill",
                        "-c", "3", "-n", "30", "--expect-body", body,
                        f"http://127.0.0.1:{server.server_port}/?i={{i}}"],
                       env=b.environment(), capture_output=True, text=True, check=False)
    equal(p.returncode, 0, p.stderr)
    nothing_left(b)
    return json.loads(p.stdout)


def loses_none(name, variant):
    def test(t):
        there(Bench(t, models=("epoll-et",), pictures=False), name)
        told = death(t, variant)
        expect(told["killed"], told)
        equal((told["requests"], told["done"], told["lost"]), (30, 30, 0), told)
        expect(told["again"] <= 1, told)  # it may have died between the work and the acknowledgement
    return test


def harness_dies(t):
    """Whatever becomes of the harness, its broker and its directory go."""
    b = Bench(t, models=("epoll-et",), pictures=False)
    there(b, "celery-rabbitmq-prefork" if FULL else "beanstalkd-threads")
    variant = "celery-prefork@rabbitmq" if FULL else "beanstalkd-threads@beanstalkd"
    os.mkdir(os.path.join(b.dir, "t"))
    near, far = socket.socketpair()
    with near, far, open(os.path.join(b.dir, "log"), "wb") as log:
        p = subprocess.Popen([PYTHON, "-B", os.path.join(HERE, "run.py"), "--variant", variant, "-c", "2", "-n", "4",
                              "--events-fd", str(far.fileno()), "http://127.0.0.1:1/?i={i}"], pass_fds=[far.fileno()],
                             env=b.environment(TMPDIR=os.path.join(b.dir, "t")), stdout=log, stderr=log)
        far.close()
        equal(near.recv(6), b"start\n", "its broker and workers are there")
        expect(len(b.left()) > 2, b.left())
        p.kill()
        p.wait()
        while b.left() or os.listdir(os.path.join(b.dir, "t")):  # the limit of the test ends this
            time.sleep(0.05)


def loses_one(t):
    """The counter-example: a job that was popped is nowhere but in its worker."""
    there(Bench(t, models=("epoll-et",), pictures=False), "redis-list-processes")
    told = death(t, "redis-pop-processes@redis")
    equal((told["killed"], told["done"] + told["lost"]), (True, 30), told)
    if told["lost"] == 0:
        raise tap.Skip("inconclusive: the worker was killed between two jobs")
    equal(told["lost"], 1, told)


def wrong(t):
    b = Bench(t, models=("epoll-et",), pictures=False)
    folder = os.path.join(b.dir, "queues")
    os.mkdir(folder)
    with open(os.path.join(folder, "bad.ini"), "w", encoding="utf-8") as f:
        f.write("[queue]\nsummary = x\nneeds = command sh\n")
    _, err = b.call("crawl", "--queues", folder, "--clients", "bad", status=2)
    expect("bad.ini: [queue] lacks 'command'" in err and "no client 'bad'" in err, err)


NAMES = sorted(x[:-4] for x in os.listdir(HERE) if x.endswith(".ini"))
DEATHS = [("beanstalkd-processes", "beanstalkd-processes@beanstalkd"),
          ("redis-list-processes", "redis-list-processes@redis"),
          ("celery-redis-prefork", "celery-prefork@redis"), ("celery-rabbitmq-prefork", "celery-prefork@rabbitmq")]

TESTS = [("queues: they are listed, with their packages", are_listed, 300),
         ("queues: bad input", wrong, 300),
         ("queues: the harness is killed, and nothing is left", harness_dies, 300)] + \
        [(f"queues: {name} does each job once", does_its_job(name), 600)
         for name in NAMES if FULL or name == "beanstalkd-threads"] + \
        [(f"queues: a worker of {name} is killed, and no job is lost", loses_none(name, variant), 600)
         for name, variant in DEATHS if FULL or name == "beanstalkd-processes"] + \
        ([("queues: a job that was popped is lost with its worker", loses_one, 600)] if FULL else [])

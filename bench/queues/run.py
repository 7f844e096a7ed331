"""The job of a crawler, its URLs as messages of a queue: a client as those of bench/external-clients are, whose
tree has a broker and its workers.

    run.py --variant WORKERS@BROKER [--worker PROGRAM] [--kill] and the options of a client

PROGRAM is our worker in C (clients/worker), where WORKERS is c-threads or c-epoll.

Whether a worker is a process, a thread or a greenlet, first each of the C workers takes a job that holds it at a
gate. Behind that job all others are put. When the gate opens the clock starts; it stops when the last job is
acknowledged, as far as the broker tells.

Before that: as many jobs that do nothing, for what the queue itself costs, and some one at a time, for how long
one takes from its put to its report.

With --kill a worker is killed by SIGKILL after a third of the jobs. The JSON then has, besides, what became of
the jobs: `lost`, and `again`, those that were done twice. (Give it no --events-fd: it is no measurement.)"""

import argparse
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "external-clients")]

import brokers  # noqa: E402
import queues  # noqa: E402
from job import Job  # noqa: E402

EMPTY_MOST, PINGS = 1000, 50
LOST_S = 5  # after a worker's death nothing may come for so long before its job is called lost
HANG_S = 120


class Celery:
    """Its workers, over Redis or RabbitMQ."""

    def __init__(self, h, pool):
        os.environ.update(IOM_BROKER=h.broker_url, IOM_POOL=pool)
        from celery_tasks import app, do  # not before the broker is known
        self.app, self.task = app, do
        self.broker_env = h.children[-1].env
        self.redis = queues.redis_client() if h.broker_url.startswith("redis") else None
        self.children = [brokers.Child(h.directory, "celery", [
            sys.executable, "-B", "-m", "celery", "--workdir", HERE, "-A", "celery_tasks", "worker", "-P", pool, "-c",
            str(h.job.concurrency), "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR", "-n",
            f"iomodels-{os.getpid()}@localhost"], PYTHONPATH=HERE)]

    def put(self, jobs):
        with self.app.producer_pool.acquire(block=True) as producer:
            for job in jobs:
                self.task.apply_async(args=job, producer=producer)

    def left(self):
        """None: the broker tells only of jobs that nobody has taken."""
        if not self.redis:
            return None
        return self.redis.llen("jobs") + self.redis.hlen("unacked")

    def left_at_end(self):
        return self.left() if self.redis else self.left_in_rabbitmq()

    def left_in_rabbitmq(self):
        """By the broker's own program, which takes a second or two."""
        program = "/usr/lib/rabbitmq/bin/rabbitmqctl"  # the one in /usr/sbin would become another user
        p = subprocess.run([program, "-q", "--no-table-headers", "list_queues", "name", "messages"], check=False,
                           env={**os.environ, **self.broker_env}, capture_output=True, text=True)
        count = [line.split()[1] for line in p.stdout.splitlines() if line.split()[:1] == ["jobs"]]
        if p.returncode != 0 or not count:
            raise RuntimeError(f"{program}: {p.stderr.strip() or p.stdout.strip()}")
        return int(count[0])

    def killed(self, pid):
        """Celery's own master sees to it."""


class Own:
    """worker.py: one process with a thread for each worker, or a process for each."""

    def __init__(self, h, queue, kind):
        self.queue = queues.by_name(queue)
        c = h.job.concurrency
        count, each = (1, c) if kind == "threads" else (c, 1)
        self.children = [brokers.Child(h.directory, f"worker-{i}", [
            sys.executable, "-B", os.path.join(HERE, "worker.py"), queue, str(each), f"w{i}"]) for i in range(count)]

    def put(self, jobs):
        self.queue.put(jobs)

    def left(self):
        return self.queue.left()

    left_at_end = left

    def killed(self, pid):
        """The supervisor's part: what the dead one had is given back."""
        for i, child in enumerate(self.children):
            if child.process.pid == pid:
                child.process.wait()
                self.queue.give_back(f"w{i}")
                del self.children[i]
                return


class InC(Own):
    """clients/worker, over beanstalkd."""

    def __init__(self, h, how):
        at = urlsplit(h.job.urls[0])
        self.queue = queues.by_name("beanstalkd")
        self.children = [brokers.Child(h.directory, "iomodels-worker", [
            h.program, "--dir", h.directory, "--site", f"{at.scheme}://{at.netloc}", "--workers", str(h.job.concurrency),
            "--by", how])]


class Harness:
    def __init__(self, job, program):
        self.job, self.program = job, program
        self.workers, self.children = None, []
        self.directory = tempfile.mkdtemp(prefix="iomodels-queue-")
        self.janitor = leave_janitor(self.directory)
        os.environ["IOM_QUEUE_DIR"] = self.directory
        self.reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.reports.bind(os.path.join(self.directory, "reports"))
        self.reports.settimeout(1)
        self.gate = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.gate.bind(os.path.join(self.directory, "gate"))
        self.gate.listen(4096)
        self.gate.settimeout(1)
        with open(os.path.join(self.directory, "body"), "wb") as f:
            f.write(job.body or b"")

    def start(self, variant):
        workers, _, broker = variant.partition("@")
        if broker not in brokers.START or not workers:
            sys.exit(f"--variant '{variant}' is not WORKERS@BROKER, with a broker of {', '.join(brokers.START)}")
        self.children, self.broker_url = brokers.START[broker](self.directory)
        kind, _, how = workers.rpartition("-")
        self.workers = Celery(self, how) if kind == "celery" else InC(self, how) if kind == "c" else \
            Own(self, kind, how)

    def check(self):
        for child in self.children + self.workers.children:
            child.check()

    def wait_until(self, deadline, what):
        self.check()
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} for {HANG_S} s")

    def hold(self):
        """All workers at the gate; returns what lets them go."""
        c = self.job.concurrency
        self.workers.put([("gate", i, "") for i in range(c)])
        held, deadline = [], time.monotonic() + HANG_S
        while len(held) < c:
            try:
                held.append(self.gate.accept()[0])
            except TimeoutError:
                self.wait_until(deadline, f"{len(held)} of {c} workers came to the gate")
        return held

    def release(self, held):
        for s in held:
            s.send(b"\n")
            s.close()

    def report(self):
        """(kind, number, outcome, pid), or None after a second."""
        try:
            return json.loads(self.reports.recv(4096))
        except TimeoutError:
            return None

    def collect(self, count, each):
        """Wait for so many reports other than those of the gate."""
        found, deadline = 0, time.monotonic() + HANG_S
        while found < count:
            r = self.report()
            if r is None:
                self.wait_until(deadline, f"{found} of {count} jobs were reported")
            elif r[0] != "gate":
                found += 1
                each(*r)

    def drain(self):
        """Until the broker knows of no job, as far as it tells at once."""
        self.await_none(self.workers.left)

    def await_none(self, left):
        deadline = time.monotonic() + HANG_S
        while left():
            self.wait_until(deadline, "jobs were done and not acknowledged")
            time.sleep(0.005)

    def empty(self):
        """Jobs a second that do nothing."""
        count = min(self.job.requests, EMPTY_MOST)
        held = self.hold()
        self.workers.put([("empty", i, "") for i in range(count)])
        begin = time.monotonic()
        self.release(held)
        self.collect(count, lambda *_: None)
        took = time.monotonic() - begin
        self.drain()
        return count / took

    def pings(self):
        """Seconds from the put of a job to its report, when nothing else is to be done."""
        found, pauses = [], random.Random(1)
        for i in range(PINGS):
            time.sleep(0.002 * pauses.random())
            begin = time.monotonic()
            self.workers.put([("empty", i, "")])
            self.collect(1, lambda *_: None)
            found.append(time.monotonic() - begin)
        return sorted(found)

    def fetch(self):
        job, seen = self.job, set()

        def each(kind, number, outcome, _):
            job.ended = time.monotonic()
            if kind != "fetch" or number in seen:
                raise RuntimeError(f"job {number} ({kind}) was done again")
            seen.add(number)
            if outcome == "ok":
                job.ok += 1
            elif outcome == "non_2xx":
                job.non_2xx += 1
            else:
                job.corrupt += 1
        held = self.hold()
        self.workers.put([("fetch", i, url) for i, url in enumerate(job.urls)])
        job.start()
        self.release(held)
        self.collect(job.requests, each)
        if self.workers.left() is not None:
            self.drain()
            job.ended = time.monotonic()

    def fetch_with_death(self):
        """What became of the jobs of which a worker dies with one."""
        job, done, begun = self.job, {}, time.monotonic()
        held = self.hold()
        self.workers.put([("fetch", i, url) for i, url in enumerate(job.urls)])
        self.release(held)
        killed, last = None, time.monotonic()
        while len(done) < job.requests and time.monotonic() < begun + HANG_S:
            r = self.report()
            if r is None and killed and time.monotonic() > last + LOST_S:
                break
            if r is None or r[0] == "gate":
                continue
            last = time.monotonic()
            done.setdefault(r[1], []).append(r[2])
            if not killed and len(done) >= job.requests // 3:
                killed = r[3]
                time.sleep(0.01)  # it has its next job by then
                os.kill(killed, signal.SIGKILL)
                self.workers.killed(killed)
        self.drain()
        while r := self.report():  # what was done while nobody read
            if r[0] != "gate":
                done.setdefault(r[1], []).append(r[2])
        return {"killed": killed is not None, "requests": job.requests, "done": len(done),
                "lost": job.requests - len(done), "again": sum(len(x) - 1 for x in done.values())}

    def settle(self):
        """Until the broker says that each job has been acknowledged."""
        self.await_none(self.workers.left_at_end)

    def end(self):
        for child in (self.workers.children if self.workers else []) + self.children[::-1]:
            child.end()
        shutil.rmtree(self.directory, ignore_errors=True)
        pid, alive = self.janitor
        os.close(alive)
        os.waitpid(pid, 0)
        brokers.await_orphans()


def end_groups(path):
    """Of the file that brokers.Child writes; it is not there where the harness has ended all itself."""
    try:
        with open(path, encoding="ascii") as f:
            groups = [int(line) for line in f]
    except FileNotFoundError:
        return
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass


def leave_janitor(directory):
    """A process that ends the brokers and removes the directory also where this one is killed: RabbitMQ's own
    process is a child of its script, and does not die with that. Its process id, and the descriptor whose end
    sets it to work."""
    end, ours = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.close(ours)
        for fd in (0, 1, 2, 3):  # 3: of the driver's events
            if fd != end:
                try:
                    os.close(fd)
                except OSError:
                    pass
        os.read(end, 1)
        end_groups(os.path.join(directory, "groups"))
        shutil.rmtree(directory, ignore_errors=True)
        os._exit(0)
    os.close(end)
    return pid, ours


def measure(h):
    empty = h.empty()
    pings = h.pings()
    h.fetch()
    h.job.end(h.job.concurrency, after=h.settle, empty_jobs_per_s=empty,
              latency_p50_us=statistics.median(pings) * 1e6, latency_p90_us=pings[len(pings) * 9 // 10] * 1e6)


def main():
    p = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    p.add_argument("--kill", action="store_true")
    p.add_argument("--worker", metavar="PROGRAM")
    o, sys.argv[1:] = p.parse_known_args()
    brokers.adopt_orphans()
    h = Harness(Job(), o.worker)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        h.start(h.job.variant)
        if o.kill:
            print(json.dumps(h.fetch_with_death()), flush=True)
        else:
            measure(h)
    except (OSError, RuntimeError) as e:
        sys.exit(str(e))
    finally:
        h.end()


main()

"""Brokers as child processes: on Unix sockets or free ports of 127.0.0.1, with their files in the directory of
the harness, and never the system's own service. A broker ends when the harness does."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIMIT_S = 150  # to start
ORPHANS_S = 10  # to end by themselves
libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans():
    """What a broker started, and what outlives it, becomes a child of this process (prctl(2))."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def own_children():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                parent = f.read().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == os.getpid():
            found.append(int(pid))
    return found


def await_orphans():
    """Until no child is left. RabbitMQ's helpers are in sessions of their own, and end when they find that the
    broker has; who has not ended after some time is killed."""
    deadline = time.monotonic() + ORPHANS_S
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0 and time.monotonic() > deadline:
            for child in own_children():
                os.kill(child, signal.SIGKILL)
        if pid == 0:
            time.sleep(0.01)


class Child:
    """A process in a session of its own; what it says goes to a file, whose last line says why it ended."""

    def __init__(self, directory, name, argv, **env):
        self.env = env
        self.name, self.log = name, os.path.join(directory, name + ".log")
        with open(self.log, "wb") as f:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f, start_new_session=True,
                                            preexec_fn=die_with_parent, cwd=directory,
                                            env={**os.environ, "TMPDIR": directory, **env})
        with open(os.path.join(directory, "groups"), "a", encoding="ascii") as f:
            f.write(f"{self.process.pid}\n")

    def check(self):
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                last = [line for line in f.read().splitlines() if line.strip() and not line.startswith("Try '")][-1:]
            raise RuntimeError(f"{self.name} has ended ({self.process.returncode}): {(last or ['it says nothing'])[0]}")

    def end(self):
        """All of its process group."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")
    if not path:
        raise RuntimeError(f"no command {name}")
    return path


def until(ready, children):
    """Wait until `ready()` raises no OSError."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        for child in children:
            child.check()
        try:
            return ready()
        except OSError as e:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{children[-1].name} is not ready after {LIMIT_S} s: {e}") from e
        time.sleep(0.02)


def reach(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)


def start_beanstalkd(directory):
    path = os.path.join(directory, "beanstalkd")
    children = [Child(directory, "beanstalkd-server", [program("beanstalkd"), "-l", "unix:" + path])]
    until(lambda: reach(path), children)
    return children, ""


def start_redis(directory):
    path = os.path.join(directory, "redis")
    children = [Child(directory, "redis-server", [program("redis-server"), "--port", "0", "--unixsocket", path, "--save", "",
                                                  "--appendonly", "no", "--dir", directory])]
    until(lambda: reach(path), children)
    return children, "redis+socket://" + path


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def start_rabbitmq(directory):
    """With an epmd of its own, in the foreground: the one that RabbitMQ starts would stay."""
    port, between, names = free_ports(3)
    for name, text in (("plugins", "[].\n"), ("rabbitmq.conf", f"listeners.tcp.1 = 127.0.0.1:{port}\n")):
        with open(os.path.join(directory, name), "w", encoding="ascii") as f:
            f.write(text)
    env = {"HOME": directory, "ERL_EPMD_PORT": str(names), "ERL_EPMD_ADDRESS": "127.0.0.1",
           "RABBITMQ_NODENAME": f"iomodels-{os.getpid()}@localhost", "RABBITMQ_DIST_PORT": str(between),
           "RABBITMQ_MNESIA_BASE": os.path.join(directory, "mnesia"), "RABBITMQ_LOGS": "-",
           "RABBITMQ_LOG_BASE": os.path.join(directory, "log"), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
           "RABBITMQ_CONFIG_FILE": os.path.join(directory, "rabbitmq.conf"),
           "RABBITMQ_ENABLED_PLUGINS_FILE": os.path.join(directory, "plugins"),
           "RABBITMQ_PID_FILE": os.path.join(directory, "rabbitmq.pid")}
    children = [Child(directory, "epmd", [program("epmd"), "-port", str(names), "-address", "127.0.0.1"], **env)]
    until(lambda: socket.create_connection(("127.0.0.1", names)).close(), children)
    # The one in /usr/sbin would become another user.
    children.append(Child(directory, "rabbitmq-server", ["/usr/lib/rabbitmq/bin/rabbitmq-server"], **env))
    url = f"pyamqp://guest:guest@127.0.0.1:{port}//"
    until(lambda: amqp_reach(port), children)
    return children, url


def amqp_reach(port):
    import amqp
    with amqp.Connection(f"127.0.0.1:{port}"):
        pass


START = {"beanstalkd": start_beanstalkd, "redis": start_redis, "rabbitmq": start_rabbitmq}

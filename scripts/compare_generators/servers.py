"""The servers that the clients load: ours, and nginx with the same body. One core each."""

import glob
import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from compare_generators.clients import pinned
from compare_generators.environment import clean

NGINX = """
daemon off;
pid "{directory}/pid";
error_log stderr warn;
worker_processes 1;
worker_rlimit_nofile 65536;
{user}
events {{ use epoll; worker_connections 16384; }}
http {{
    access_log off;
    client_body_temp_path "{directory}/body";
    proxy_temp_path "{directory}/proxy";
    fastcgi_temp_path "{directory}/fastcgi";
    uwsgi_temp_path "{directory}/uwsgi";
    scgi_temp_path "{directory}/scgi";
    keepalive_requests 1000000000;
    keepalive_timeout 600;
    server {{
        listen {address};
        location / {{ default_type text/plain; return 200 "{body}"; }}
        location /nothing {{ return 404; }}
    }}
}}
"""


class Server:
    """A running server. `address` is HOST:PORT."""

    def __init__(self, name, process, address, directory=None):
        self.name, self.process, self.address = name, process, address
        self._directory = directory

    def cpu_ns(self):
        """CPU time of its processes so far, from the scheduler (proc(5), schedstat)."""
        total = 0
        for pid in self._processes():
            for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
                try:
                    with open(path) as f:
                        total += int(f.read().split()[0])
                except OSError:
                    pass
        return total

    def _processes(self):
        found = [self.process.pid]
        for pid in found:
            try:
                with open(f"/proc/{pid}/task/{pid}/children") as f:
                    found += map(int, f.read().split())
            except OSError:
                pass
        return found

    def body(self):
        host, port = self.address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"{self.name} answers {answer.status}")
            return answer.read()
        finally:
            connection.close()

    def stop(self):
        self.process.terminate()  # nginx's master ends its worker, and waits for it
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)


def start_ours(build, model, cpu):
    program = os.path.join(build, "servers", model)
    process = subprocess.Popen([program, "--listen", "127.0.0.1:0", "--protocol", "http"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                               start_new_session=True, preexec_fn=pinned(cpu), env=clean())
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        process.kill()
        process.wait()
        raise RuntimeError(f"{program} does not start")
    return Server(model, process, line.removeprefix("listening on ").strip())


def nginx_program():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def start_nginx(cpu, body):
    """nginx takes no port 0. It does take a listening socket over from the nginx before it, by a
    list of descriptors in the environment (ngx_add_inherited_sockets() in its core/nginx.c): so
    there is no moment at which the port is anybody else's."""
    directory = tempfile.mkdtemp(prefix="iomodels-nginx-")
    process = None
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(4096)
            address = "127.0.0.1:%d" % listener.getsockname()[1]
            text = body.decode().replace("\\", "\\\\").replace('"', '\\"').replace("$", "${dollar}")
            with open(f"{directory}/conf", "w") as f:
                f.write(NGINX.format(directory=directory, address=address, body=text,
                                     user="user root;" if os.getuid() == 0 else ""))
            log = open(f"{directory}/log", "w+")
            process = subprocess.Popen(
                [nginx_program(), "-e", "stderr", "-p", directory, "-c", f"{directory}/conf"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                pass_fds=[listener.fileno()], preexec_fn=pinned(cpu),
                env=clean(NGINX=f"{listener.fileno()};"))
        server = Server("nginx", process, address, directory)
        deadline = time.monotonic() + 60
        while True:  # the queue of its socket takes connections before it is there to answer
            try:
                server.body()
                return server
            except OSError as e:
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"nginx does not start: {log.read()[-500:] or e}") from None
    except BaseException:
        if process and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(directory, ignore_errors=True)
        raise

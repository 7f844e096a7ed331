"""A stub that answers rightly and writes down what the load generator did on each connection."""

import socket
import struct
import threading
import time

from load.run import until
from load.stub_server import answer


class Watched:
    """What was seen on one connection: when requests were complete, how many of them waited for an
    answer at most, and how it ended: 'fin', 'rst' or None."""

    def __init__(self):
        self.requests, self.answered, self.most, self.end = [], [], 0, None


class Watcher:
    """Listens on a port of its own. `gather`: answers are sent when so many requests wait, all in
    one go. `pieces`: instead, in pieces of so many bytes. `answers`: so many in all on a
    connection, then `after`: 'close' it, or 'stall'. `payload`: echo messages of that size instead
    of HTTP. `accept`: no more connections than so many are accepted. `backlog`: of listen(2).
    `pause`: seconds before each batch is read, so that the client's sends do not fit. `unix`: on
    a Unix-domain socket. `extra`: so many answers too many, once, in the first batch (HTTP).
    `late`: seconds before the first connection is accepted."""

    def __init__(self, t, gather=1, pieces=None, answers=None, after="close", payload=None,
                 accept=None, backlog=1024, pause=0.0, unix=False, extra=0, late=0.0):
        self.gather, self.pieces, self.answers, self.after = gather, pieces, answers, after
        self.payload, self.accept, self.pause = payload, accept, pause
        self.extra, self.late = extra, late
        self.conns, self._socks = [], []
        self._stopping = threading.Event()
        self.unix = unix
        scheme = "echo" if payload else "http"
        if unix:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind("")  # an abstract name of the kernel's choice (unix(7))
            name = self._listener.getsockname()[1:].decode()
            self.url = f"{scheme}+unix://@{name}"
        else:
            self._listener = socket.socket()
            self._listener.bind(("127.0.0.1", 0))
            self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._listener.listen(backlog)
        t.defer(self.close)
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def requests(self):
        return sum(len(c.requests) for c in self.conns)

    def _serve(self):
        self._stopping.wait(self.late)
        while self.accept is None or len(self.conns) < self.accept:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if not self.unix:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            seen = Watched()
            self.conns.append(seen)
            self._socks.append(sock)
            threading.Thread(target=self._run, args=(sock, seen), daemon=True).start()

    def _run(self, sock, seen):
        try:
            self._talk(sock, seen)
        except ConnectionResetError:
            seen.end = "rst"
        except OSError:
            pass
        finally:
            sock.close()

    def _take(self, pending):
        """The first whole request in `pending`, taken out of it, or None."""
        size = self.payload if self.payload else pending.find(b"\r\n\r\n") + 4
        if size < 4 and not self.payload or len(pending) < size:
            return None
        request = bytes(pending[:size])
        del pending[:size]
        return request

    def _talk(self, sock, seen):
        pending, waiting, sent = bytearray(), [], 0
        while True:
            if self.pause:
                self._stopping.wait(self.pause)
            data = sock.recv(1 << 20)
            if not data:
                seen.end = "fin"
                return
            pending += data
            while (request := self._take(pending)) is not None:
                seen.requests.append(time.monotonic())
                waiting.append(request)
            seen.most = max(seen.most, len(waiting))
            if len(waiting) < self.gather or sent == self.answers:
                continue
            if self.answers is not None:
                waiting = waiting[:self.answers - sent]
            sent += len(waiting)
            surplus, self.extra = self.extra, 0
            seen.answered += [time.monotonic()] * len(waiting)
            self._send(sock, b"".join(waiting if self.payload else
                                      [answer()] * (len(waiting) + surplus)))
            waiting = []
            if sent == self.answers and self.after == "close":
                return

    def _send(self, sock, data):
        if not self.pieces:
            sock.sendall(data)
            return
        i = k = 0
        while i < len(data):
            n = self.pieces[k % len(self.pieces)]
            sock.sendall(data[i:i + n])
            i, k = i + n, k + 1

    def wait_for_ends(self):
        """Until the end of every connection was seen."""
        until(lambda: all(c.end for c in self.conns), "the end of each connection")

    def close(self):
        self._stopping.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        except OSError:
            pass
        self._listener.close()
        for sock in self._socks:
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

#!/usr/bin/env python3
"""A server that misbehaves on purpose, to test the load generator with.

    stub_server.py MODE [--protocol http|echo] [--every N]

listens on a port of its own choice, prints `listening on ADDRESS`, and serves until standard input
ends. Every N-th request (counted over all connections; by default each one) gets MODE's treatment,
the others a right answer. `stub_server.py --list` names the modes.

As a module: Stub(mode, ...) runs one in threads of this process; `requests`, `faults` and
`accepted` tell what it saw, so a test knows the exact number of each outcome to expect; `all` has
every connection that was accepted, `clients` where each came from.
"""

import argparse
import os
import socket
import struct
import sys
import tempfile
import threading
import time

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lib import machine  # noqa: E402

BIG = bytes(range(256)) * 16384
BODY = b"iomodels: one answer, whatever the model.\n"
CLOSE, KEEP = False, True  # what a treatment returns: is the connection still of use?


def answer(body=BODY, status=b"200 OK", headers=b"", length=None):
    return (b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n" %
            (len(body) if length is None else length) + headers + b"\r\n" + body)


def path_of(request):
    return request.split(b" ", 2)[1]


def body_size(head):
    """The bytes that follow the head of a request."""
    field = head.lower().find(b"\r\ncontent-length:")
    return int(head[field + 17:].split(b"\r\n", 1)[0]) if field >= 0 else 0


def path_body(request):
    """Another body for each path."""
    return b"this is " + path_of(request) + b"\n"


def reset(conn):
    """Close with a reset: no lingering, whatever is queued is dropped (socket(7), SO_LINGER)."""
    conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return CLOSE


def in_pieces(conn, data, sizes):
    i = k = 0
    while i < len(data):
        n = sizes[k % len(sizes)]
        conn.send(data[i:i + n])
        i, k = i + n, k + 1
    return KEEP


def until_closed(conn):
    """Say nothing more, until the client gives up."""
    try:
        while conn.sock.recv(65536):
            pass
    except OSError:
        pass
    return CLOSE


def send(conn, data, then=KEEP):
    conn.send(data)
    return then


def late(conn, data, seconds):
    conn.stub.stopping.wait(seconds)
    return send(conn, data)


def and_close(conn, data):
    """Answer and close unannounced, in one segment: the end of the stream is there with the answer,
    so no request may be sent after it (tcp(7): data sent with MSG_MORE waits for more)."""
    with conn.lock:
        conn.sock.send(data, socket.MSG_MORE)
    return CLOSE


def with_urgent(conn, data):
    """A byte that is not part of the stream lies in the middle of it: recv(2) stops there, although
    there is more (tcp(7)). On a Unix-domain socket it stops behind a descriptor that was passed
    (unix(7))."""
    half = len(data) // 2
    with conn.lock:
        if conn.sock.family == socket.AF_UNIX:
            socket.send_fds(conn.sock, [data[:half]], [0])
        else:
            conn.sock.send(data[:half], socket.MSG_MORE)
            conn.sock.send(b"!", socket.MSG_OOB | socket.MSG_MORE)
        conn.sock.sendall(data[half:])
    return KEEP


def chunked(conn):
    body = b"".join(b"%x;n=%d\r\n%s\r\n" % (len(c), i, c)
                    for i, c in enumerate((BODY[:1], BODY[1:20], BODY[20:])))
    data = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body +
            b"0\r\nTrailer: x\r\n\r\n")
    first = conn.stub.next_number() % len(data) + 1
    return in_pieces(conn, data, [first, len(data)])


def refuse(conn):
    conn.stub.stop_listening()
    return CLOSE


def endless_head(conn):
    """Field after field, and never the empty line."""
    conn.send(b"HTTP/1.1 200 OK\r\n")
    while not conn.stub.stopping.is_set():
        conn.send(b"X-Again: and again\r\n" * 50)
    return CLOSE


def unasked(conn):
    """Speak on two connections that wait for nothing, then answer this one."""
    while len(conn.stub.others(conn)) < 2 and not conn.stub.stopping.wait(0.01):
        pass
    others = conn.stub.others(conn)
    for other in others:
        other.send(answer())
    # Until the client has closed them, for it may read this answer before those.
    while set(others) & set(conn.stub.others(conn)) and not conn.stub.stopping.wait(0.01):
        pass
    return send(conn, answer())


# Mode: what happens to a request.
HTTP = {
    # Right answers, in unusual ways.
    "ok": lambda c, r: send(c, c.stub.right(r)),
    "split": lambda c, r: in_pieces(c, answer(), [1]),
    "split-3": lambda c, r: in_pieces(c, answer(), [3, 1, 7]),
    "late": lambda c, r: late(c, answer(), 0.05),
    "chunked": lambda c, r: chunked(c),
    "informational": lambda c, r: in_pieces(
        c, b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
        answer(), [50, 10, 200]),
    "close-after": lambda c, r: send(c, answer(headers=b"Connection: close\r\n"), CLOSE),
    "close-unannounced": lambda c, r: and_close(c, answer()),
    "announce-close": lambda c, r: send(c, answer(headers=b"Connection: close\r\n")) and
    until_closed(c),
    "to-eof": lambda c, r: send(c, b"HTTP/1.1 200 OK\r\n\r\n" + BODY, CLOSE),
    "http-1.0": lambda c, r: send(c, answer().replace(b"HTTP/1.1", b"HTTP/1.0"), CLOSE),
    "by-path": lambda c, r: send(c, answer(path_body(r))),
    "big": lambda c, r: send(c, answer(BIG)),
    "urgent": lambda c, r: with_urgent(c, answer()),
    "no-reason": lambda c, r: in_pieces(c, answer().replace(b" OK", b"", 1), [12, 1, 200]),
    "padded-chunk": lambda c, r: in_pieces(
        c, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x  \r\n" % len(BODY) + BODY +
        b"\r\n0\t\r\n\r\n", [48, 1, 1, 1, 200]),
    "same-length-twice": lambda c, r: send(
        c, answer(headers=b"Content-Length: %d, %d\r\n" % (len(BODY), len(BODY)))),
    "no-content": lambda c, r: send(c, b"HTTP/1.1 204 No Content\r\n\r\n"),
    "unasked": lambda c, r: unasked(c),
    "refuse": lambda c, r: refuse(c),
    # Wrong ones.
    "404": lambda c, r: send(c, answer(b"none\n", b"404 Not Found")),
    "stall": lambda c, r: until_closed(c),
    "stall-mid-head": lambda c, r: send(c, answer()[:30]) and until_closed(c),
    "stall-mid-body": lambda c, r: send(c, answer()[:-5]) and until_closed(c),
    "short": lambda c, r: send(c, answer(length=len(BODY) + 9)) and until_closed(c),
    "long": lambda c, r: send(c, answer(BODY + b"and more", length=len(BODY))),
    "mixed-up": lambda c, r: send(c, answer(path_body(r)[::-1])),
    "other-length": lambda c, r: send(c, answer(BODY[:-1])),
    "other-body": lambda c, r: send(c, answer(BODY[:-2] + b"!\n")),
    "other-body-split": lambda c, r: in_pieces(c, answer(BODY[:-2] + b"!\n"), [60, 7, 1]),
    "other-body-chunked": lambda c, r: send(
        c, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY) +
        BODY[:-2] + b"!\n\r\n0\r\n\r\n"),
    "endless-head": lambda c, r: endless_head(c),
    "long-line": lambda c, r: send(c, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40000) and
    until_closed(c),
    "only-informational": lambda c, r: send(c, b"HTTP/1.1 100 Continue\r\n\r\n") and
    until_closed(c),
    "twice": lambda c, r: send(c, answer() + answer()),
    "close-before": lambda c, r: CLOSE,
    "close-mid-head": lambda c, r: send(c, answer()[:25], CLOSE),
    "close-mid-body": lambda c, r: send(c, answer()[:-5], CLOSE),
    "reset": lambda c, r: reset(c),
    "reset-mid-body": lambda c, r: send(c, answer()[:-5]) and late(c, b"", 0.03) and reset(c),
    "garbage": lambda c, r: send(c, b"what?"),
    "bare-lf": lambda c, r: send(c, answer().replace(b"\r\n", b"\n")),
    "bad-chunk": lambda c, r: send(c, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz"),
    "two-lengths": lambda c, r: send(c, answer(headers=b"Content-Length: 1\r\n")),
}

ECHO = {
    "ok": lambda c, r: send(c, r),
    "split": lambda c, r: in_pieces(c, r, [1]),
    "split-3": lambda c, r: in_pieces(c, r, [3, 1, 7]),
    "late": lambda c, r: late(c, r, 0.05),
    "urgent": lambda c, r: with_urgent(c, r),
    "close-unannounced": lambda c, r: and_close(c, r),
    "stall": lambda c, r: until_closed(c),
    "short": lambda c, r: send(c, r[:-1]) and until_closed(c),
    "long": lambda c, r: send(c, r + b"!"),
    "twice": lambda c, r: send(c, r + r),
    "wrong-byte": lambda c, r: send(c, r[:-1] + bytes([r[-1] ^ 1])),
    "lost-byte": lambda c, r: send(c, r[1:] + b"!"),
    "stale": lambda c, r: send(c, c.previous or bytes(len(r))),
    "swapped": lambda c, r: send(c, c.stub.swap(r)),
    "close-before": lambda c, r: CLOSE,
    "close-mid-body": lambda c, r: send(c, r[:-5], CLOSE),
    "reset": lambda c, r: reset(c),
}


class Connection:
    def __init__(self, stub, sock):
        self.stub, self.sock = stub, sock
        self.since = time.monotonic()
        self.received = 0  # bytes
        self.requests = 0
        self.previous = None  # echo: the message before
        self.lock = threading.Lock()
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        with self.lock:
            self.sock.sendall(data)

    def read_request(self, pending):
        """One request and what was read beyond it; None at the end of the stream."""
        size = self.stub.payload
        while True:
            if self.stub.protocol == "http":
                end = pending.find(b"\r\n\r\n") + 4
                size = end + body_size(pending[:end])
                if end > 3 and len(pending) >= size:
                    return bytes(pending[:size]), pending[size:]
            elif len(pending) >= size:
                return bytes(pending[:size]), pending[size:]
            data = self.sock.recv(1 << 18)
            if not data:
                return None, pending
            self.received += len(data)
            pending += data

    def serve(self):
        pending = bytearray()
        keep = KEEP
        while keep:
            request, pending = self.read_request(pending)
            if request is None:
                break
            self.requests += 1
            fault = self.stub.count(request)
            treat = self.stub.treatment if fault else self.stub.treatments["ok"]
            keep = treat(self, request)
            self.previous = request


class Stub:
    """A server in threads of this process. `address` is where it listens, `url` the same for the
    load generator. `family`: tcp4, tcp6, unix or abstract. `one_at_a_time`: the next connection is
    accepted when the one before is closed, as the iterative model does.

    One request in `every` is treated as the mode says, after the first `sound` requests. The first
    answer that arrives decides which body is right: with as many sound ones as there can be
    requests under way, that answer is a right one, whatever overtakes what."""

    def __init__(self, mode="ok", protocol="http", every=1, payload=64, family="tcp4",
                 one_at_a_time=False, sound=0):
        self.treatments = HTTP if protocol == "http" else ECHO
        self.treatment = self.treatments[mode]
        self.protocol, self.every, self.sound, self.payload = protocol, every, sound, payload
        self.one_at_a_time = one_at_a_time
        self.requests = self.faults = self.accepted = self.ended = 0
        self.last_request = None
        self.all, self.clients = [], []  # every connection that ever was, and who made it
        self.greeting = b""  # what each connection is sent before it asked for anything
        self.by_path = mode in ("by-path", "mixed-up")
        self.stopping = threading.Event()
        self._numbers = self._swap = 0
        self._lock = threading.Lock()
        self._conns = set()
        self._directory = None
        self._listen(family)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _listen(self, family):
        scheme = self.protocol
        if family in ("unix", "abstract"):
            self._directory = tempfile.mkdtemp(prefix="iomodels-load-")
            path = self._directory + "/sock"
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind("\0" + path if family == "abstract" else path)
            text = "@" + path if family == "abstract" else path
            self.address, self.url = "unix:" + text, f"{scheme}+unix://{text}"
        else:
            v6 = family == "tcp6"
            self._listener = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET)
            self._listener.bind(("::1" if v6 else "127.0.0.1", 0))
            port = self._listener.getsockname()[1]
            self.address = f"[::1]:{port}" if v6 else f"127.0.0.1:{port}"
            self.url = f"{scheme}://{self.address}"
        self._listener.listen(1024)

    def _accept(self):
        while True:
            try:
                sock, client = self._listener.accept()
            except OSError:
                return
            conn = Connection(self, sock)
            with self._lock:
                self.accepted += 1
                self._conns.add(conn)
                self.all.append(conn)
                self.clients.append(client)
            if self.one_at_a_time:
                self._run(conn)
            else:
                threading.Thread(target=self._run, args=(conn,), daemon=True).start()

    def _run(self, conn):
        try:
            if self.greeting:
                conn.send(self.greeting)
            conn.serve()
        except OSError:
            pass
        finally:
            conn.sock.close()
            with self._lock:
                self._conns.discard(conn)
                self.ended += 1

    def count(self, request):
        """Is this request one to treat badly?"""
        with self._lock:
            self.requests += 1
            self.last_request = request
            number = self.requests - self.sound
            fault = number > 0 and number % self.every == 0
            self.faults += fault
            return fault

    def right(self, request):
        return answer(path_body(request) if self.by_path else BODY)

    def next_number(self):
        with self._lock:
            self._numbers += 1
            return self._numbers

    def swap(self, data):
        """The data of another connection's request, or of an older one."""
        with self._lock:
            other, self._swap = self._swap, data
            return other or bytes(len(data))

    def others(self, conn):
        with self._lock:
            return [c for c in self._conns if c is not conn]

    def open_connections(self):
        with self._lock:
            return len(self._conns)

    def stop_listening(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        except OSError:
            pass
        self._listener.close()

    def close(self):
        self.stopping.set()
        self.stop_listening()
        with self._lock:
            conns = list(self._conns)
        for conn in conns:
            try:
                conn.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join(machine.hang())
        if self._directory:
            for name in os.listdir(self._directory):
                os.unlink(f"{self._directory}/{name}")
            os.rmdir(self._directory)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("mode", nargs="?", default="ok")
    parser.add_argument("--protocol", choices=("http", "echo"), default="http")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--payload", type=int, default=64)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    modes = HTTP if args.protocol == "http" else ECHO
    if args.list:
        print("\n".join(modes))
        return 0
    if args.mode not in modes:
        parser.error(f"no mode '{args.mode}' for {args.protocol}")
    stub = Stub(args.mode, args.protocol, args.every, args.payload)
    print(f"listening on {stub.address}", flush=True)
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
    stub.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

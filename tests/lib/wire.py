"""The client's side of a connection: bytes, and HTTP/1.1 answers read strictly.

Every wait has a deadline, `patience` seconds, so that no test hangs on a server that is silent. By
default it is the time after which a wait has failed on this machine (lib/machine.py)."""

import array
import calendar
import fcntl
import re
import select
import socket
import struct
import termios
import time

from lib import machine

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t -~]*)\Z")
FIXDATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d "
                     r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
                     r"\d\d:\d\d:\d\d GMT\Z")


def ready(fd, seconds, read=True, write=False):
    """Wait until `fd` can be read or written: two booleans. By poll, as select, in Python too, ends
    at descriptor 1024."""
    p = select.poll()
    p.register(fd, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
    events = dict(p.poll(max(0, seconds) * 1000)).get(fd if isinstance(fd, int) else fd.fileno(), 0)
    hung_up = events & (select.POLLHUP | select.POLLERR)
    return bool(read and (events & select.POLLIN or hung_up)), \
        bool(write and (events & select.POLLOUT or hung_up))


class Silent(AssertionError):
    """Nothing came before the deadline."""


class Ended(AssertionError):
    """The server closed the connection where more was expected."""


def sockaddr(address):
    """The family and the socket address of an address in its text form."""
    if address.startswith("unix:@"):
        return socket.AF_UNIX, b"\0" + address[6:].encode()
    if address.startswith("unix:"):
        return socket.AF_UNIX, address[5:]
    host, port = address.rsplit(":", 1)
    if host.startswith("["):
        return socket.AF_INET6, (host[1:-1], int(port))
    return socket.AF_INET, (host, int(port))


class Conn:
    def __init__(self, address, patience=None, receive_buffer=None):
        family, target = sockaddr(address)
        self.patience = patience or machine.hang()
        self.buffer = bytearray()
        self.sent = 0
        self.received = 0
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            if receive_buffer:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.sock.settimeout(self.patience)
            self._connect(target)
            if family != socket.AF_UNIX:
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self.sock.close()
            raise

    def _connect(self, target):
        deadline = time.monotonic() + self.patience
        while True:
            try:
                self.sock.connect(target)
                return
            except BlockingIOError:  # a Unix-domain socket whose server has not kept up: unix(7)
                assert time.monotonic() < deadline, "the queue of connections stays full"
                time.sleep(0.005)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Close with a reset: at once, throwing away what was not sent or not read."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.sock.settimeout(self.patience)
        self.sock.sendall(data)
        self.sent += len(data)

    def consumed(self, patience=None):
        """Wait until the server has read all that was sent; False where it did not, or where the
        kernel does not tell: only a Unix-domain socket counts what the server has not read yet."""
        if self.sock.family != socket.AF_UNIX:
            return False
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        unread = array.array("i", [0])
        while True:
            fcntl.ioctl(self.sock, termios.TIOCOUTQ, unread)
            if unread[0] == 0:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.00002)

    def send_pieces(self, data, cuts=None):
        """Send `data` in pieces, each read by the server before the next one is sent where that can
        be known: cut before each offset in `cuts`, or after every byte. A server that has closed
        its side ends it early, without an error."""
        offsets = list(range(1, len(data))) if cuts is None else list(cuts)
        waiting = True
        try:
            for low, high in zip([0] + offsets, offsets + [len(data)]):
                self.send(data[low:high])
                if waiting and high < len(data):
                    waiting = self.consumed(0.1)  # not judged: how pieces are cut
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_anyway(self, data):
        """Send, not minding that the server may have stopped reading and closed."""
        try:
            self.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def fill(self, more=True):
        """Read what is there into the buffer, waiting for at least a byte. False at the end."""
        self.sock.settimeout(self.patience)
        try:
            data = self.sock.recv(262144)
        except socket.timeout:
            raise Silent(f"silence for {self.patience:g} s after {bytes(self.buffer[-200:])!r}") \
                from None
        self.buffer += data
        self.received += len(data)
        if not data and more:
            raise Ended(f"closed by the server after {bytes(self.buffer[-200:])!r}")
        return bool(data)

    def take(self, n):
        """The next n bytes, whatever time they take to come as long as they keep coming."""
        while len(self.buffer) < n:
            self.fill()
        data = bytes(self.buffer[:n])
        del self.buffer[:n]
        return data

    def until(self, mark):
        """The bytes up to and including `mark`."""
        start = 0
        while True:
            at = self.buffer.find(mark, start)
            if at >= 0:
                return self.take(at + len(mark))
            start = max(0, len(self.buffer) - len(mark))
            self.fill()

    def rest(self):
        """All bytes until the server closes its side."""
        while self.fill(more=False):
            pass
        return self.take(len(self.buffer))

    def ends(self):
        """Check that the server closes the connection now, without another byte."""
        rest = self.rest()
        assert not rest, f"{len(rest)} bytes where the end was expected: {rest[:200]!r}"

    def gone(self):
        """Whether the connection ends without a byte, be it by an end or by a reset."""
        try:
            return not self.rest()
        except (ConnectionResetError, BrokenPipeError):
            return not self.buffer

    def readable(self, seconds):
        return bool(self.buffer) or ready(self.sock, seconds)[0]

    def push(self, data, blocked=0.5, each=None):
        """Send from `data` without reading until all is sent or the server has taken nothing for
        `blocked` seconds. Returns how many bytes went out. `each` is called now and then."""
        view, at = memoryview(data), 0
        self.sock.setblocking(False)
        since = time.monotonic()
        while at < len(view) and time.monotonic() - since < blocked:
            try:
                at += self.sock.send(view[at:at + 262144])
                since = time.monotonic()
            except BlockingIOError:
                ready(self.sock, 0.02, read=False, write=True)  # not judged: the pace
            if each:
                each()
        self.sent += at
        return at

    def swap(self, data, n):
        """Send all of `data` while reading `n` bytes: what a client must do that neither side ends up
        waiting for the other."""
        view, at = memoryview(data), 0
        self.sock.setblocking(False)
        since = time.monotonic()
        while at < len(view) or len(self.buffer) < n:
            assert time.monotonic() - since < self.patience, \
                f"no progress: {at} of {len(view)} sent, {len(self.buffer)} of {n} received"
            r, w = ready(self.sock, 0.2, write=at < len(view))  # not judged: the pace
            if w:
                try:
                    at += self.sock.send(view[at:at + 262144])
                except BlockingIOError:
                    pass
            if r:
                got = self.sock.recv(262144)
                if not got:
                    raise Ended(f"closed by the server after {len(self.buffer)} of {n} bytes")
                self.buffer += got
                self.received += len(got)
            if r or w:
                since = time.monotonic()
        self.sent += at
        return self.take(n)


class Answer:
    """One HTTP answer. `fields` are (name in lower case, value), in order."""

    def __init__(self, status, fields, body=b""):
        self.status, self.fields, self.body = status, fields, body

    def values(self, name):
        return [v for n, v in self.fields if n == name]

    def value(self, name):
        values = self.values(name)
        assert len(values) <= 1, f"{len(values)} {name} fields in an answer"
        return values[0] if values else None

    def options(self):
        """The connection options, in lower case."""
        return [o.strip().lower() for v in self.values("connection") for o in v.split(",")]

    @property
    def closes(self):
        return "close" in self.options()

    def __repr__(self):
        return f"{self.status} {self.fields} {self.body[:60]!r}"


def check_date(text):
    """RFC 9110, section 5.6.7: an IMF-fixdate, and the time now give or take."""
    assert text is not None, "no Date field"
    assert FIXDATE.match(text), f"Date is not an IMF-fixdate: {text!r}"
    parsed = time.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")
    assert time.strftime("%a", parsed) == text[:3], f"wrong day of the week: {text!r}"
    off = calendar.timegm(parsed) - time.time()
    assert abs(off) < machine.hang(), f"Date is {off:.0f} s off: {text!r}"


class Http(Conn):
    def answer(self, method="GET", interim=False):
        """Read one answer and check what every answer must be. Interim (1xx) answers are passed
        over, unless `interim` asks for them."""
        while True:
            a = self._head()
            if a.status >= 200:
                break
            assert a.value("content-length") is None, "a 1xx answer with Content-Length"
            if interim:
                return a
        check_date(a.value("date"))
        assert a.value("transfer-encoding") is None, f"Transfer-Encoding in an answer: {a}"
        length = a.value("content-length")
        if a.status in (204, 304):
            assert length is None, f"Content-Length with {a.status}"
            return a
        assert length is not None and length.isdigit(), f"no usable Content-Length: {a}"
        if method != "HEAD":
            a.body = self.take(int(length))
        if a.body:
            assert a.value("content-type"), f"a body without Content-Type: {a}"
        if a.status == 405:
            assert a.value("allow"), f"405 without Allow: {a}"
        return a

    def _head(self):
        lines = self.until(b"\r\n\r\n")[:-4].split(b"\r\n")
        m = STATUS_LINE.match(lines[0])
        assert m, f"not a status line: {lines[0]!r}"
        assert len(m.group(2)) > 0, f"no reason phrase: {lines[0]!r}"
        fields = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            assert colon and TOKEN.match(name), f"not a field line: {line!r}"
            assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value), f"control byte: {line!r}"
            fields.append((name.decode().lower(), value.strip(b" \t").decode("latin-1")))
        return Answer(int(m.group(1)), fields)

    def ask(self, target="/", method="GET", fields=(), body=b"", version="1.1"):
        """Send one well-formed request and read its answer."""
        self.send(request(target, method, fields, body, version))
        return self.answer(method)


def request(target="/", method="GET", fields=(), body=b"", version="1.1"):
    lines = [f"{method} {target} HTTP/{version}", "Host: test", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(body, size=1000, extension=b"", trailers=b""):
    """A body in chunks of `size` bytes."""
    parts = []
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        parts.append(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece))
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"

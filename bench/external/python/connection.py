"""What the servers of this folder share but how they wait: the socket that listens, a connection on a
socket that blocks, and a connection on one that does not."""

import errno
import os
import signal
import socket
import sys

from service import Echo, HttpServer, Pages

SIZE = 65536
READ, WRITE, END = "read", "write", "end"  # what a connection waits for


def run(serve):
    """SERVER.py PORT http|echo DIRECTORY: call serve(door, session), where session() makes what a
    connection talks with."""
    port, protocol, directory = sys.argv[1:]
    pages = Pages(directory)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with socket.create_server(("127.0.0.1", int(port)), backlog=4096) as listener:
        serve(Door(listener), Echo if protocol == "echo" else lambda: HttpServer(pages))


class Door:
    """The socket that listens. One descriptor is kept: where there is no other, the next client takes
    its place and is turned away, where it would else stay in the queue and keep the socket readable."""

    def __init__(self, listener):
        self.listener = listener
        self.fileno = listener.fileno
        self.setblocking = listener.setblocking
        self.spare = os.open(os.devnull, os.O_RDONLY)

    def accept(self):
        """The socket of a client, or None."""
        try:
            client, _ = self.listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return None
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            return self.accept_in_place_of_the_spare()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def accept_in_place_of_the_spare(self):
        os.close(self.spare)
        client = None
        try:
            client, _ = self.listener.accept()  # may wait, and others may leave meanwhile
            self.spare = os.open(os.devnull, os.O_RDONLY)
            return client
        except OSError:
            if client:
                client.close()
            self.spare = os.open(os.devnull, os.O_RDONLY)
            return None

    def close(self):
        self.listener.close()
        os.close(self.spare)


def talk(client, session):
    """All of a connection, on a socket that blocks."""
    with client:
        try:
            while not session.done and (data := client.recv(SIZE)):
                for answer in session.hear(data):
                    client.sendall(answer)
        except OSError:
            pass  # the client has reset it


class Connection:
    """A connection on a socket that does not block. What it has to send it sends before it reads on,
    so that a client that never reads cannot fill the memory."""

    def __init__(self, client, session):
        client.setblocking(False)
        self.client = client
        self.session = session
        self.fileno = client.fileno
        self.close = client.close
        self.want = READ
        self.blocked = False  # did the last step end because the socket had, or took, no more?
        self.answers = iter(())
        self.rest = b""  # of the answer that is being sent

    def step(self):
        """Do what can be done now with one read at most. Returns what is waited for next."""
        self.blocked = False
        try:
            if self.send_all() and not self.session.done:
                data = self.client.recv(SIZE)
                if not data:
                    return END
                self.answers = self.session.hear(data)
                self.send_all()
        except BlockingIOError:
            self.blocked = True
        except OSError:
            return END
        if self.rest:
            return WRITE
        return END if self.session.done else READ

    def send_all(self):
        """True, or BlockingIOError where the socket takes no more."""
        while True:
            while self.rest:
                self.rest = self.rest[self.client.send(self.rest):]
            answer = next(self.answers, None)
            if answer is None:
                return True
            self.rest = memoryview(answer)

#!/usr/bin/env python3
"""A server with holes. Fill them, one level of `iomodels check` after the other.

    iomodels check 'python3 server.py {port} {protocol} {idle}'

The program listens, and accepts a client. It does nothing for the client yet. README.md beside this
file says what each level wants. Where a hole asks for another structure, change all you like: only
what clients see is graded."""

import socket
import sys


class Connection:
    """One client."""

    def __init__(self, sock):
        self.sock = sock
        # HOLE, level 2: what has to be remembered of a client while another is served?
        # HOLE, level 4: what was read and is no whole request yet; what is still to be sent.
        # HOLE, level 8: since when has the client been silent?


def serve_echo(connection):
    """HOLE, level 1: send back what recv() returns, until recv() returns b"".
    HOLE, level 3: recv() and send() raise an error when the client has gone. The server must go on.
    HOLE, level 4: send() can take less than it was given."""


def serve_http(connection):
    """HOLE, level 1: read until the empty line; answer GET / with 200 and a text, and any other path
    with 404. Say by Content-Length how long the text is.
    HOLE, level 6: the next request on the same connection, which may have come already.
    HOLE, level 7: refuse what is no request with 400, then close."""


def run(listener, http):
    """HOLE, level 2: this waits for one client until it has left. Make a thread for each client, or
    wait for all clients in one select().
    HOLE, level 5: what does accept() raise when there are no descriptors left?
    HOLE, level 8: what ends this loop?"""
    while True:
        sock, _ = listener.accept()
        with sock:
            (serve_http if http else serve_echo)(Connection(sock))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: server.py PORT http|echo [IDLE-SECONDS]")
    run(socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512), sys.argv[2] == "http")

#!/usr/bin/env python3
"""fake_external.py PORT http|echo MODE: servers of others, for the tests of the driver. MODE says what
is odd about one:

    good      nothing
    other     another body of the same length
    short     another body
    missing   404
    worker    a child serves, as with nginx
    stubborn  does not end on SIGTERM
    polite    on SIGINT says goodbye in the file of a fourth argument
    escapes   a child leaves its process group and stays
    silent    accepts, and never answers
    dies      dies before it listens
    daemon    leaves the foreground, and never answers: the driver sees the end of the process that
              it started, however late it looks
    mute      listens nowhere
    deaf      echo: answers something else"""

import os
import signal
import socket
import sys
import threading
import time

TEXT = b"iomodels: one answer, whatever the model.\n"
BODIES = {"other": TEXT.upper(), "short": b"hello\n", "missing": b"no such page\n"}


def serve(connection, protocol, mode):
    body = BODIES.get(mode, TEXT)
    head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (
        b"404 Not Found" if mode == "missing" else b"200 OK", len(body))
    with connection:
        while data := connection.recv(65536):
            if mode in ("silent", "daemon"):
                continue
            if protocol == "echo":
                connection.sendall(data if mode != "deaf" else data[::-1])
            else:
                connection.sendall((head + body) * data.count(b"\r\n\r\n"))


def accept(listener, protocol, mode):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, protocol, mode), daemon=True).start()


def leave_foreground():
    """It listens only once its parent is gone, so it is never up before that is seen."""
    parent = os.getpid()
    if os.fork() != 0:
        os._exit(0)
    while os.getppid() == parent:
        time.sleep(0.01)


def main():
    port, protocol, mode = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    if mode == "dies":
        print("some text\nno cheese today", file=sys.stderr)
        sys.exit(4)
    if mode == "daemon":
        leave_foreground()
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode == "polite":
        signal.signal(signal.SIGINT, lambda *_: (open(sys.argv[4], "w").close(), os._exit(0)))
    if mode == "escapes" and os.fork() == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)
    if mode == "mute":
        time.sleep(600)
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    if mode == "worker" and os.fork() != 0:
        listener.close()
        os.wait()
    accept(listener, protocol, mode)


if __name__ == "__main__":
    main()

#!/usr/bin/env -S python3 -I -S
"""Servers that misbehave, for the tests of the driver.

A test links this file under a name such as `dies-in-load` into a directory of servers; the name says
what it does. It honours the options that the driver uses and otherwise serves HTTP badly."""

import json
import mmap
import os
import sys
import time

if "--describe" not in sys.argv:  # which is often asked, and at once
    import signal
    import socket
    import threading

NAME = os.path.basename(sys.argv[0])
TEXT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def touch_fresh_pages():
    """Eight pages that this process did not have, and will not have the next time."""
    with mmap.mmap(-1, 8 * mmap.PAGESIZE) as pages:
        for at in range(0, len(pages), mmap.PAGESIZE):
            pages[at] = 1


def serve(connection):
    with connection:
        while True:
            data = connection.recv(65536)
            if not data:
                return
            if NAME == "dies-in-load":
                print("out of cheese", file=sys.stderr, flush=True)
                os._exit(7)
            if NAME == "takes-pages":
                touch_fresh_pages()
            connection.sendall((ERROR if NAME == "says-500" else TEXT) * data.count(b"\r\n\r\n"))


def accept(listener):
    kept = []
    while True:
        connection, _ = listener.accept()
        kept.append(connection if NAME == "half-hangs" else None)
        if len(kept) % 2 == 0 and NAME == "half-hangs":
            continue
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def leave_a_process():
    if os.fork() == 0:
        os.setsid()  # out of the group: killing that is not enough
        time.sleep(600)
        os._exit(0)


def main():
    if "--describe" in sys.argv:
        print(json.dumps({"model": NAME, "summary": "misbehaves",
                          "concurrency": int(option("--limit")) if "--limit" in sys.argv else 0,
                          "unsupported": "no ring in this kernel" if NAME == "says-unsupported"
                          else None, "max_connections": 2 if NAME == "small" else 0}))
        return
    if NAME == "exits-3":
        print("exits-3: io_uring is switched off", file=sys.stderr)
        sys.exit(3)
    if NAME == "dies-at-once":
        print("first line\ncannot find my slippers", file=sys.stderr)
        sys.exit(5)
    if NAME == "never-ready":
        time.sleep(600)
    # Python's handlers run between its own instructions only: waiting must be interruptible.
    signal.signal(signal.SIGTERM, signal.SIG_IGN if NAME == "ignores-sigterm" else stop)
    if NAME == "leaves-a-process":
        leave_a_process()
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    with os.fdopen(int(option("--ready-fd")), "w") as ready:
        ready.write("127.0.0.1:%d\n" % listener.getsockname()[1])
    while True:
        time.sleep(3600)


def stop(number, frame):
    os._exit(0)


if __name__ == "__main__":
    main()

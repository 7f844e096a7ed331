#!/usr/bin/env python3
"""An echo server over select.epoll, as a first course has it. select.md beside this file says what it
lacks.

    python3 loop.py PORT"""

import select
import socket
import sys


def serve(listener):
    watched = select.epoll()
    watched.register(listener, select.EPOLLIN)
    clients = {}
    while True:
        for fd, _ in watched.poll():
            if fd == listener.fileno():
                client, _ = listener.accept()
                client.setblocking(False)
                clients[client.fileno()] = client
                watched.register(client, select.EPOLLIN)
            elif data := clients[fd].recv(65536):
                clients[fd].send(data)  # what if the socket does not take all?
            else:
                clients.pop(fd).close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: loop.py PORT")
    serve(socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512))

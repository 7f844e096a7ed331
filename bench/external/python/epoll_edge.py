"""epoll, edge-triggered: the kernel names a connection once when something changes. So what is named is
read, and written, until the socket has no more or takes no more; and nothing is ever asked for anew."""

import select

import connection

BOTH = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET


def serve(door, session):
    door.setblocking(False)
    epoll = select.epoll()
    epoll.register(door, select.EPOLLIN)
    connections = {}  # by descriptor
    while True:
        ready = dict(epoll.poll())
        someone_comes = ready.pop(door.fileno(), None)
        for fd in ready:
            c = connections[fd]
            while (want := c.step()) is not connection.END and not c.blocked:
                pass
            if want is connection.END:
                del connections[fd]
                c.close()  # and epoll forgets it
        if someone_comes:  # last: who leaves makes room
            accept(door, session, epoll, connections)


def accept(door, session, epoll, connections):
    client = door.accept()
    if client:
        epoll.register(client, BOTH)
        connections[client.fileno()] = connection.Connection(client, session())


connection.run(serve)

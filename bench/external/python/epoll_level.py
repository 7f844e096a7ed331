"""epoll, level-triggered: the kernel keeps the list, and names those alone that are ready."""

import select

import connection

EVENTS = {connection.READ: select.EPOLLIN, connection.WRITE: select.EPOLLOUT}


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
            want = c.step()
            if want is connection.END:
                del connections[fd]
                c.close()  # and epoll forgets it
            elif want is not c.want:
                epoll.modify(fd, EVENTS[want])
                c.want = want
        if someone_comes:  # last: who leaves makes room
            accept(door, session, epoll, connections)


def accept(door, session, epoll, connections):
    client = door.accept()
    if client:
        epoll.register(client, select.EPOLLIN)
        connections[client.fileno()] = connection.Connection(client, session())


connection.run(serve)

"""poll: the kernel names descriptors, so a map leads from each to its connection. No limit, but all of
them are looked at with each call."""

import select

import connection

EVENTS = {connection.READ: select.POLLIN, connection.WRITE: select.POLLOUT}


def serve(door, session):
    door.setblocking(False)
    poll = select.poll()
    poll.register(door, select.POLLIN)
    connections = {}  # by descriptor
    while True:
        ready = dict(poll.poll())
        someone_comes = ready.pop(door.fileno(), None)
        for fd in ready:
            c = connections[fd]
            want = c.step()
            if want is connection.END:
                poll.unregister(fd)
                del connections[fd]
                c.close()
            elif want is not c.want:
                poll.modify(fd, EVENTS[want])
                c.want = want
        if someone_comes:  # last: who leaves makes room
            accept(door, session, poll, connections)


def accept(door, session, poll, connections):
    client = door.accept()
    if client:
        poll.register(client, select.POLLIN)
        connections[client.fileno()] = connection.Connection(client, session())


connection.run(serve)

"""select: two lists, of those to be read and those to be written. The kernel is told of all of them
with each call, and can be told of no descriptor from 1,024 on (FD_SETSIZE)."""

import select

import connection

LIMIT = 1024


def serve(door, session):
    door.setblocking(False)
    rlist, wlist = [door], []
    lists = {connection.READ: rlist, connection.WRITE: wlist}
    while True:
        readable, writable, _ = select.select(rlist, wlist, [])
        someone_comes = door in readable
        if someone_comes:
            readable.remove(door)
        for c in readable + writable:
            if (want := c.step()) is not c.want:
                lists[c.want].remove(c)
                c.want = want
                if want is connection.END:
                    c.close()
                else:
                    lists[want].append(c)
        if someone_comes:  # last: who leaves makes room
            accept(door, session, rlist)


def accept(door, session, rlist):
    client = door.accept()
    if client and client.fileno() >= LIMIT:
        client.close()
    elif client:
        rlist.append(connection.Connection(client, session()))


connection.run(serve)

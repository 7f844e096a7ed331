"""setblocking(False): each connection is tried in turn, for ever. Never waits, and needs all of a CPU."""

import connection


def serve(door, session):
    door.setblocking(False)
    connections = []
    while True:
        for c in list(connections):
            if c.step() is connection.END:
                connections.remove(c)
                c.close()
        while client := door.accept():  # last: who leaves makes room
            connections.append(connection.Connection(client, session()))


connection.run(serve)

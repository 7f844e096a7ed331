"""One client after the other. The others wait until it leaves."""

import connection


def serve(door, session):
    while True:
        client = door.accept()
        if client:
            connection.talk(client, session())


connection.run(serve)

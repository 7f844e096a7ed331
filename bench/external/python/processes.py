"""A process for each connection, with an interpreter of its own."""

import multiprocessing
import signal

import connection


def talk(door, client, session):
    # The parent's handler runs between two steps of the interpreter: not in a read that has just begun.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    door.close()
    connection.talk(client, session)


def serve(door, session):
    while True:
        client = door.accept()
        if not client:
            continue
        try:
            multiprocessing.Process(target=talk, args=(door, client, session()), daemon=True).start()
        except OSError:
            pass  # no descriptor or no process left: the client is turned away
        client.close()


connection.run(serve)

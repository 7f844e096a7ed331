"""A thread for each connection. They take turns at the interpreter, whatever the CPUs."""

import threading

import connection


def serve(door, session):
    while True:
        client = door.accept()
        if client:
            threading.Thread(target=connection.talk, args=(client, session()), daemon=True).start()


connection.run(serve)

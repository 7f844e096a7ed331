"""gevent_server.py PORT http|echo: pywsgi, or a greenlet a connection on a plain StreamServer."""

import re
import sys

from gevent import socket
from gevent.pywsgi import WSGIServer
from gevent.server import StreamServer

import answers

SIZE = re.compile(r"/bytes/(\d{1,8})$")


def application(environ, start_response):
    path = environ["PATH_INFO"]
    size = SIZE.match(path)
    body = answers.TEXT if path == "/" else answers.rows(int(size[1])) if size else b""
    status = "200 OK" if path == "/" or size else "404 Not Found"
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def echo(connection, address):
    try:
        while data := connection.recv(65536):
            connection.sendall(data)
    except OSError:
        pass  # reset by the client
    connection.close()


# pywsgi sends head and body by two calls. Without TCP_NODELAY, which accepted sockets inherit, the
# body waits for the client's delayed acknowledgement of the head: 40 ms an answer.
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(4096)
if sys.argv[2] == "http":
    server = WSGIServer(listener, application, log=None, error_log=None)
else:
    server = StreamServer(listener, echo)
server.serve_forever()

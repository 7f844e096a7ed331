"""socketserver_mixin.py PORT http|echo threading|forking: a thread or a process a connection."""

import socket
import socketserver
import sys

import answers


class Http(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while True:
            head = b""
            while (line := self.rfile.readline(65536)) not in (b"\r\n", b""):
                head += line
            if not line:
                return
            self.wfile.write(answers.whole(head))


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Threading(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 4096

    def handle_error(self, request, client_address):
        pass  # a client that resets its connection is no news


class Forking(socketserver.ForkingTCPServer):
    max_children = 100000
    allow_reuse_address = True
    request_queue_size = 4096

    def handle_error(self, request, client_address):
        pass


kind = Forking if sys.argv[3] == "forking" else Threading
with kind(("127.0.0.1", int(sys.argv[1])), Http if sys.argv[2] == "http" else Echo) as server:
    server.serve_forever()

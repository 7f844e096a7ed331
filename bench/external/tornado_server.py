"""tornado_server.py PORT http|echo"""

import asyncio
import logging
import sys

from tornado.iostream import StreamClosedError
from tornado.tcpserver import TCPServer
from tornado.web import Application, RequestHandler

import answers


class Text(RequestHandler):
    def compute_etag(self):
        return None  # a hash of each answer, which no other server here makes

    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.write(answers.TEXT)


class Size(Text):
    def get(self, size):
        self.set_header("Content-Type", "text/plain")
        self.write(answers.rows(int(size)))


class Echo(TCPServer):
    async def handle_stream(self, stream, address):
        stream.set_nodelay(True)
        try:
            while True:
                await stream.write(await stream.read_bytes(65536, partial=True))
        except StreamClosedError:
            stream.close()


async def main(port, protocol):
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
    if protocol == "http":
        Application([("/", Text), (r"/bytes/(\d{1,8})", Size)]).listen(
            port, "127.0.0.1", idle_connection_timeout=3600, backlog=4096)
    else:
        Echo().listen(port, "127.0.0.1", backlog=4096)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))

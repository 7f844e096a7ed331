"""twisted_server.py PORT http|echo"""

import sys

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import protocol, reactor  # noqa: E402
from twisted.web.resource import NoResource, Resource  # noqa: E402
from twisted.web.server import Site  # noqa: E402

import answers  # noqa: E402


class Body(Resource):
    isLeaf = True

    def __init__(self, body):
        super().__init__()
        self.body = body

    def render_GET(self, request):
        request.setHeader(b"Content-Type", b"text/plain")
        return self.body


class Sizes(Resource):
    def getChild(self, name, request):
        return Body(answers.rows(int(name))) if name.isdigit() and len(name) < 9 else NoResource()


class Quiet(Site):
    def log(self, request):
        pass


class Echo(protocol.Protocol):
    def connectionMade(self):
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data):
        self.transport.write(data)


if sys.argv[2] == "http":
    root = Resource()
    root.putChild(b"", Body(answers.TEXT))
    root.putChild(b"bytes", Sizes())
    factory = Quiet(root, timeout=None)
else:
    factory = protocol.Factory.forProtocol(Echo)
    factory.noisy = False
reactor.listenTCP(int(sys.argv[1]), factory, interface="127.0.0.1", backlog=4096)
reactor.run()

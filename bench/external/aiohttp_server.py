"""aiohttp_server.py PORT http"""

import sys

from aiohttp import web

import answers


async def text(request):
    return web.Response(body=answers.TEXT, content_type="text/plain")


async def size(request):
    return web.Response(body=answers.rows(int(request.match_info["size"])),
                        content_type="text/plain")


app = web.Application()
app.add_routes([web.get("/", text), web.get(r"/bytes/{size:\d{1,8}}", size)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None,
            keepalive_timeout=3600, backlog=4096)

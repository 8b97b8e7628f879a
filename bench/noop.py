"""The measure: an aiohttp server that parses the JSON and answers 204."""

from __future__ import annotations

import sys

import orjson
import uvloop
from aiohttp import web


async def take(request: web.Request) -> web.Response:
    orjson.loads(await request.read())
    return web.Response(status=204)


def main() -> None:
    uvloop.install()
    app = web.Application()
    app.router.add_post("/{tail:.*}", take)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()

"""A load in a process of its own: raw sockets with keep-alive, a body of its own for each request; prints JSON.

Closed loop: each connection sends when it was answered. Open loop (--rate): requests are due by the clock, and a latency
counts from when the request was due, so that a server that stalls cannot hide it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from typing import cast

import uvloop

LEADS = 20_000
HEAD = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
BODY = (
    '{{"Event":"Cdr","Privilege":"cdr,all","AccountCode":"","Source":"{extension}","Destination":"899{lead:08}",'
    '"DestinationContext":"from-internal","CallerID":"\\"Manager\\" <{extension}>","Channel":"PJSIP/{extension}-{serial:08x}",'
    '"DestinationChannel":"PJSIP/trunk-{serial:08x}","LastApplication":"Dial","LastData":"PJSIP/799{lead:08}@trunk,30,tT",'
    '"StartTime":"{start}","AnswerTime":"{start}","EndTime":"{end}","Duration":"30","BillableSeconds":"30",'
    '"Disposition":"ANSWERED","AMAFlags":"DOCUMENTATION","UniqueID":"{epoch}.{serial}","LinkedID":"{epoch}.{serial}","Sequence":"1"}}'
)


def body(epoch: int, serial: int) -> bytes:
    """One outgoing call of one of ten extensions to one of the leads, a second after the other."""
    began = epoch + serial % 30_000
    start, end = (time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(began + shift)) for shift in (0, 30))
    told = BODY.format(extension=101 + serial % 10, lead=serial * 7919 % LEADS, serial=serial, start=start, end=end, epoch=began)
    return told.encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection: sends one request at a time and tells when it was answered."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport | None = None
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._left += data
        head, found, rest = self._left.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        if len(rest) >= length and self.answered is not None and not self.answered.done():
            self._left = b""
            self.answered.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(0)

    async def ask(self, request: bytes) -> int:
        self.answered = asyncio.get_running_loop().create_future()
        assert self.transport is not None
        self.transport.write(request)
        return await self.answered


async def run(how: argparse.Namespace) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    connections = [(await loop.create_connection(Connection, "127.0.0.1", how.port))[1] for _ in range(how.connections)]
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    serial = how.first
    began = loop.time()
    due = began

    async def work(connection: Connection) -> None:
        nonlocal serial, due
        while True:
            asked = loop.time()
            if how.rate:
                asked, due = due, due + 1 / how.rate
                if asked - loop.time() > 0:
                    await asyncio.sleep(asked - loop.time())
            if asked - began >= how.seconds:
                return
            serial += 1
            told = body(how.epoch, serial)
            status = await connection.ask(HEAD.format(path=how.path, length=len(told)).encode() + told)
            statuses[status] += 1
            latencies.append(loop.time() - asked)
            if status == 0:
                return

    await asyncio.gather(*(work(connection) for connection in connections))
    took = loop.time() - began
    latencies.sort()
    good = sum(number for status, number in statuses.items() if 200 <= status < 300)
    return {
        "requests": good,
        "refused": sum(statuses.values()) - good,
        "seconds": took,
        "rate": good / took,
        "p50_ms": 1000 * latencies[len(latencies) // 2] if latencies else None,
        "p99_ms": 1000 * latencies[len(latencies) * 99 // 100] if latencies else None,
        "last": serial,
    }


def main() -> None:
    told = argparse.ArgumentParser()
    told.add_argument("--port", type=int, required=True)
    told.add_argument("--path", default="/")
    told.add_argument("--connections", type=int, default=64)
    told.add_argument("--seconds", type=float, default=5)
    told.add_argument("--rate", type=float, default=0)
    told.add_argument("--first", type=int, default=0)
    told.add_argument("--epoch", type=int, default=int(time.time()) // 86_400 * 86_400, help="the day of the calls; today")
    uvloop.install()
    print(json.dumps(asyncio.run(run(told.parse_args()))))


if __name__ == "__main__":
    main()

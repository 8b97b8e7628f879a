"""The door: prove who sends, keep what was sent, answer only when it is committed (CONTRACT §3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import orjson
import structlog
from aiohttp import web

from telephony_bridge import db, logs, metrics
from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Company, Delivery
from telephony_bridge.webhooks import inbox, sources
from telephony_bridge.webhooks.dialects.reading import Answer
from telephony_bridge.webhooks.sources import Network, Source

MAX_BODY = 1 << 20
_FORGET_AFTER = 2.0  # seconds a list of sources and tokens may be old: how long a retired token still works
_LOOK_AGAIN = 0.2  # seconds between looks for a token that is not known
_LEFT_OUT = frozenset(
    [
        "accept",
        "accept-encoding",
        "accept-language",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "proxy-authorization",
        "te",
        "transfer-encoding",
        "upgrade",
    ]
)
log = structlog.get_logger("door")


def problem(status: int, title: str, *, headers: Mapping[str, str] | None = None, **more: object) -> web.Response:
    """An RFC 9457 answer."""
    body = orjson.dumps({"type": "about:blank", "title": title, "status": status, **more})
    return web.Response(status=status, body=body, content_type="application/problem+json", headers=headers)


def _storable(text: str) -> str:
    """What a header or path may hold and Postgres may not: undecodable bytes and NUL."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "")


class Door:
    """Handles ``/webhooks/{source}/{token}`` and anything below it."""

    def __init__(self, database: db.Database, company: Company, *, address: str, proxies: Sequence[Network] = ()) -> None:
        """``address``: how PBXs reach this service; ``proxies``: whose X-Forwarded-For is believed."""
        self._database = database
        self._company = company
        self._address = address
        self._proxies = proxies
        self._keeper = inbox.Keeper(database)
        self._sources: dict[int, Source] = {}
        self._tokens: dict[bytes, int] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    def start(self) -> None:
        self._keeper.start()

    async def stop(self) -> None:
        await self._keeper.stop()

    async def _find(self, name: str, token: str) -> Source | None:
        """The source this token proves, by the hash of the token: no comparison whose time could tell anything."""
        hashed = sources.token_hash(token)
        if time.monotonic() - self._read_at > _FORGET_AFTER:
            await self._read()
        if hashed not in self._tokens:  # registered a moment ago, perhaps; strangers cost a few reads a second at most
            await asyncio.sleep(self._read_at + _LOOK_AGAIN - time.monotonic())
            await self._read()
        source = self._sources.get(self._tokens.get(hashed, -1))
        return source if source is not None and source.name == name else None

    async def _read(self) -> None:
        asked = time.monotonic()
        async with self._reading:
            if self._read_at > asked:
                return  # whoever was before us read it
            async with self._database.begin() as conn:
                found, tokens = await sources.load_sources(conn, self._company), await sources.load_tokens(conn)
            self._sources, self._tokens, self._read_at = found, tokens, time.monotonic()

    async def receive(self, request: web.Request) -> web.Response:
        """One request from a PBX."""
        began = time.perf_counter()
        name = request.match_info["source"]
        try:
            source = await self._find(name, request.match_info["token"])
            if source is None:
                return _unproved()
            sender = self._sender(request)
            if not sources.may_post(source, sender):
                log.warning("not_allowed", source=source.name, sender=sender[:60])
                return _unproved()
            if request.content_length is not None and request.content_length > MAX_BODY:
                return problem(413, "A delivery may have 1 MiB at most; nothing was kept")
            try:
                body = await request.read()
            except web.HTTPRequestEntityTooLarge:
                raise
            except Exception as broken:  # the sender has gone, or what came is not the Content-Encoding it claims
                log.info("no_body", source=source.name, error=type(broken).__name__)
                return problem(400, "The body did not come whole, or not in its Content-Encoding; nothing was kept, send again")
            answer = await self._take(request, source, body)
        except web.HTTPRequestEntityTooLarge:
            return problem(413, "A delivery may have 1 MiB at most; nothing was kept")
        except inbox.Crowded:
            return problem(429, "Too many deliveries at once; send again", headers={"Retry-After": "1"})
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as away:
            log.error("postgres_away", error=type(away).__name__)
            return problem(503, "Postgres is away, nothing was kept; send again", headers={"Retry-After": "5"})
        metrics.webhook_seconds(source.name, time.perf_counter() - began)
        return answer

    def _sender(self, request: web.Request) -> str:
        """Who posts: the peer, or whom our own proxies say they speak for."""
        address = request.remote or ""
        told = ",".join(request.headers.getall("X-Forwarded-For", ()))  # a proxy may add a line of its own
        chain = [part.strip() for part in told.split(",") if part.strip()]
        while chain and any(sources.is_within(address, block) for block in self._proxies):
            address = chain.pop()
        return address

    async def _take(self, request: web.Request, source: Source, body: bytes) -> web.Response:
        told = {key.lower(): _storable(value) for key, value in request.headers.items()}
        delivery = Delivery(
            0,
            datetime.now(UTC),
            body,
            told,
            request.rel_url.raw_query_string,
            _storable(request.match_info.get("tail", "")),
            request.method,
        )
        dialect = source.dialect
        greeting = _greeting(source, delivery)
        if greeting is not None:
            return _said(greeting)
        if source.secrets and dialect.prove is not None:
            called = self._address + request.raw_path
            if not dialect.prove(delivery, source.secrets, called):
                log.warning("not_proved", source=source.name)
                return _unproved()
        return await self._keep(
            source, replace(delivery, headers={key: value for key, value in told.items() if key not in _LEFT_OUT})
        )

    async def _keep(self, source: Source, delivery: Delivery) -> web.Response:
        refused: Malformed | NotACall | None = None
        try:
            source.dialect.read(delivery, source.installation)
        except (Malformed, NotACall) as said:
            refused = said
        except Exception as failed:  # our fault: kept, so that it costs a replay and never a call
            log.error("reading_failed", source=source.name, error=logs.place_of(failed))
        outcome = "waiting" if refused is None else "malformed" if isinstance(refused, Malformed) else "not_a_call"
        if isinstance(refused, Malformed) and refused.rows:
            outcome = "waiting"  # the good rows of a body that holds many are understood all the same
        kept = await self._keeper.keep(inbox.Arrival(source.id, delivery, outcome, refused.why if refused else None))
        if kept.duplicate:
            metrics.delivery(source.name, "duplicate")
        elif refused is not None:
            metrics.delivery(source.name, outcome)
            log.warning(
                "not_understood", source=source.name, delivery=kept.id, outcome=outcome, field=refused.field, why=refused.why
            )
        if isinstance(refused, (Malformed, Misdirected)) and not source.dialect.patient:
            status = 400 if isinstance(refused, Malformed) and refused.syntax else 422
            return problem(status, refused.why, delivery=kept.id, field=refused.field, kept=True, duplicate=kept.duplicate)
        if source.dialect.answer is not None:
            return _said(source.dialect.answer(delivery))
        return web.Response(
            body=orjson.dumps({"kept": True, "delivery": kept.id, "duplicate": kept.duplicate}), content_type="application/json"
        )


def _greeting(source: Source, delivery: Delivery) -> Answer | None:
    """The vendor's answer to what is no delivery. Where looking fails it is one: kept, and its error told."""
    try:
        return source.dialect.greet(delivery, source.secrets) if source.dialect.greet is not None else None
    except Exception as failed:
        log.error("greeting_failed", source=source.name, error=logs.place_of(failed))
        return None


def _unproved() -> web.Response:
    """The same words for a wrong source, a wrong token, a wrong signature and a wrong address."""
    return problem(401, "This address proves nothing: check the webhook's URL with: telephony-bridge source list")


def _said(answer: Answer) -> web.Response:
    return web.Response(
        body=answer.body,
        content_type=answer.content_type,
        headers={**answer.headers, "X-Content-Type-Options": "nosniff"},
    )

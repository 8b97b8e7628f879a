"""Serves an endpoint: who asks, what is asked, one transaction, and every error as a problem (RFC 9457)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, cast

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from telephony_bridge import db, people, webhooks
from telephony_bridge.api.endpoint import Ask, Asker, Endpoint, Forbidden, Role
from telephony_bridge.errors import BridgeError, Conflict, NotFound, NotYours
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger("api")


class _Stranger(BridgeError):
    """Nobody that is known asks."""


class _Wrong(BridgeError):
    """The request itself is not as documented: 400 when it cannot be read, else 422."""

    def __init__(self, why: str, *, status: int, fields: list[dict[str, str]] | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.fields = fields or []


class Serving:
    """Turns endpoints into aiohttp handlers on one database."""

    def __init__(
        self,
        database: db.Database,
        settings: Settings,
        company: Company,
        vault: people.Vault,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._settings = settings
        self._company = company
        self._vault = vault
        self._clock = clock

    def handler(self, endpoint: Endpoint) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            try:
                return await self._answer(endpoint, request)
            except _Stranger as stranger:
                return webhooks.problem(
                    401, str(stranger), headers={"WWW-Authenticate": 'Bearer, Basic realm="telephony-bridge"'}
                )
            except _Wrong as wrong:
                return webhooks.problem(wrong.status, str(wrong), errors=wrong.fields)
            except (Forbidden, NotYours) as refused:
                return webhooks.problem(403, str(refused))
            except NotFound as nothing:
                return webhooks.problem(404, str(nothing))
            except Conflict as taken:
                return webhooks.problem(409, str(taken), existing=taken.existing)
            except BridgeError as refused:
                return webhooks.problem(422, str(refused))
            except db.AWAY as away:
                log.error("postgres_away", error=type(away).__name__)
                return webhooks.problem(503, "Postgres is away; ask again", headers={"Retry-After": "5"})

        return serve

    async def _answer(self, endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
        told = await request.read() if endpoint.body.model_fields else b""
        if b"\\u0000" in told or any("\0" in text for text in (*request.match_info.values(), *request.query.values())):
            raise _Wrong("a NUL character is part of no name, number or text; leave it out", status=422)
        query = _checked(endpoint.query, dict(request.query), "query")
        async with self._database.begin() as conn:
            asker = await self._asker(conn, request.headers.get("Authorization", ""))
            if asker.role not in endpoint.roles:
                raise Forbidden(f"the role {asker.role} may not do this; it takes {' or '.join(sorted(endpoint.roles))}")
            body = _checked(endpoint.body, _read(told), "body") if endpoint.body.model_fields else None
            address, path = self._settings.address, dict(request.match_info)
            apart = self._database.apart
            ask = Ask(conn, asker, self._company, address, self._clock(), path, query, body, apart, self._vault)
            value = await endpoint.handler(ask)
        if endpoint.method != "GET":
            ids = {name: told for name, told in request.match_info.items() if told.isdigit()}
            log.info("changed", endpoint=f"{endpoint.method} {endpoint.path}", role=asker.role, **ids)
        return web.Response(status=endpoint.status, body=orjson.dumps(value), content_type="application/json")

    async def _asker(self, conn: db.Connection, header: str) -> Asker:
        kind, _, said = header.encode("utf-8", "replace").decode().partition(" ")  # bytes of no text are a stranger's
        found: people.Bearer | None = None
        if kind.lower() == "bearer":
            token, admin = said.strip(), self._settings.admin_token
            if admin is not None and hmac.compare_digest(token.encode(), admin.encode()):
                return Asker("admin token", "admin")
            found = await people.find_token(conn, token)
        elif kind.lower() == "basic":
            login, colon, password = _basic(said).partition(":")
            found = await people.sign_in(conn, login, password) if colon else None
        if found is None:
            raise _Stranger("Say who asks: Authorization: Bearer TOKEN (telephony-bridge token create), or a login and password")
        return Asker(found.name, cast("Role", found.role), found.manager_id, found.manager, found.is_person)

    def document_of(self, document: Mapping[str, Any]) -> Handler:
        body = orjson.dumps(document)

        async def tell(_: web.Request) -> web.StreamResponse:
            return web.Response(body=body, content_type="application/json")

        return tell

    async def nothing_here(self, request: web.Request) -> web.StreamResponse:
        return webhooks.problem(404, f"there is no {request.method} {request.path}; see /api/v1/openapi.json")


def _basic(said: str) -> str:
    try:
        return base64.b64decode(said, validate=True).decode().replace("\0", "")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _read(told: bytes) -> Any:
    if not told.strip():
        return {}
    try:
        return orjson.loads(told)
    except orjson.JSONDecodeError as broken:
        raise _Wrong(f"the body is no JSON: {broken}", status=400) from None


def _checked(model: type[BaseModel], told: Any, where: str) -> Any:
    try:
        return model.model_validate(told)
    except ValidationError as wrong:
        fields = [
            {"field": ".".join(str(part) for part in error["loc"]) or where, "why": error["msg"].removeprefix("Value error, ")}
            for error in wrong.errors(include_url=False, include_context=False, include_input=False)
        ]
        first = fields[0]
        raise _Wrong(f"{where}: {first['field']}: {first['why']}", status=422, fields=fields) from None

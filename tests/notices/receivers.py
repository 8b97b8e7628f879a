"""Receivers of notices on loopback: a mail server and a web server that answer what a test tells them to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@dataclass
class Mailbox:
    """Keeps the letters it takes. ``recipient`` and ``letter`` are its replies to RCPT and DATA; "drop" breaks the connection off,
    and so does goodbye when ``rude``."""

    recipient: dict[str, str] = field(default_factory=dict)
    letter: str = "250 taken"
    rude: bool = False
    letters: list[EmailMessage] = field(default_factory=list)
    told: list[list[str]] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        reply = self.recipient.get(address, "250 taken")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.letter == "drop":
            assert server.transport is not None
            server.transport.abort()
            return "250 nobody hears this"
        if self.letter.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.letters.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
            self.told.append(envelope.rcpt_tos)
        return self.letter

    async def handle_QUIT(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.rude:
            assert server.transport is not None
            server.transport.abort()
        return "221 bye"

    def url(self, *people: str, **more: str) -> str:
        """The Apprise address of people here; ``more`` goes to its query."""
        query = "".join(f"&{name}={value}" for name, value in more.items())
        return f"mailto://127.0.0.1:{self.port}/{'/'.join(people)}?from=bridge@romashka.example{query}"


@asynccontextmanager
async def mail(*, tls: ssl.SSLContext | None = None, at_once: bool = False, **told: Any) -> AsyncIterator[Mailbox]:
    """A mail server that takes letters from anybody, and no password; with ``tls`` it encrypts on request, or ``at_once``."""
    box = Mailbox(**told)

    def speak() -> SMTP:
        return SMTP(box, auth_require_tls=False, hostname="romashka.example", tls_context=None if at_once else tls)

    server = await asyncio.get_running_loop().create_server(speak, "127.0.0.1", 0, ssl=tls if at_once else None)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


def self_signed(folder: Path) -> ssl.SSLContext:
    """Encryption with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "romashka.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
    )
    file = folder / "server.pem"
    file.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


@dataclass
class Site:
    """Keeps what was posted to it and answers as told."""

    answer: Callable[[web.Request], Awaitable[web.Response]]
    posts: list[tuple[web.Request, str]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/", scheme: str = "json") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def site(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[Site]:
    """A web server."""
    found = Site(answer)

    async def take(request: web.Request) -> web.Response:
        found.posts.append((request, await request.text()))
        return await found.answer(request)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    async with TestServer(app, host="127.0.0.1") as server:
        assert server.port is not None
        found.port = server.port
        yield found


def always(status: int, **headers: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The same answer to everything; ``Retry_After="7"`` is a header."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return answer


@asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """The port of a server that takes connections and never says a word."""
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for one in held:
            one.transport.abort()
        server.close()
        await server.wait_closed()

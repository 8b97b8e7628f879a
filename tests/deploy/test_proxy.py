"""The proxy's own files in a real nginx before a real door: who is believed, how much may be sent, what is told and logged."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.test_utils import unused_port
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.street import Street, ami_row, at

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
FILES = Path(__file__).parents[2] / "deploy" / "nginx"
pytestmark = pytest.mark.skipif(NGINX is None, reason="there is no nginx here")


@dataclass
class Proxy:
    https: str
    http: str
    logs: Path
    client: ClientSession

    def logged(self) -> str:
        return "".join(path.read_text() for path in self.logs.iterdir())


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bridge.example.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(at("00:00")).not_valid_after(at("00:00") + timedelta(days=3650))
    (folder / "fullchain.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def laid_out(folder: Path, door: str, ports: dict[str, int], grafana: int) -> Path:
    """The files of deploy/nginx as they are, but for places and ports of this machine."""
    for name in ("tls", "log", "run"):
        (folder / name).mkdir()
    certificate(folder / "tls")
    site, whole = (FILES / "telephony-bridge.conf").read_text(), (FILES / "nginx.conf").read_text()
    for port, here in ports.items():
        site = site.replace(f"listen {port} ", f"listen 127.0.0.1:{here} ").replace(
            f"listen [::]:{port} ", f"listen [::1]:{here} "
        )
    site = site.replace("/etc/nginx/tls", str(folder / "tls")).replace("/var/log/nginx", str(folder / "log"))
    whole = whole.replace(" /tmp/", f" {folder}/run/").replace("/etc/nginx/telephony-bridge.conf", str(folder / "site.conf"))
    whole = whole.replace("server door:8080", f"server {door}").replace("server grafana:3000", f"server 127.0.0.1:{grafana}")
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(whole)
    return folder / "nginx.conf"


@pytest.fixture
async def proxy(street: Street, tmp_path: Path) -> AsyncIterator[Proxy]:
    """nginx before the street's door; Grafana is away."""
    ports = {"80": unused_port(), "443": unused_port()}
    file = laid_out(tmp_path, f"{street.client.host}:{street.client.port}", ports, unused_port())
    assert NGINX is not None
    with subprocess.Popen([NGINX, "-c", file, "-g", "daemon off;"], stderr=subprocess.PIPE) as running:
        try:
            for _ in range(100):
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", ports["443"])
                    writer.close()
                    break
                except OSError:
                    assert running.poll() is None, running.stderr and running.stderr.read()
                    await asyncio.sleep(0.05)
            async with ClientSession(connector=TCPConnector(ssl=False)) as client:
                http, https = f"http://127.0.0.1:{ports['80']}", f"https://127.0.0.1:{ports['443']}"
                yield Proxy(https, http, tmp_path / "log", client)
        finally:
            running.terminate()


async def test_a_delivery_goes_through_and_a_sender_is_who_it_is(street: Street, proxy: Proxy) -> None:
    near, far = await street.source("near", allow=["127.0.0.1"]), await street.source("far", allow=["192.0.2.0/24"])
    row = ami_row(at("10:00"), talk=60)
    async with proxy.client.post(proxy.https + near, json=row) as answer:
        assert (answer.status, (await answer.json())["kept"]) == (200, True)
    async with proxy.client.post(proxy.https + far, json=row, headers={"X-Forwarded-For": "192.0.2.7"}) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(("size", "kept", "status"), [(1 << 20, True, 422), ((1 << 20) + 1, None, 413)])
async def test_a_delivery_may_have_what_the_door_takes(
    street: Street, proxy: Proxy, size: int, kept: bool | None, status: int
) -> None:
    url = await street.source("big", dialect="generic", trunks=[])
    body = b"[]" + b" " * (size - 2)
    async with proxy.client.post(
        proxy.https + url, data=io.BytesIO(body), headers={"Content-Type": "application/json"}
    ) as answer:
        told = await answer.json(content_type=None)
        assert (told.get("kept"), answer.status, answer.content_type) == (kept, status, "application/problem+json"), told


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/metrics?x=1", "//metrics", "/./readyz"])
async def test_what_is_for_the_machines_is_not_on_the_street(proxy: Proxy, path: str) -> None:
    async with proxy.client.get(proxy.https + path) as answer:
        assert answer.status == 404
    async with proxy.client.get(proxy.https + "/healthz") as answer:
        assert answer.status == 200


async def test_without_tls_a_webhook_is_refused_and_a_page_is_sent_on(street: Street, proxy: Proxy) -> None:
    url = await street.source()
    async with proxy.client.post(proxy.http + url, json={}, allow_redirects=False) as answer:
        assert answer.status == 403
    async with proxy.client.get(proxy.http + "/f/word?x=1", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (301, "https://127.0.0.1/f/word?x=1")


async def test_no_log_tells_a_token_a_query_or_a_referrer(street: Street, proxy: Proxy) -> None:
    url = await street.source()
    token = url.rpartition("/")[2]
    for path in (
        url,
        f"{url}/tail",
        f"/f/{token}",
        f"/{token}",
        f"/webhooks/{token}",
        f"/grafana/{token}",
        f"/api/v1/calls?x={token}",
    ):
        for base in (proxy.https, proxy.http):
            for body in (b"{}", b" " * ((1 << 20) + 1)):
                try:
                    told = {"Referer": f"https://bridge.example.com/f/{token}"}
                    async with proxy.client.post(base + path, data=io.BytesIO(body), headers=told, allow_redirects=False) as one:
                        await one.read()
                except OSError:
                    pass  # it was refused before all of it was sent
    async with proxy.client.get(f"{proxy.https}/grafana/{token}") as answer:
        assert answer.status == 502
    logged = proxy.logged()
    assert logged.count("\n") >= 28
    assert " webhooks HTTP/1.1 " in logged
    assert " grafana HTTP/1.1 502 " in logged
    assert token not in logged

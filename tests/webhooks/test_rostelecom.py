"""What fixtures of Rostelecom cannot show: the proof, the caller card, Moscow's clock, and the script that asks call_info."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from asyncio import to_thread
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from telephony_bridge.errors import Malformed
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.dialects.reading import Answer
from tests.webhooks.test_fixtures import NOW, bodies, installation

DIALECT = DIALECTS["rostelecom"]
HOW = installation("rostelecom", "outbound_answered")
SECRETS = {"client_id": "0000AB12INVENTED0000CLIENT0000ID", "sign_key": "0000CD34INVENTED0000SIGN0000KEY0"}
SCRIPT = Path(__file__).parents[2] / "deploy" / "pbx" / "rostelecom" / "telephony-bridge-call-info.py"


def case(name: str) -> list[Delivery]:
    return [delivery_from_file(path, number, NOW) for number, path in enumerate(bodies("rostelecom", name), 1)]


def test_every_delivery_proves_itself_and_none_that_was_changed() -> None:
    assert DIALECT.prove is not None
    for told in case("outbound_answered"):
        assert DIALECT.prove(told, SECRETS, "")
        assert not DIALECT.prove(replace(told, body=told.body + b" "), SECRETS, "")
        assert not DIALECT.prove(told, SECRETS | {"sign_key": "other"}, "")
        assert not DIALECT.prove(replace(told, headers={}), SECRETS, "")


def test_the_caller_card_is_answered_and_nothing_else_is() -> None:
    assert DIALECT.greet is not None
    (asked,) = case("other_number_info")
    assert DIALECT.greet(asked, SECRETS) == Answer(b"{}", "application/json")
    assert DIALECT.greet(case("outbound_answered")[0], SECRETS) is None


def test_times_are_moscows_wherever_the_company_is() -> None:
    far = replace(HOW, timezone=ZoneInfo("Asia/Vladivostok"))
    assert understand(DIALECT, case("outbound_without_call_info"), far) == understand(
        DIALECT, case("outbound_without_call_info"), HOW
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"direction": 4}, "direction"), ({"state": 3}, "state"), ({"duration": -5}, "duration"), ({"duration": None}, "duration"),
     ({"duration": 999_999}, "duration"), ({"start_call_date": 0}, "start_call_date"), ({"start_call_date": 1795417200000}, "start_call_date")],
)  # fmt: skip
def test_a_broken_reply_is_refused_by_its_field(changed: dict[str, object], field: str) -> None:
    (told,) = case("call_info_alone")
    reply = json.loads(told.body)
    reply["info"] |= changed
    with pytest.raises(Malformed) as said:
        DIALECT.read(replace(told, body=json.dumps(reply).encode()), HOW)
    assert said.value.field == field


async def test_the_script_asks_once_about_each_ended_call_and_signs_what_it_posts(tmp_path: Path) -> None:
    posted: list[Delivery] = []
    asked: list[str] = []
    status = 503

    async def calls(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer T"
        assert request.query["source"] == "office"
        more = "cursor" not in request.query
        item = {"call_key": "S1" if more else "S2", "final": more}
        return web.json_response({"items": [item, {"call_key": "S3", "final": False}], "next": "x" if more else None})

    async def call_info(request: web.Request) -> web.Response:
        body = await request.read()
        expected = hashlib.sha256(SECRETS["client_id"].encode() + body + SECRETS["sign_key"].encode()).hexdigest()
        assert request.headers["X-Client-Sign"] == expected
        asked.append(json.loads(body)["session_id"])
        info = {"direction": 2, "state": 1, "orig_number": "sip:ivan@firma.example", "dest_number": "89990000001",
                "start_call_date": 1795417200, "duration": 62}  # fmt: skip
        return web.json_response({"result": "0", "info": info})

    async def take(request: web.Request) -> web.Response:
        headers = {key.lower(): value for key, value in request.headers.items()}
        posted.append(Delivery(1, datetime.now(UTC), await request.read(), headers))
        return web.json_response({"kept": True}, status=status)

    app = web.Application()
    app.router.add_get("/api/v1/calls", calls)
    app.router.add_post("/call_info", call_info)
    app.router.add_post("/webhooks/office/token", take)
    async with TestServer(app) as server:
        place = tmp_path / "place"
        told = (sys.executable, str(SCRIPT), "--once", "--url", str(server.make_url("/webhooks/office/token")), "--api",
                str(server.make_url("")).rstrip("/"), "--place", str(place))  # fmt: skip
        environ = os.environ | {"ROSTELECOM_CLIENT_ID": SECRETS["client_id"], "ROSTELECOM_SIGN_KEY": SECRETS["sign_key"],
                                "TELEPHONY_BRIDGE_TOKEN": "T"}  # fmt: skip

        async def run() -> int:
            return (await to_thread(subprocess.run, told, env=environ, capture_output=True, timeout=60, check=False)).returncode

        assert await run() == 1
        assert not place.exists()
        status = 200
        assert await run() == 0
        assert await run() == 0
    assert asked == ["S1", "S1"]
    assert place.read_text() == "S1\n"
    assert DIALECT.prove is not None
    assert DIALECT.prove(posted[-1], SECRETS, "")
    (call,) = understand(DIALECT, posted, HOW)
    assert (call.call_key, call.talk_seconds, call.final) == ("S1", 62, True)

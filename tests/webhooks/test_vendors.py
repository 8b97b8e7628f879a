"""Every vendor at the door: his fixtures posted as he would, kept, answered in his way and understood."""

from __future__ import annotations

from collections import Counter

import pytest
from yarl import URL

from telephony_bridge.errors import Malformed, Misdirected, Unreadable
from telephony_bridge.webhooks import DIALECTS, snippet
from telephony_bridge.webhooks.dialects.engine import connected
from telephony_bridge.webhooks.dialects.files import call_json, delivery_from_file
from telephony_bridge.webhooks.dialects.reading import Row
from tests.street import Street
from tests.webhooks.test_fixtures import CASES, NOW, bodies, installation


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
async def test_his_fixtures_are_kept_and_told_as_the_goldens_say(street: Street, dialect: str) -> None:
    known = DIALECTS[dialect]
    cases = [
        case for name, case in CASES if name == dialect and installation(name, case) == installation(dialect, "outbound_answered")
    ]
    how = installation(dialect, "outbound_answered")
    trunks = [f"{glob}={'ip' if via == 'ip' else 'gsm'}" for glob, via in how.trunks]
    particulars = {
        "outside_prefix": how.outside_prefix or None,
        "extension_pattern": how.extension_pattern,
        "own_numbers": sorted(how.own_numbers),
    }
    url = await street.source("cloud", dialect=dialect, timezone=str(how.timezone), trunks=trunks, **particulars)
    posted: Counter[int] = Counter()
    rows: list[Row] = []
    for case in cases:
        for path in bodies(dialect, case):
            one = delivery_from_file(path, 1, NOW)
            refused: Unreadable | None = None
            try:
                rows += known.read(one, how)
            except Unreadable as said:
                refused = said
                rows += said.rows if isinstance(said, Malformed) else ()
            address = url + (f"/{one.tail}" if one.tail else "") + (f"?{one.query}" if one.query else "")
            answer = await street.client.request(one.method, URL(address, encoded=True), data=one.body, headers=dict(one.headers))
            text = await answer.read()
            posted[answer.status] += 1
            greeted = known.greet(one, {}) if known.greet is not None else None
            if greeted is not None:
                assert (answer.status, text) == (200, greeted.body), path.name
            elif refused is None or known.patient or not isinstance(refused, Malformed | Misdirected):
                assert answer.status == 200, (path.name, text)
                if known.answer is not None:
                    demanded = known.answer(one)
                    assert (text, answer.content_type) == (demanded.body, demanded.content_type), path.name
            else:
                assert answer.status == (400 if isinstance(refused, Malformed) and refused.syntax else 422), (path.name, text)
    assert posted[200] > 3
    await street.understand()
    found = {call["call_key"]: call for call in await street.calls("limit=500")}
    reference = {call.call_key: call_json(call, "cloud", dialect) for told in connected(rows) for call in known.tell(told, how)}
    assert set(found) == set(reference)
    for key, call in reference.items():
        for name in ("direction", "extension", "number", "disposition", "talk_seconds", "via", "final", "recording_url"):
            assert found[key][name] == call[name], (key, name)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_his_page_is_filled_in_and_says_what_an_administrator_needs(dialect: str) -> None:
    page = snippet(dialect, "https://bridge.example/webhooks/office/TOKEN")
    assert "@URL@" not in page
    assert "https://bridge.example/webhooks/office/TOKEN" in page
    for heading in ("## Set up", "## See that it works", "## Proof", "## Not possible"):
        assert heading in page, heading
    for name in DIALECTS[dialect].secrets:
        assert name in page, name

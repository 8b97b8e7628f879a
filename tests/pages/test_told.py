"""What a person was told can be read on his page, also where he has no channel."""

from __future__ import annotations

from tests.street import MONDAY, Street, at


async def opened(street: Street, path: str, *, status: int = 200) -> str:
    async with street.client.get(path) as answer:
        assert answer.status == status
        return await answer.text()


async def pages_of(street: Street, handle: str) -> str:
    """The path of a manager's pages, without the address of the service."""
    told = await street.ask("POST", f"/managers/{handle}/links", {"opens": "plan"})
    return "/f/" + str(told["url"]).rpartition("/")[2]


async def test_a_manager_without_a_channel_reads_his_notices_on_his_page(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.manager("olga", "102")
    await street.lead(name="Ромашка <b>")
    await street.work("09:00")
    await street.dial("10:00", talk=60)
    await street.work("10:35")
    page = await opened(street, await pages_of(street, "ivan") + "/notices")
    assert "Что вам сообщали" in page
    assert "План на 23.11.2026" in page
    assert "Ромашка &lt;b&gt;: комментарий, дата следующего контакта" in page
    assert "только здесь: канала нет" in page
    assert f'/call/{(await street.calls())[0]["id"]}?back=owed"' in page
    assert "Ромашка" not in await opened(street, await pages_of(street, "olga") + "/notices")


async def test_before_the_first_notice_the_page_says_so(street: Street) -> None:
    await street.manager()
    assert "Пока ничего." in await opened(street, await pages_of(street, "ivan") + "/notices")


async def test_a_link_to_one_call_opens_no_notices(street: Street) -> None:
    from telephony_bridge import notices

    await street.source()
    await street.manager()
    await street.lead()
    await street.dial("10:00", talk=60)
    call = (await street.calls())[0]["id"]
    async with street.database.begin() as conn:
        secret = await notices.form_secret(conn)
    token = notices.links.sign(secret, notices.links.Link(1, f"call/{call}", at("23:00", MONDAY.replace(day=30))))
    await opened(street, f"/f/{token}")
    await opened(street, f"/f/{token}/notices", status=404)


async def test_numbers_on_pages_are_shown_as_policy_says(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.dial("10:00", number="+79990000099", talk=60)
    path = await pages_of(street, "ivan") + "/owed"
    assert "+7***99" in await opened(street, path)
    await street.ask("POST", "/policy", {"name": "notice_numbers", "value": "full", "from": "2026-01-01"})
    assert "+79990000099" in await opened(street, path)


async def test_who_may_make_a_link(street: Street) -> None:
    await street.manager()
    await street.manager("olga", "102")
    token = await street.token_of("ivan")
    told = await street.ask("POST", "/managers/ivan/links", {}, token=token)
    assert told["until"] == "2026-11-28T09:00:00Z"
    await street.ask("POST", "/managers/olga/links", {}, token=token, expect=404)
    await street.ask("POST", "/managers/nobody/links", {}, expect=404)

"""How healthy the base is (R33, R34)."""

from __future__ import annotations

from datetime import timedelta

from tests.street import MONDAY, Street, at

TUESDAY = MONDAY + timedelta(days=1)


async def test_r33_r34_each_lead_is_where_it_belongs(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.manager("olga", "102")
    dated, overdue, asleep, _untouched, client = [await street.lead(f"+7999000010{n}", manager="ivan") for n in range(5)]
    await street.lead("+79990000110", manager="olga", stage="client")
    await street.lead("+79990000111")
    await street.ask("PATCH", f"/leads/{client}", {"stage": "client"})
    await street.ask("PATCH", f"/leads/{await street.lead('+79990000112', manager='ivan')}", {"stage": "lost", "reason": "Нет."})
    await street.dial("10:00", number="+79990000100")
    await street.dial("10:00", number="+79990000101", day=MONDAY - timedelta(days=19))
    await street.dial("10:00", number="+79990000104", day=MONDAY - timedelta(days=40), talk=30)
    await street.dial("10:00", number="+79990000102", day=MONDAY - timedelta(days=100))
    await street.dial("10:05", number="+79990000103", inbound=True)  # missed: nobody touched it
    for lead, due in ((dated, at("09:00", MONDAY + timedelta(days=2))), (overdue, at("23:00", TUESDAY))):
        body = {"author": "ivan", "set_at": at("10:10").isoformat(), "at": due.isoformat()}
        await street.ask("POST", f"/leads/{lead}/next-contacts", body)
    told = await street.ask("GET", "/base")
    ivan, olga, nobody = told["managers"]
    assert ivan == {
        "manager": "ivan", "name": "Ivan", "leads": 6, "open": 5, "with_date": 1, "with_date_percent": 20, "overdue": 1,
        "overdue_percent": 20, "touched_30": 2, "touched_30_percent": 40, "touched_90": 3, "touched_90_percent": 60, "sleeping": 1,
        "untouched": 1, "clients": 1, "conversion_percent": 17, "warning": False,
    }  # fmt: skip
    assert (olga["untouched"], olga["conversion_percent"], nobody["manager"], nobody["untouched"]) == (1, 100, None, 1)
    assert (told["company"]["leads"], told["company"]["open"], told["company"]["clients"]) == (8, 7, 2)
    await street.ask("POST", "/policy", {"name": "overdue_warning", "value": "19", "from": str(MONDAY)})
    warned = await street.ask("GET", "/base")
    assert [line["warning"] for line in warned["managers"]] == [True, False, False]
    assert asleep


async def test_a_manager_sees_his_own_and_not_the_companys(street: Street) -> None:
    await street.manager()
    await street.manager("olga", "102")
    await street.lead(manager="olga")
    told = await street.ask("GET", "/base", token=await street.token_of("olga"))
    assert (told["company"], [(line["manager"], line["open"]) for line in told["managers"]]) == (None, [("olga", 1)])

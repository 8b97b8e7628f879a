"""lead import."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import orjson
import typer

from telephony_bridge import crm, db, people, pipeline
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import in_transaction, refuse

app = typer.Typer(help="Leads in bulk.", no_args_is_help=True)
_KNOWN = ("phone", "name", "company", "segment", "manager", "source")


@app.command("import")
def import_(file: Path = typer.Argument(help="CSV with the columns phone,name[,company,segment,manager,source].")) -> None:
    """Enters the leads of a file; rejects go to FILE.rejected.csv with a reason. Again adds nothing twice.

    Example: telephony-bridge lead import base.csv
    """
    header, lines = _read(file)

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> crm.Imported:
        await pipeline.hold(conn)
        managers = {row["handle"]: row["id"] for row in await people.all_managers(conn)}
        found = await crm.import_leads(conn, lines, managers=managers, now=now, region=company.region)
        await pipeline.leads_changed(conn, found.added, at=now, company=company, now=now)
        return found

    found = in_transaction(run)
    rejected = file.with_name(file.stem + ".rejected.csv")
    if found.rejected:
        with rejected.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow([*header, "reason"])
            for place, reason in sorted(found.rejected):
                writer.writerow([*(lines[place].get(name, "") for name in header), reason])
    else:
        rejected.unlink(missing_ok=True)
    told = {"added": len(found.added), "known": found.known, "rejected": len(found.rejected)}
    print(orjson.dumps(told | ({"rejects": str(rejected)} if found.rejected else {})).decode())


def _read(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Header and lines, UTF-8 or cp1251, with commas or semicolons, as spreadsheets write them."""
    try:
        raw = file.read_bytes()
    except OSError as missing:
        refuse(f"{file}: {missing.strerror}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1251", "replace")
    text = text.replace("\0", "")
    first = text.split("\n", 1)[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ",")
    header = [name.strip().lower() for name in next(reader, [])]
    if "phone" not in header or not {"name", "company"} & set(header):
        refuse(f"{file}: the first line names the columns; phone and name are needed, known are {', '.join(_KNOWN)}")
    return header, [dict(zip(header, (cell.strip() for cell in line), strict=False)) for line in reader if any(line)]

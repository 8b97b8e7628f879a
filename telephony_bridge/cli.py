"""``telephony-bridge VERB``: the verbs of ``verbs/`` put together (CONTRACT §2)."""

from __future__ import annotations

import typer

from telephony_bridge import __version__
from telephony_bridge.demo import demo
from telephony_bridge.verbs import (
    deliveries,
    handover,
    history,
    leads,
    norms,
    notices,
    people,
    reader,
    serving,
    sources,
    stock,
    trying,
)

app = typer.Typer(
    help="Joins what a PBX proved with what a CRM recorded, and holds a sales team to its regulation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Joins what a PBX proved with what a CRM recorded, and holds a sales team to its regulation."""


for verb in (demo, serving.serve, serving.work, serving.migrate, sources.understand, norms.day, norms.reopen):
    app.command()(verb)
app.command("import-cdr")(history.import_cdr)
app.command("handover")(handover.hand_over)
app.command("payroll")(norms.month)
app.command("base")(stock.base)
app.command("reader")(reader.reader)
norms.policy_app.command("try")(trying.try_policy)
for name, group in (
    ("source", sources.app),
    ("manager", people.app),
    ("lead", leads.app),
    ("policy", norms.policy_app),
    ("norm", norms.norm_app),
    ("deliveries", deliveries.app),
    ("user", people.user_app),
    ("token", people.token_app),
    ("notices", notices.app),
    ("notify", notices.notify_app),
):
    app.add_typer(group, name=name)


def main() -> None:
    """The entry point of the command."""
    app()

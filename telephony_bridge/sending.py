"""Sends what the outbox holds: claims, tries one channel, settles. Any number of senders; none waits for a slow receiver.

A notice is claimed and its try written down before anything goes out, so a sender that dies leaves a try of unknown outcome and
a claim that runs out: the notice goes out once more under the same key.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import structlog

from telephony_bridge import db, logs, metrics, notices, people, telling
from telephony_bridge.book import Book, open_book, utc_day
from telephony_bridge.errors import BridgeError
from telephony_bridge.model import Company

LEASE = timedelta(seconds=90)  # a claim not renewed for so long is anybody's
_RENEW = LEASE.total_seconds() / 3
_AT_ONCE = 16
_IDLE = 1.0  # seconds between looks at an outbox with nothing due
_SLOW = 3  # failures in a row after which a receiver is spared
_SPARED = timedelta(minutes=1)
log = structlog.get_logger("sending")


async def closed(vault: people.Vault, urls: Sequence[str]) -> tuple[str, ...]:
    """Addresses of channels as they are kept. Raises ``Refused`` for what no channel understands; ``env:NAME`` is any."""
    kept = tuple(vault.close(url) for url in urls)
    for url, one in zip(urls, kept, strict=True):
        if url.strip() != one:
            await asyncio.to_thread(notices.check, url)  # who reads addresses is slow to load
    return kept


@dataclass(slots=True)
class Post:
    """What sending needs beside the outbox: how kept addresses are opened and where the forms are."""

    database: db.Database
    company: Company
    address: str  # of the service, without a trailing slash
    vault: people.Vault
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    failing: dict[str, tuple[int, datetime]] = field(default_factory=dict)  # target -> (failures in a row, spared until)

    def spared_until(self, url: str | None, now: datetime) -> datetime | None:
        """Until when a receiver that keeps failing is left alone, so that it takes no sender from the others."""
        failures, until = self.failing.get(notices.target_of(url), (0, now)) if url is not None else (0, now)
        return until if failures >= _SLOW and until > now else None

    def heard(self, url: str, sent: notices.Sent, now: datetime) -> None:
        """What a receiver answered."""
        target = notices.target_of(url)
        if sent.outcome == "later":
            failures = self.failing.get(target, (0, now))[0] + 1
            self.failing[target] = (failures, now + _SPARED)
        else:
            self.failing.pop(target, None)


@dataclass(frozen=True, slots=True)
class _Job:
    """A claimed notice and where it goes now; ``place`` is the channel that is tried, ``alive`` are those that may be."""

    claimed: notices.Claimed
    hearer: people.Hearer
    handle: str  # how people name him at the command line
    language: str
    fallback_after: int
    place: int
    alive: tuple[int, ...]
    kept: str  # the address as it is kept
    url: str | None  # None where it cannot be opened here
    link: str | None
    try_id: int = 0

    @property
    def channel(self) -> str:
        return notices.scheme_of(self.url) if self.url is not None else "unknown"

    def message(self) -> notices.Message:
        one = self.claimed
        reference = f"Telephony Bridge, №{one.id}"  # the same at every try: where a channel carries no key this is it
        return notices.Message(
            key=one.key,
            title=one.title,
            text=notices.text_of(one.body, self.link, reference),
            html=notices.html_of(one.title, one.body, self.link, reference, self.language),
        )


async def send_due(post: Post, *, now: datetime) -> int:
    """One try of everything that is due; returns how many notices were tried. Raises what says that Postgres is away."""
    tried: set[int] = set()
    while jobs := await _claim(post, _AT_ONCE, besides=tried, now=now):
        await asyncio.gather(*(_deliver(post, job, now=now) for job in jobs))
        tried |= {job.claimed.id for job in jobs}
    return len(tried)


async def run(post: Post, *, stopping: Callable[[], bool] = lambda: False) -> None:
    """Sends until cancelled or told to stop; what is under way is finished first."""
    under_way: dict[asyncio.Task[None], int] = {}
    renewed = post.clock()
    while not stopping():
        jobs: list[_Job] = []
        try:
            if len(under_way) <= _AT_ONCE // 2:  # a claim reads who is told and how: not for each slot that frees
                jobs = await _claim(post, _AT_ONCE - len(under_way), besides=(), now=post.clock())
            under_way |= {asyncio.create_task(_deliver(post, job, now=None)): job.claimed.id for job in jobs}
            if under_way and abs((post.clock() - renewed).total_seconds()) > _RENEW:
                renewed = post.clock()
                async with post.database.begin() as conn:
                    await notices.keep_claims(conn, under_way.values(), lease=LEASE, now=renewed)
        except db.AWAY as away:
            log.error("postgres_away", error=type(away).__name__)
        except Exception as failed:
            log.error("claiming_failed", error=logs.place_of(failed))
        if under_way:
            pause = 0.05 if jobs else _IDLE
            done, _ = await asyncio.wait(under_way, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                del under_way[task]
        else:
            await asyncio.sleep(_IDLE)
    if under_way:
        await asyncio.wait(under_way)


async def _claim(post: Post, limit: int, *, besides: Collection[int], now: datetime) -> list[_Job]:
    """Takes due notices and writes down that each is tried, over which channel; what can go nowhere is settled.

    ``besides`` have been tried in this pass.
    """
    async with post.database.begin() as conn:
        claimed = await notices.claim(conn, besides=besides, limit=limit, lease=LEASE, now=now)
        if not claimed:
            return []
        book = await open_book(conn, post.company, since=utc_day(now))
        everybody = await people.hearers(conn)
        users = {one.login: one for one in everybody.users}
        hearers = {
            one.id: everybody.managers[one.manager_id] if one.manager_id is not None else users.get(one.login) for one in claimed
        }
        addresses = {address for hearer in hearers.values() if hearer is not None for address in hearer.channels}
        alive = await notices.alive(conn, addresses, now=now)
        secret = await notices.form_secret(conn)
        jobs = []
        for one in claimed:
            hearer = hearers[one.id]
            places = tuple(at for at, kept in enumerate(hearer.channels) if kept in alive) if hearer is not None else ()
            if hearer is None or not places:
                has_channels = hearer is not None and hearer.channels
                step = notices.Next("undeliverable" if has_channels else "in_page", one.place, one.tries, now)
                await _leave(conn, one, step, now=now)
                continue
            quiet_until = telling.quiet_until(book, hearer, now=now)
            if quiet_until is not None:  # a retry may come at night, and what was decided in the evening
                await _leave(conn, one, notices.Next("waiting", one.place, one.tries - 1, quiet_until), now=now)
                continue
            spared = []
            for place in notices.in_turn(places, one.place):
                job = _job(post, book, one, hearer, place, places, secret, now=now)
                until = post.spared_until(job.url, now)
                if until is None:
                    jobs.append(job)
                    break
                spared.append(until)
            else:
                await _leave(conn, one, notices.Next("waiting", one.place, one.tries - 1, min(spared)), now=now)
        tries = await notices.begin_tries(conn, {job.claimed.id: job.channel for job in jobs}, now=now)
    return [replace(job, try_id=tries[job.claimed.id]) for job in jobs]


async def _leave(conn: db.Connection, claimed: notices.Claimed, step: notices.Next, *, now: datetime) -> None:
    await notices.settle(conn, claimed, step, try_id=None, outcome="", why=None, now=now)


def _job(
    post: Post,
    book: Book,
    claimed: notices.Claimed,
    hearer: people.Hearer,
    place: int,
    places: tuple[int, ...],
    secret: bytes,
    *,
    now: datetime,
) -> _Job:
    kept = hearer.channels[place]
    try:
        url = post.vault.open(kept)
    except BridgeError as closed:
        log.error("address_closed", notice=claimed.id, why=str(closed))
        url = None
    day = book.day(hearer.manager_id, now)
    link = None
    if claimed.opens is not None and hearer.manager_id is not None:
        link, _ = telling.signed_link(book, secret, hearer.manager_id, claimed.opens, address=post.address, now=now)
    return _Job(
        claimed=claimed,
        hearer=hearer,
        handle=book.handles[hearer.manager_id] if hearer.manager_id is not None else hearer.name,
        language=hearer.language or post.company.language,
        fallback_after=max(book.setting("fallback_after", hearer.manager_id, day), 1),
        place=place,
        alive=places,
        kept=kept,
        url=url,
        link=link,
    )


async def _deliver(post: Post, job: _Job, *, now: datetime | None) -> None:
    """One try, and what came of it. Where that cannot be written down, the claim runs out and the notice goes out again."""
    try:
        if job.url is None:
            sent = notices.Sent("refused", "this address cannot be opened on this host")
        else:
            try:
                sent = await notices.send(job.url, job.message(), now=now or post.clock())
            except Exception as failed:
                log.error("channel_failed", notice=job.claimed.id, channel=job.channel, error=logs.place_of(failed))
                sent = notices.Sent("later", type(failed).__name__)
            post.heard(job.url, sent, now or post.clock())
        await _settle(post, job, sent, now=now or post.clock())
    except Exception as failed:
        log.error("notice_not_settled", notice=job.claimed.id, error=logs.place_of(failed))


async def _settle(post: Post, job: _Job, sent: notices.Sent, *, now: datetime) -> None:
    one = job.claimed
    step = notices.after(
        sent.outcome,
        place=job.place,
        tries=one.tries,
        alive=job.alive,
        fallback_after=job.fallback_after,
        retry_after=sent.retry_after,
        good_until=one.good_until,
        luck=random.random(),  # noqa: S311  # spreads retries, hides nothing
        now=now,
    )
    async with post.database.begin() as conn:
        await notices.settle(conn, one, step, try_id=job.try_id, outcome=sent.outcome, why=sent.why, now=now)
        if sent.outcome == "sent":
            await notices.revive(conn, job.kept)
        if job.url is None:
            what, is_news = "", False
        elif sent.outcome == "refused":
            what, is_news = job.kept, await notices.bury(conn, job.kept, job.channel, sent.why, now=now)
        else:  # a receiver that is down is down for all: one word a day
            what, is_news = notices.target_of(job.url), sent.outcome == "later" and one.tries % job.fallback_after == 0
        if is_news:
            await telling.address_failed(
                conn,
                job.hearer,
                job.handle,
                job.channel,
                sent.why,
                what=what,
                is_down=sent.outcome == "later",
                company=post.company,
                now=now,
            )
    metrics.notice(job.channel, sent.outcome)
    log.info("notice", notice=one.id, channel=job.channel, outcome=sent.outcome, why=sent.why, status=step.status)

"""Every list that can be had as a file: where its rows come from, page by page, and what stands in its columns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.attribution import MODELS
from domain.clock import Clock
from domain.errors import Invalid
from store import segments
from store.access import Role
from store.base import now
from store.queries.affiliates import list_affiliates, list_commissions
from store.queries.attribution import LOOKBACK, attribution
from store.queries.campaigns import list_campaigns
from store.queries.dash_events import event_rows
from store.queries.dash_journeys import journey_rows, live_sequences
from store.queries.dash_outbox import list_mails, list_posts
from store.queries.dash_people import list_audit, list_users, matching
from store.queries.erasures import list_erasures
from store.queries.funnels import Asked as Visits
from store.queries.funnels import FunnelFigures, figures, figures_of, live_funnels
from store.queries.imports import faults_of, import_view, list_imports
from store.queries.launches import list_launches
from store.queries.messages import list_messages
from store.queries.pages import Page
from store.queries.people_lines import Column, people_columns, people_found, people_in, segment_people
from store.queries.published import list_published
from store.queries.reviews import list_reviews
from store.queries.sources import list_sources
from store.queries.tasks import list_tasks
from store.queries.webinars import list_webinars, registrants
from store.queries.written import list_assets
from store.webinars import by_code

DAYS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Asked:
    """One page of a list: under which filter, after which row."""

    tx: AsyncSession
    clock: Clock
    filter: Mapping[str, str]
    cursor: str | None
    limit: int

    def word(self, name: str) -> str | None:
        """The filter's word of that name; None where it has none."""
        return self.filter.get(name) or None

    def id(self, name: str) -> UUID:
        """The id that the list is about. Raises Invalid."""
        try:
            return UUID(self.filter.get(name, ""))
        except ValueError:
            message = f"Say whose list it is: {name} must be an id."
            raise Invalid(message, name) from None

    @property
    def place(self) -> dict[str, Any]:
        """As every list's query takes it."""
        return {"cursor": self.cursor, "limit": self.limit}


@dataclass(frozen=True, slots=True)
class Listing:
    """A list. `columns` are fields of its rows, or a function that finds out what they are. `role` may export it."""

    page: Callable[[Asked], Awaitable[Page[Any]]]
    columns: str | Callable[[Asked], Awaitable[Sequence[Column]]]
    filters: tuple[str, ...] = ()
    role: Role = "marketer"

    async def heads(self, asked: Asked) -> Sequence[Column]:
        """Each column's name, and how its cell is read from a row."""
        if callable(self.columns):
            return await self.columns(asked)
        return [(name.replace("_", " ").capitalize(), attrgetter(name)) for name in self.columns.split()]


async def _whole(rows: Sequence[Any]) -> Page[Any]:
    """A list that is never long."""
    return Page(items=list(rows))


async def _registrations(asked: Asked) -> Page[Any]:
    webinar = await by_code(asked.tx, asked.filter.get("code", ""))
    return await registrants(asked.tx, webinar.id, **asked.place)


async def _fault_columns(asked: Asked) -> Sequence[Column]:
    """As the file had them, with its line and why: to mend and import again."""
    header = (await import_view(asked.tx, asked.id("import"))).header
    cells = [(name, _cell(place)) for place, name in enumerate(header)]
    return [*cells, ("Line of the file", attrgetter("line")), ("Problem of the line", attrgetter("reason"))]


def _cell(place: int) -> Callable[[Any], object]:
    return lambda fault: fault.cells[place] if place < len(fault.cells) else ""


async def _people_columns(asked: Asked) -> Sequence[Column]:
    return await people_columns(asked.tx, matching(asked.filter.get("q", "").strip()))


async def _members_columns(asked: Asked) -> Sequence[Column]:
    key = asked.filter.get("segment", "")
    return await people_columns(asked.tx, await segment_people(asked.tx, key, asked.clock))


async def _segments(asked: Asked) -> Page[Any]:
    rows = await segments.all_of(asked.tx)
    return await _whole([(row, await segments.count(asked.tx, segments.read(row.filter), asked.clock)) for row in rows])


async def _segment_columns(_: Asked) -> Sequence[Column]:
    return [
        ("Segment", lambda one: one[0].key),
        ("Name", lambda one: one[0].name),
        ("People now", lambda one: one[1]),
        ("Filter", lambda one: one[0].filter),
        ("Updated at", lambda one: one[0].updated_at),
    ]


async def _sequence_columns(_: Asked) -> Sequence[Column]:
    return [
        ("Sequence", lambda one: one[0].sequence),
        ("Name", lambda one: one[0].name),
        ("Lane", lambda one: one[0].lane),
        ("Version", lambda one: one[1]),
        ("Begins with", lambda one: one[0].entry.event or one[0].entry.segment),
        ("Steps", lambda one: ", ".join(step.key for step in one[0].walk())),
    ]


def _span(asked: Asked) -> timedelta:
    """The virtual days that the filter names."""
    days = asked.filter.get("days", "")
    return timedelta(days=int(days)) if days.isdecimal() and len(days) < 5 else DAYS  # noqa: PLR2004 - digits


async def _credits(asked: Asked) -> Page[Any]:
    until = now()
    found = await attribution(
        asked.tx, until - asked.clock.real_span(_span(asked)), until, asked.clock.real_span(LOOKBACK)
    )
    return await _whole([(one.currency, row) for one in found.currencies for row in one.campaigns])


async def _credit_columns(_: Asked) -> Sequence[Column]:
    def earned(model: Any) -> Callable[[Any], object]:  # noqa: ANN401 - one of MODELS
        return lambda one: f"{one[1].revenue[model] / 100:.2f}"

    return [
        ("Campaign", lambda one: one[1].campaign),
        ("Currency", lambda one: one[0]),
        *[(model.replace("_", " ").capitalize(), earned(model)) for model in MODELS],
        ("Orders", lambda one: one[1].orders),
        ("Booked demos", lambda one: one[1].booked_demos),
        ("Held demos", lambda one: one[1].held_demos),
    ]


def _visits(asked: Asked) -> Visits:
    """Which visits count for a list about funnels."""
    until = now()
    return Visits(until - asked.clock.real_span(_span(asked)), until, asked.filter.get("source", ""))


async def _funnels(asked: Asked) -> Page[Any]:
    return await _whole([await figures_of(asked.tx, one, _visits(asked)) for one in await live_funnels(asked.tx)])


async def _of_funnel(asked: Asked, part: Callable[[FunnelFigures], Sequence[Any]]) -> Page[Any]:
    return await _whole(part(await figures(asked.tx, asked.filter.get("funnel", ""), _visits(asked))))


async def _funnel_columns(_: Asked) -> Sequence[Column]:
    return [
        ("Funnel", lambda one: one.funnel),
        ("Title", lambda one: one.title),
        ("Strategy", lambda one: one.strategy),
        ("Visitors", lambda one: one.visitors),
        ("Buyers", lambda one: one.buyers),
        ("Revenue", lambda one: f"{one.revenue / 100:.2f}"),
        ("Currency", lambda one: one.currency),
    ]


def _shares(visitors: str, hits: str) -> list[Column]:
    return [
        (visitors, lambda one: one.figure.visitors),
        (hits, lambda one: one.figure.conversions),
        ("Share", lambda one: one.figure.rate),
        ("Low", lambda one: one.figure.low),
        ("High", lambda one: one.figure.high),
    ]


async def _step_columns(_: Asked) -> Sequence[Column]:
    return [
        ("Step", lambda one: one.step),
        ("Kind", lambda one: one.kind),
        ("Headline", lambda one: one.headline),
        *_shares("Visitors", "Conversions"),
        ("Target", lambda one: one.figure.target),
        ("Verdict", lambda one: one.figure.verdict),
        ("Revenue", lambda one: f"{one.revenue / 100:.2f}"),
    ]


async def _source_columns(_: Asked) -> Sequence[Column]:
    return [
        ("Source", lambda one: one.source),
        ("Leads", lambda one: one.leads),
        *_shares("Visitors", "Buyers"),
        ("Revenue", lambda one: f"{one.revenue / 100:.2f}"),
    ]


async def _live(asked: Asked) -> Page[Any]:
    return await _whole(await live_sequences(asked.tx))


async def _users(asked: Asked) -> Page[Any]:
    return await _whole(await list_users(asked.tx))


_MESSAGE = (
    "id contact_id recipient sequence step lane state reason subject due_at created_at sent_at delivered_at opened_at"
    " clicked_at bounced_at complained_at"
)

LISTINGS: Mapping[str, Listing] = {
    "contacts": Listing(
        lambda a: people_found(a.tx, a.filter.get("q", "").strip(), **a.place), _people_columns, ("q",)
    ),
    "segment-people": Listing(
        lambda a: people_in(a.tx, a.filter.get("segment", ""), a.clock, **a.place), _members_columns, ("segment",)
    ),
    "launches": Listing(
        lambda asked: list_launches(asked.tx, **asked.place),
        "brand state reason asked requested_by created_at ready_at ended_at",
    ),
    "published": Listing(
        lambda a: list_published(a.tx, **a.place),
        "slug kind channel title asset_id path state published_at live_at ends_at",
    ),
    "assets": Listing(
        lambda a: list_assets(a.tx, **a.place),
        "id kind slug title product source_id state reason held_until requested_by created_at written_at cost_usd",
    ),
    "sources": Listing(
        lambda a: list_sources(a.tx, **a.place), "id title author format language words name created_by created_at"
    ),
    "segments": Listing(_segments, _segment_columns),
    "journeys": Listing(
        lambda a: journey_rows(
            a.tx,
            sequence=a.word("sequence"),
            step=a.word("step"),
            state=None if a.word("state") == "all" else a.word("state"),
            **a.place,
        ),
        "id contact_id email sequence version step state reason next_due_at started_at paused_at ended_at",
        ("sequence", "step", "state"),
    ),
    "imports": Listing(
        lambda a: list_imports(a.tx, **a.place),
        "id filename state reason total wrong added changed undone kept created_at finished_at",
    ),
    "import-errors": Listing(lambda a: faults_of(a.tx, a.id("import"), **a.place), _fault_columns, ("import",)),
    "sequences": Listing(_live, _sequence_columns),
    "campaigns": Listing(
        lambda a: list_campaigns(a.tx, state=a.word("state"), **a.place),
        "id key name kind segment state version next_at created_by created_at updated_at",
        ("state",),
    ),
    "campaign-recipients": Listing(lambda a: list_messages(a.tx, run_id=a.id("run"), **a.place), _MESSAGE, ("run",)),
    "webinars": Listing(
        lambda a: list_webinars(a.tx, **a.place),
        "code title stands starts_at ends_at zone registered attended missed join_url",
    ),
    "registrations": Listing(
        _registrations,
        "email first_name company organization_type registered_at came attended_at mails_sent contact_id",
        ("code",),
    ),
    "funnels": Listing(_funnels, _funnel_columns, ("days",)),
    "funnel-steps": Listing(
        lambda a: _of_funnel(a, lambda found: found.steps), _step_columns, ("funnel", "days", "source")
    ),
    "funnel-sources": Listing(
        lambda a: _of_funnel(a, lambda found: found.sources), _source_columns, ("funnel", "days")
    ),
    "affiliates": Listing(
        lambda a: list_affiliates(a.tx, **a.place), "code name email percent hold_days state created_at ended_at"
    ),
    "commissions": Listing(
        lambda a: list_commissions(a.tx, code=a.word("code"), **a.place),
        "order_id affiliate state currency percent base amount reversed paid open earned_at due_at paid_at",
        ("code",),
    ),
    "attribution": Listing(_credits, _credit_columns, ("days",)),
    "events": Listing(
        lambda a: event_rows(
            a.tx, state=a.word("state"), event_type=a.word("type"), source=a.word("source"), **a.place
        ),
        "id type source email contact_id state reason duplicates occurred_at received_at",
        ("state", "type", "source"),
    ),
    "messages": Listing(lambda a: list_messages(a.tx, state=a.word("state"), **a.place), _MESSAGE, ("state",)),
    "outbox": Listing(
        lambda a: list_mails(a.tx, a.filter.get("q", "").strip(), **a.place),
        "key sender recipient subject accepted_at",
        ("q",),
    ),
    "posts": Listing(
        lambda a: list_posts(a.tx, **a.place), "key channel title texts published_at review_id decided_by"
    ),
    "reviews": Listing(
        lambda a: list_reviews(a.tx, state=a.word("status"), **a.place),
        "id kind channel title state draft quality decided_by decided_at created_at",
        ("status",),
    ),
    "tasks": Listing(
        lambda a: list_tasks(a.tx, **a.place),
        "id kind title priority email contact_id created_at done_at done_by",
    ),
    "erasures": Listing(
        lambda a: list_erasures(a.tx, **a.place),
        "id contact requested_by requested_at journeys rows vendors finished_at",
    ),
    "audit": Listing(lambda a: list_audit(a.tx, **a.place), "at actor action target details", role="admin"),
    "users": Listing(_users, "email name role created_at disabled_at", role="admin"),
}

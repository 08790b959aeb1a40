"""A sequence as a writer gives it, short: one plain mail for each step of the house's plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from configuration import load_marketing
from domain.approval import Reviewer
from domain.assets import digest
from domain.briefs import Brief
from domain.content import KINDS
from domain.sequence_plans import PLANS
from domain.written_sequences import WrittenSequence
from providers.rendering.written import sources_of
from store import assets, publishing, review_decisions, review_drafts
from store.assets import Wanted
from store.db import Database
from store.review_drafts import Asset, Words
from tests.core_kit import CONFIG

OPTIONS = {"magnet": "franklin-checklist", "launch_date": "2027-03-02T09:00", "webinar": "WB003"}
ALL = sorted(PLANS)


def brief(kind: str, product: str = "franklin", **options: str) -> Brief:
    """What is known when a sequence of that kind is asked for."""
    marketing = load_marketing(CONFIG)
    slug = f"{product}-{kind.replace('_', '-')}"
    given = {**OPTIONS, "magnet": f"{product}-checklist", **options}
    return Brief(marketing, slug, marketing.product(product), None, given)


def mails(count: int, **first: str) -> list[dict[str, str]]:
    """So many plain mails; `first` changes the first."""
    made = [
        {
            "subject": f"Thought number {n}",
            "preheader": "Something to read in a minute.",
            "body": f'Hi {{{{ contact.first_name | given_name | default: "there" }}}},\n\nThe words of mail {n}.'
            "\n\n[To the book]({{ book.url }})",
        }
        for n in range(1, count + 1)
    ]
    made[0] |= first
    return made


def written(kind: str, given: Brief | None = None, **first: str) -> WrittenSequence:
    """A whole asset of that kind."""
    given = given or brief(kind)
    shape = KINDS[f"sequence_{kind}"].asked_of(given)
    count = PLANS[kind].count("{{email: ")
    made = shape.model_validate({"mails": mails(count, **first)})
    assert isinstance(made, WrittenSequence)
    return made


def folder(place: Path, *sequences: WrittenSequence) -> Path:
    """The shipped configuration with these beside it, as the files that they stand for."""
    (place / "emails").mkdir(parents=True)
    (place / "sequences").mkdir()
    (place / "marketing.yaml").write_text((CONFIG / "marketing.yaml").read_text())
    for pictures in ("books", "products"):
        (place / pictures).symlink_to(CONFIG / pictures)
    for shared in CONFIG.glob("emails/*"):
        (place / "emails" / shared.name).symlink_to(shared)
    for shared in CONFIG.glob("sequences/*"):
        (place / "sequences" / shared.name).symlink_to(shared)
    for one in sequences:
        (place / "sequences" / f"{one.sequence.sequence}.yaml").write_text(one.definition)
        for name, mail in one.named.items():
            into = place / "emails" / name
            into.mkdir()
            parts: Any = sources_of(name, mail, one.why)
            for part in (parts.subject, parts.preheader, parts.body, parts.why):
                (place / "emails" / part.name).write_text(part.text)
    return place


async def put_draft(
    db: Database, kind: str, product: str = "franklin", needs: Sequence[str] = (), **first: str
) -> tuple[UUID, WrittenSequence]:
    """One of these that was asked for and waits for its review, whose id it is; `needs` are other assets' slugs."""
    given = brief(kind, product)
    made = written(kind, given, **first)
    said = Words(made.model_dump(mode="json"), digest(made), {}, "writer:test", "test", offline=True)
    async with db.transaction() as tx:
        wanted = Wanted(f"sequence_{kind}", given.slug, f"{product}: {kind}", product, None, dict(given.options), needs)
        row = await assets.request(tx, wanted, "user:1")
        drafted = Asset(row.id, row.origin, row.kind, "sequence", row.title, required=True)
        assert await review_drafts.first(tx, drafted, said)
    return row.id, made


async def put_live(db: Database, kind: str, product: str = "franklin", **first: str) -> WrittenSequence:
    """One of these, approved and published."""
    review_id, made = await put_draft(db, kind, product, **first)
    async with db.transaction() as tx:
        review = await review_decisions.approve(tx, review_id, Reviewer("user:1", "Ana"))
        await publishing.publish(tx, review, brief(kind, product).marketing)
    return made

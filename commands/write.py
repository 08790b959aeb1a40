"""`perennial write`: one asset asked for by itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

import settings as environment
from commands.installation import OPERATOR, in_transaction
from configuration import load_marketing
from store.asking import Asked, ask, options


def write(
    kind: Annotated[str, typer.Argument(help="a kind of asset, such as checklist")],
    source: Annotated[UUID | None, typer.Option(help="the id of a source (`perennial sources list`)")] = None,
    product: Annotated[str, typer.Option(help="a product's key in marketing.yaml")] = "",
    slug: Annotated[str, typer.Option(help="where it will be published; else made from what it is about")] = "",
    option: Annotated[list[str] | None, typer.Option(help="the kind's own, as magnet=franklin-checklist")] = None,
) -> None:
    """Have one asset written; it then waits for its review."""
    settings = environment.load()
    marketing = load_marketing(settings.config_dir)
    asked = Asked(kind=kind, source_id=source, product=product, slug=slug, options=dict(options(option or [])))
    row = in_transaction(lambda tx: ask(tx, asked, marketing, OPERATOR))
    print(f"Asked for: {row.title}, at {row.slug}")
    print(f"{settings.public_url}/reviews/{row.id}")

"""What a launch is made of, and how each of its assets stands."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from configuration import load_marketing
from domain.errors import Invalid, NotFound
from domain.launching import check, plan, stands

MARKETING = load_marketing(Path(__file__).parents[2] / "config")


def test_the_sample_brand_has_28_assets_for_its_five_books() -> None:
    planned = plan(MARKETING)
    channels = Counter(
        one.kind.partition("_")[0] if one.kind.startswith(("funnel", "sequence", "offer")) else "magnet"
        for one in planned
    )
    assert channels == {"magnet": 5, "funnel": 5, "sequence": 15, "offer": 3}
    assert len({one.slug for one in planned}) == 28


def test_every_kind_of_magnet_is_made_of_one_of_the_five_books() -> None:
    kinds = {one.kind for one in plan(MARKETING) if one.product and not one.options}
    assert kinds == {"checklist", "free_chapter", "mini_guide", "quiz", "worksheet"}


def test_what_leads_to_a_magnet_needs_it_and_what_follows_a_sale_needs_nothing() -> None:
    needs = {one.slug: list(one.needs) for one in plan(MARKETING)}
    assert needs["franklin-value-ladder"] == ["franklin-checklist"] == needs["franklin-welcome"]
    assert needs["franklin-cart"] == needs["franklin-post-purchase"] == needs["fieldnotes-bundle"] == []


def test_a_brand_that_there_is_not_is_refused_with_the_one_that_there_is() -> None:
    with pytest.raises(NotFound, match="fieldnotes"):
        check(MARKETING, "acme")
    without = MARKETING.model_copy(update={"catalogue": []})
    with pytest.raises(Invalid, match="source"):
        check(without, "fieldnotes")


@pytest.mark.parametrize(
    ("asset", "review", "published", "live", "missing", "stand"),
    [
        ("waiting", None, False, False, [], "waiting"),
        ("held", None, False, False, [], "held"),
        ("written", "pending", False, False, [], "for review"),
        ("written", "regenerated", False, False, [], "being rewritten"),
        ("written", "rejected", False, False, [], "rejected"),
        ("written", "approved", True, True, [], "live"),
        ("written", "approved", True, False, ["for review"], "published"),
        ("written", "approved", True, False, ["rejected"], "blocked"),
        # What is being rewritten while the approved words stay live.
        ("written", "pending", True, True, [], "live"),
    ],
)
def test_how_an_asset_stands(
    asset: str, review: str | None, published: bool, live: bool, missing: list[str], stand: str
) -> None:
    assert stands(asset, review, published=published, live=live, missing=missing) == stand

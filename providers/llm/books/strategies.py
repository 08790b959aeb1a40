"""Offline drafts of strategies: plain sentences that follow from the figures alone. The figures stand beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.briefs import Brief
from domain.errors import Invalid
from domain.findings import Findings
from domain.strategies import WEEKDAYS
from providers.llm.facts import Wish

NOTE: Final = "Written offline: the sentences follow from the figures alone, and nothing but the figures was weighed."
LITTLE: Final = "There is little data, so take this as a place to begin and look again when there is more."


def funnel(brief: Brief, found: Findings) -> dict[str, Any]:  # noqa: ARG001 - others need it
    """The one that the figures speak for."""
    best = next(iter(found.choices))
    name = best.replace("_", " ")
    why = "It has the highest share of buyers that the data are sure of." if found.enough else LITTLE
    return {
        "funnel": best,
        "recommendation": f"Sell each book through a {name}. {why}",
        "assumptions": ["Visitors to come are like those who came before.", "Prices stay as the catalogue has them."],
        "next_steps": [
            f"Launch the brand: its funnels are then written as a {name}.",
            "Send visitors to one funnel alone until enough came to compare it with another.",
        ],
    }


def offer(brief: Brief, found: Findings) -> dict[str, Any]:
    """The likeliest of what the person does not have."""
    best = next(iter(found.choices))
    product = brief.marketing.product(best)
    name = product.name if product else best
    why = "Most of those who bought the same have it." if found.enough else LITTLE
    if any(character.isdigit() for character in name):
        name = "the product that stands first among the choices"  # Numbers are not the writer's to say.
    return {
        "product": best,
        "recommendation": f"Recommend {name} in the next mails to this person. {why}",
        "assumptions": ["The person has not bought it somewhere else."],
    }


def timing(brief: Brief, found: Findings) -> dict[str, Any]:  # noqa: ARG001 - others need it
    """The hour that was computed, in words."""
    day = WEEKDAYS[found.values["launch_weekday"]]
    why = "Mails sent at that hour are answered more often than others, beyond chance." if found.enough else LITTLE
    return {
        "recommendation": f"Send at the hour named below, by each recipient's own clock, and launch on a {day}. {why}",
        "assumptions": [
            "People keep the hours that they have kept until now.",
            "An answer follows from the hour, and not from what happened to be sent at it.",
        ],
    }


def ab_test(brief: Brief, found: Findings) -> dict[str, Any]:  # noqa: ARG001 - others need it
    """Whether to run it, and how it is decided."""
    run = (
        "Run the test with the sample named below, and decide once, when it is full."
        if found.enough
        else "Do not expect one sending to decide this: look for a larger difference, or repeat it until it has enough."
    )
    answered = "opens" if found.values["metric"] == "opened" else "clicks"
    return {
        "recommendation": run,
        "assumptions": ["Both subjects go to people who are alike: chance alone decides who gets which."],
        "success": [
            f"The second subject has a higher share of {answered}, and the difference is significant.",
            "Otherwise the first subject stays, as the control.",
        ],
    }


def roi(brief: Brief, found: Findings) -> dict[str, Any]:  # noqa: ARG001 - others need it
    """Whether it paid, as far as the interval tells."""
    values = found.values
    spend, low, high = values["spend"], values["revenue_low"], values["revenue_high"]
    if not values["leads"]:
        said = "Nobody came by this campaign yet: check that its links name it before spending more."
    elif low > spend:
        said = "It brought more than it cost, beyond chance: go on with it."
    elif high < spend:
        said = "It brought less than it cost, beyond chance: stop it, or change it."
    else:
        said = "Whether it pays cannot be told yet: wait for more orders before spending more."
    risks = ["Some of these people would have bought without the campaign.", "Orders may still be given back."]
    if not found.enough:
        risks.append("So few people came that the next ones may be different.")
    return {
        "recommendation": said,
        "assumptions": ["What was spent is all that the campaign cost."],
        "risks": risks,
    }


def _draft(write: Callable[[Brief, Findings], dict[str, Any]]) -> Callable[[Brief, Wish], dict[str, Any]]:
    def draft(brief: Brief, wish: Wish) -> dict[str, Any]:
        if brief.findings is None:
            raise Invalid("A strategy is made of figures, and there are none.", "source")
        ignored = " Instructions cannot be followed offline." if wish.text or wish.size else ""
        return {**write(brief, brief.findings), "note": f"{NOTE}{ignored}"}

    return draft


STRATEGY_DRAFTS: Mapping[str, Callable[[Brief, Wish], dict[str, Any]]] = MappingProxyType(
    {
        "strategy_funnel": _draft(funnel),
        "strategy_offer": _draft(offer),
        "strategy_timing": _draft(timing),
        "strategy_ab_test": _draft(ab_test),
        "strategy_roi": _draft(roi),
    }
)

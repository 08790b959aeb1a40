"""Temporal actions per delivered mail, as Temporal itself counts them."""

from __future__ import annotations

from bench.ground import Scale, ground
from bench.histories import histories
from bench.meters import ACTIVITY, START, TIMER
from bench.stories import Stories, Told, day_seconds, play
from bench.table import Row
from embedded.progress import Say

TITLE = "Temporal actions, and what histories hold"
ABOUT = (
    "The stories go through the real endpoints, signed, on a clock on which a day takes 0.6 s: leads post the contact "
    "form and get the seven mails of demo nurture; buyers pay on Days 0, 3 and 9, which is three mails and three "
    "receipts each, and two facts that join a running journey. Actions are the server's own counter (`action` on its "
    "Prometheus page, by `action_type`). Those of LeadIntake are taken from leads who are clients already, for whom "
    "nothing else runs, and are subtracted from those of the nurture story. The same number is counted a second time "
    "in the events of all histories. Sizes are the server's own (`history_size_bytes`)."
)
MOST_PER_MAIL = 2.0


async def measure(scale: Scale, say: Say) -> list[Row]:
    """Play the stories and count."""
    people = scale.of(10, least=2)
    async with ground(say, day_seconds=day_seconds(people)) as found:
        stories = await play(found, people)
        return [*rows(stories), *await histories(found, stories)]


def per_mail(stories: Stories) -> tuple[float, float]:
    """Starts, timers and activities for each delivered mail: demo nurture without LeadIntake, and purchases."""
    nurture = stories.nurture.planned - stories.intake.planned * stories.nurture.people / stories.intake.people
    return nurture / stories.nurture.mails, stories.purchases.planned / stories.purchases.mails


def rows(stories: Stories) -> list[Row]:
    """The figures that have targets, and what they are made of."""
    nurture, purchases = per_mail(stories)
    intake, facts = stories.intake, stories.purchases.facts
    other = intake.other | stories.nurture.other | stories.purchases.other
    return [
        Row("demo nurture: actions per mail", nurture, "", MOST_PER_MAIL, digits=3, note=_made_of(stories.nurture)),
        Row("purchases: actions per mail", purchases, "", MOST_PER_MAIL, digits=3, note=_made_of(stories.purchases)),
        Row(
            what="purchases: more for each outside fact that reached a journey",
            figure=stories.purchases.signals / facts,
            unit="",
            target=1.0,
            digits=3,
            note=f"{stories.purchases.signals} signals, {facts} facts",
        ),
        Row("LeadIntake: actions per lead", intake.planned / intake.people, "", note=_made_of(intake)),
        Row("actions of any other type", sum(other.values()), "", 0, digits=0, note=", ".join(other)),
    ]


def _made_of(told: Told) -> str:
    counted = told.actions
    made = f"{counted[START]} starts, {counted[TIMER]} timers, {counted[ACTIVITY]} activities"
    return f"{made}; {told.mails} mails" if told.mails else made

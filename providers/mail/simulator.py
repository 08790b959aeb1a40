"""What a local mailbox does with a message, told by the address, as SES's mailbox simulator does.

https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.errors import ProviderError

GREYLIST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Simulated:
    """`refusal` is raised instead of accepting; otherwise `event` is the type of event that follows."""

    refusal: ProviderError | None
    event: str


def simulated(to: str, *, attempt_seen_before: bool) -> Simulated:
    """What happens to a message to this address.

    Tags of `name+tag@…`: `greylisted` is refused the first time with `retry_after` an hour (in the clock
    that the caller counts in), `rejected` is refused for good, `bounce` is accepted and bounces, `complained`
    is delivered and complained about. Everything else is delivered.
    """
    tags = to.rpartition("@")[0].lower().split("+")[1:]
    if "rejected" in tags:
        return Simulated(ProviderError("rejected", "550 no such mailbox", permanent=True), "")
    if "greylisted" in tags and not attempt_seen_before:
        return Simulated(ProviderError("greylisted", "451 try again later", retry_after=GREYLIST_WAIT), "")
    if "bounce" in tags:
        return Simulated(None, "email_bounced")
    if "complained" in tags:
        return Simulated(None, "email_complained")
    return Simulated(None, "email_delivered")

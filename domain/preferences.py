"""What people want to hear about, and by which channel: one word for each thing that can be declined."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Channel = Literal["email", "in_app"]
CHANNELS: Final[Mapping[Channel, str]] = MappingProxyType({"email": "Mail", "in_app": "Messages inside the product"})
# The topic of what has none of its own: it is left with everything else only.
GENERAL: Final = "marketing"
# In a proof: every channel, or every topic.
EVERYWHERE: Final = "all"


class Topic(BaseModel):
    """Something that a person can hear about or not, as the preference page says it."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    title: str = Field(min_length=1, max_length=120)
    description: str = Field(default="", max_length=300)


def of_topic(key: str) -> str:
    """The word by which a topic is declined."""
    return f"topic:{key}"


def of_channel(channel: str) -> str:
    """The word by which a channel is declined."""
    return f"channel:{channel}"


def refusal(declined: Collection[str], topic: str, channel: Channel) -> str | None:
    """Why a marketing message of that topic does not go out by that channel, as a reason; None: it may."""
    if topic != GENERAL and of_topic(topic) in declined:
        return "topic_declined"
    if of_channel(channel) in declined:
        return "channel_declined"
    return None


def proof_of(word: str) -> tuple[str, str]:
    """Channel and topic of the proof of a choice: a topic on every channel, or a channel for every topic."""
    kind, _, name = word.partition(":")
    return (EVERYWHERE, name) if kind == "topic" else (name, EVERYWHERE)

"""The names by which processes find each other: queues, workflows, activities, signals, workflow ids."""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid5

MAIN_QUEUE = "perennial-main"
TRANSACTIONAL_QUEUE = "perennial-transactional"
MARKETING_QUEUE = "perennial-marketing"

SEND = "message.send"
LOOK = "journey.look"
EXIT_STEP = "journey.exit"
STEP = "journey.step"
PLAN = "journey.plan"
DISCOUNT = "discount.make"
WEBHOOK = "webhook.call"
CRM_STEP = "crm.step"
PLATFORM_STEP = "platform.step"
LIST_STEP = "platform.lists"
CRM_LEAD = "crm.lead"
PLATFORM_LEAD = "platform.lead"
LEAD_FINISH = "lead.finish"
PROFILE = "lead.profile"
RECOMMEND = "purchase.recommend"
CART_DISCOUNT = "cart.discount"
CART_RELEASE = "cart.release"
ORDER_RESOLVE = "order.resolve"
ASSET = "asset.write"
DRAFT = "content.draft"
SOURCE_READ = "source.read"
LAUNCH_PREPARE = "launch.prepare"
LAUNCH_LOOK = "launch.look"
NOTIFY = "review.notify"
TEAM_TELL = "team.tell"
EXPIRE = "review.expire"
REVISE = "review.revise"
PUBLISH = "content.publish"
IMPORT = "contacts.import"
CAMPAIGN = "campaign.work"
SEQUENCE_CHANGE = "sequence.change"
ENGAGEMENT = "engagement.sweep"
REHEARSE = "rehearsal.play"
ERASE_ENDED = "erasure.ended"
ERASE_CRM = "erasure.crm"
ERASE_PLATFORM = "erasure.platform"
ERASE_ROWS = "erasure.rows"

WEBINAR = "webinar.work"
CRM_WEBINAR = "crm.webinar"
PLATFORM_WEBINAR = "platform.webinar"
WEBINAR_NOTE = "webinar.note"

NOTICE = "notice"

MAX_SENDER_WORD = 500
# Ids of our own making hang under this one, so that the same fact gives the same id on every machine.
NAMESPACE = UUID("5d0f7c0e-6a53-4f5b-9a8e-2f6f0d0e6a11")


def derived(*parts: object) -> UUID:
    """The id that follows from `parts`, always the same for the same parts."""
    return uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))


def sender_word(value: object) -> str:
    """A sender's own id of a cart, an order or a booking as we keep it: a very long one by its digest.

    PostgreSQL's indexes hold 2,704 bytes a row at most.
    """
    text = str(value)
    return text if len(text) <= MAX_SENDER_WORD else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def queue_for(lane: str) -> str:
    """The task queue of a lane: transactional mail is never behind marketing mail."""
    return TRANSACTIONAL_QUEUE if lane == "transactional" else MARKETING_QUEUE

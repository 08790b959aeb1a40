"""The fixed words by which the system remembers why, as sentences for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NOT_ARRIVED: Final = "not_arrived"
SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # The person's own word, and the law.
        "unsubscribed": "The person unsubscribed from marketing mail.",
        "email_complained": "The person reported a mail as spam, which counts as unsubscribing.",
        "erased": "The person's data was erased on request.",
        "no_consent": "The person has not agreed to marketing mail, which this configuration requires.",
        "unconfirmed": "The person was asked to confirm their address, and has not done so.",
        "topic_declined": "The person chose not to hear about this topic.",
        "channel_declined": "The person chose not to be written to by this channel.",
        "suppressed:bounced": "Mail to this address came back for good, so nothing more is sent to it.",
        "suppressed:complained": "The person reported a mail as spam, so they get no more marketing mail.",
        "suppressed:manual": "Somebody of the team stopped marketing to this address.",
        "suppressed:sunset": "The person gave no sign of life for a long time, so they get no more marketing mail.",
        "no_address": "There is no email address for this person.",
        # The calendar.
        "late": "It came due too long ago to be sent now, for example because the system was down.",
        "quiet_hours": "It is night where the person lives, so it waits for the morning.",
        "send_window": "It waits for the hours in which this sequence writes to people.",
        "cap": "The person has had as many marketing mails as the cap allows for now, so it waits for its turn.",
        "hourly_limit": "As many marketing mails as one hour may have are out, so it waits for its turn.",
        "capped": "The cap left no room for it in time, so it was skipped.",
        "spread": "What fell due in a pause goes out one after the other.",
        "missed_in_pause": "It fell due while this was paused, and whoever resumed it had such mails skipped.",
        "newer_in_pause": "It fell due while this was paused, and the latest of such mails was sent instead.",
        "sequence_paused": "The sequence is paused.",
        "never_open": "Its send window and the quiet hours leave no moment at which it could go out.",
        "past": "Its time had passed before the person came in.",
        # What happened meanwhile.
        "asked_before": "The person has had this mail once already, from another sequence.",
        "step_removed": "The sequence was changed, and has this step no more.",
        "nothing_it_is_about": "It is about an order, a booking, a cart or a webinar, and begins with such a thing.",
        "no_anchor": "The moment that this sequence counts from is not known.",
        "forbidden_address": "The webhook's address lies inside our own network, where none is called.",
        "refunded": "Everything that it would have spoken of was refunded.",
        "hold_over": "The time for which the cart was held is over.",
        "released": "The held items were released because nobody paid in time.",
        "cart_paid": "The cart was paid.",
        "cart_emptied": "The person emptied the cart.",
        "cart_released": "The cart's hold ended without a payment.",
        "cart_None": "The cart is not known.",
        "booking_booked": "The demo is booked.",
        "booking_expected": "The demo was moved, and its new date is not known yet.",
        "booking_canceled": "The demo was canceled.",
        "booking_superseded": "The demo was moved to another time, which has its own confirmation.",
        "booking_no_show": "The person did not come to the demo.",
        "booking_held": "The demo took place.",
        "webinar_moved": "The webinar was moved; its new time has mails of its own.",
        "webinar_canceled": "The webinar was canceled.",
        "webinar_over": "The webinar is over.",
        "webinar_unknown": "The person is not registered for this webinar any more.",
        "registered_before": "The person was registered for this webinar already.",
        "demo_booked": "A demo is booked, so this waits until it took place or was canceled.",
        "demo_held": "The demo took place.",
        "demo_canceled": "The demo was canceled.",
        "demo_no_show": "The person did not come to the demo.",
        "demo_no_show_undone": "It was taken back that the person did not come to the demo.",
        "purchase_completed": "The person bought something.",
        "refund": "The person was given their money back.",
        "checkout_expired": "The checkout expired.",
        "subscription_lapsed": "The subscription ended.",
        "subscription_renewed": "The subscription goes on, or the person has another one.",
        "subscription_ending": "The subscription was set not to renew.",
        "subscription_renewing": "The subscription renews.",
        "invoice_paid": "The invoice was paid.",
        "sequence_changed": "Another version of the sequence was published, and it ended with that.",
        "not_in_time": "It did not happen in the time in which it was waited for.",
        "plan": "The sequence says that it ends here.",
        "not_needed": "It was not needed any more.",
        "no_bonus": "The configuration has no bonus to give any more.",
        "nothing_to_recommend": "The person has everything that there is to recommend.",
        # Entering a sequence.
        "already_in_it": "The person is in this sequence already.",
        "no_feed": "What stands at this address is neither RSS nor Atom.",
        "too_large": "The feed is larger than 5 MB.",
        "fired_before": "This rule fired for the person a short time ago, and rests.",
        "in_its_time": "The rule has a delay and is carried out when that has passed.",
        "at_once": "The rule was carried out at once.",
        "was_in_it_before": "The person was in this sequence before, and it takes nobody in twice.",
        "client_side": "The event came from a browser, which anybody can make up, so it starts nothing.",
        "restarted": "A new event started the sequence again from the beginning.",
        # What is chosen for a person.
        "personalization_off": "Profiles are turned off in the configuration, so everybody gets the same.",
        "model_away": "The model did not answer in time, so the person gets what everybody gets.",
        "model_unusable": "The model gave an answer that is not allowed. The person gets what everybody gets.",
        "model_refused": "The model cannot answer; check its settings. The person gets what everybody gets.",
        "no_rule": "No rule of the configuration is about such a profile, so the person gets what everybody gets.",
        "nothing_picked": "The model picked nothing, so the catalogue's own recommendations hold.",
        "sequence_not_live": "The sequence that was chosen is not live, so the person gets what everybody gets.",
        "overridden": "Somebody of the team chose another sequence for this person.",
        # Journeys ended from outside.
        "workflow terminated": "Somebody ended its workflow in Temporal.",
        "workflow canceled": "Somebody canceled its workflow in Temporal.",
        "workflow failed": "Its workflow failed.",
        "workflow timed_out": "Its workflow ran out of time.",
        "workflow completed": "Its workflow ended.",
        # What providers answered.
        "no_answer": "The provider's answer never came, so nobody can know whether it went out.",
        NOT_ARRIVED: "Nobody knew whether it went out, until somebody of the team said that it did not arrive.",
        "rejected": "The provider refused it.",
        "unauthorized": "The provider does not accept our key; check it in the settings.",
        "misconfigured": "The provider's settings are wrong.",
        "no_quota": "The account at the provider has used up what it may.",
        "rate_limited": "The provider wants fewer requests at once; it is tried again.",
        "unavailable": "The provider has an outage; it is tried again.",
        "unreachable": "The provider could not be reached; it is tried again.",
        "timeout": "The provider took too long; it is tried again.",
        "locked": "The provider was busy with this; it is tried again.",
        "too_early": "The provider wants to be asked later; it is tried again.",
        "greylisted": "The recipient's server asked us to try again later.",
        "deferred": "The recipient's server asked us to try again later.",
        "declined": "The writer declined to write this.",
        "in_progress": "The provider is still working on it.",
        "call_under_way": "The provider is being called.",
        "invalid_message": "The provider says that the message is not in order.",
        "malformed": "The provider's answer could not be understood.",
        "truncated": "The writer's answer broke off.",
        "refused": "The writer refused to write this.",
        "conflict": "The provider has another record in its place.",
        "not_found": "The provider does not know it.",
        "unsupported": "The provider cannot do this.",
        "internal": "Something went wrong on our side; it is in the log.",
    }
)

# How fields of conditions are called in a sentence.
_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contact.is_client": "the person being a client already",
        "contact.tags": "the person's tags",
        "contact.unconfirmed": "an address that is still to be confirmed",
        "contact.audience": "the person's audience",
        "contact.language": "the person's language",
        "contact.original_source": "the person's first source",
        "payload.form": "the form that was filled in",
        "order.kinds": "the kinds of products bought",
        "order.products": "the products bought",
        "order.total": "the order's total",
    }
)
_OPERATORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "is": "must be",
        "is not": "must not be",
        "in": "must be one of",
        "has": "must include",
        "above": "must be above",
        "below": "must be below",
        "exists": "must be known:",
    }
)
_CONDITION = re.compile(
    r"(?P<field>(?:payload|contact|order)(?:\.\w+)+) (?P<op>is not|is|in|has|above|below|exists) (?P<value>.*)",
    re.DOTALL,
)
# Which way a branch went, and by what.
_BRANCH = re.compile(r"(?P<way>then|else): (?P<asked>.+)", re.DOTALL)
_ROUTING = re.compile(r"routing failed: (\w+)")
_WORD = re.compile(r"[a-z][a-z0-9_.:]*")


def sentence(code: str | None) -> str:
    """The sentence of a stored reason; empty where there is none. What is a sentence already stays as it is."""
    if not code:
        return ""
    if code in SENTENCES:
        return SENTENCES[code]
    if found := _CONDITION.fullmatch(code):
        return _condition(found["field"], found["op"], found["value"])
    if found := _BRANCH.fullmatch(code):
        return f"It asks whether {found['asked']}: {'so it is' if found['way'] == 'then' else 'it is not so'}."
    if found := _ROUTING.fullmatch(code):
        return f"It could not be carried out ({found[1]}); it was tried several times."
    if code.startswith("by "):
        return f"Paused {code}."
    if _WORD.fullmatch(code):
        return f"This happened: {spoken(code)}."
    return code


def known(code: str) -> bool:
    """Whether there is a sentence of its own for this code."""
    return code in SENTENCES


def spoken(word: str) -> str:
    """A type's or a key's name as people say it: `purchase_completed` → `purchase completed`."""
    return re.sub(r"[_.:]+", " ", word).strip()


def _condition(field: str, op: str, value: str) -> str:
    """`contact.is_client is False` → what the sequence asks for, which was not so."""
    if field == "contact.is_client" and op == "is":
        return "The person is a client already." if value == "False" else "The person is not a client yet."
    named = _FIELDS.get(field) or f"“{spoken(field.partition('.')[2])}” of the {field.partition('.')[0]}"
    shown = value.strip("[]'\"").replace("'", "") if op in {"in", "has"} else spoken(value)
    return f"The sequence has a condition that is not met: {named} {_OPERATORS[op]} {shown}."

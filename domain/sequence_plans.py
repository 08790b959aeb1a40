"""How each kind of sequence runs for one product: the definition as people write it, with the days of the shipped one.

Each stands in for the shipped sequence of its kind, for the people whom this product or its magnet concerns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from domain.briefs import Brief
from domain.errors import Invalid
from domain.preferences import GENERAL

if TYPE_CHECKING:
    from domain.marketing import Marketing

_DIGITAL: Final = frozenset({"post_purchase"})
# What must be said of an asset of that kind, and what to say.
NEEDED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "welcome": ("magnet", "the slug of the magnet whose leads it welcomes"),
        "education": ("magnet", "the slug of the magnet whose leads it goes on with"),
        "launch": ("launch_date", "when the product comes out, such as 2027-03-02T09:00"),
        "webinar": ("webinar", "the code of the webinar that it follows, such as WB003"),
    }
)

PLANS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "welcome": """\
# For who came for {magnet} and confirmed the address. Both codes are the person's own and end after 48 hours.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
priority: 6
entry:
  event: welcome_due
  when:
    - {{field: payload.magnet, is: {magnet}}}
instead_of: welcome
reentry: ignore
again: false
goal: [purchase_completed]
steps:
  - {{email: {key}_delivery, at: 0d}}
  - {{email: {key}_story, at: 1d}}
  - {{discount: {{percent: 20, valid: 48h}}, at: 3d}}
  - {{email: {key}_readers, at: 3d}}
  - {{email: {key}_mistake, at: 5d}}
  - {{discount: {{percent: 20, valid: 48h}}, key: last_discount, at: 7d}}
  - {{email: {key}_offer, at: 7d}}
  # When the last code has ended.
  - {{event: welcome_finished, at: 9d}}
""",
        "education": """\
# One thought of the book a week for those who came for {magnet}, finished the welcome and bought nothing.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
priority: 4
entry:
  event: welcome_finished
  when:
    - {{field: payload.magnet, is: {magnet}}}
    - {{field: contact.purchases, is: 0}}
instead_of: education_nurture
reentry: ignore
again: false
goal: [purchase_completed]
steps:
  - {{email: {key}_1, at: 0d}}
  - {{email: {key}_2, at: 7d}}
  - {{email: {key}_3, at: 14d}}
  - {{email: {key}_4, at: 21d}}
  - {{email: {key}_5, at: 28d}}
  - {{email: {key}_6, at: 35d}}
""",
        "launch": """\
# Around the day on which the product comes out. The code ends half a day after the last mail.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
priority: 7
entry: {{manual: true}}
anchor: launch.date
launch_date: {launch_date}
reentry: ignore
goal: [purchase_completed]
steps:
  - {{email: {key}_early, at: -7d}}
  - {{email: {key}_preview, at: -3d}}
  - {{discount: {{percent: 15, valid: 4d12h}}, at: 0d}}
  - {{email: {key}_day, at: 0d}}
  - {{email: {key}_questions, at: 2d}}
  - {{email: {key}_last, at: 4d}}
""",
        "cart": """\
# A checkout with this product that was started and not completed. The stock is held for 72 hours, the code as long.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
workflow: CartRecovery
about: cart
entry:
  event: checkout_started
  when:
    - {{field: cart.products, has: {product}}}
instead_of: cart_recovery
reentry: parallel
hold: 72h
steps:
  - {{email: {key}_1h, at: 1h}}
  - {{email: {key}_24h, at: 24h, discount_percent: 10}}
  - {{email: {key}_48h, at: 48h, discount_percent: 10}}
""",
        "post_purchase": """\
# After this product was bought; day 0 is the receipt with its link. A review is asked for once a product, whoever asks.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
about: order
entry:
  event: digital_purchased
  when:
    - {{field: payload.product, is: {product}}}
instead_of: post_purchase
reentry: parallel
steps:
  - {{email: {key}_1, at: 1d}}
  - {{email: {key}_7, at: 7d, once: "review:{{payload.product}}"}}
  - {{email: {key}_14, at: 14d}}
""",
        "reengagement": """\
# For readers of this book who were most engaged and have gone quiet. Any sign of life ends it; without one, mail ends.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
entry:
  event: engagement_dropped
  when:
    - {reader}
instead_of: reengagement
reentry: ignore
exit: [engaged_again]
goal: [purchase_completed]
steps:
  - {{email: {key}_1, at: 0d}}
  - {{discount: {{percent: 25, valid: 7d}}, at: 4d}}
  - {{email: {key}_2, at: 4d}}
  - {{email: {key}_3, at: 10d}}
  # The week that the last mail speaks of.
  - {{event: contact_sunset, at: 17d}}
""",
        "upsell": """\
# Three weeks after this product was bought without another purchase. A further one begins the count anew, or another's.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
priority: 4
about: order
entry:
  event: purchase_completed
  when:
    - {{field: order.products, has: {product}}}
instead_of: upsell
reentry: restart
exit: [purchase_completed]
steps:
  - {{email: {key}_1, at: 21d}}
  - {{email: {key}_2, at: 24d}}
  - {{email: {key}_3, at: 28d}}
""",
        "webinar": """\
# Some hours after the end of {webinar}, by who came. Where nobody ever says, one mail that fits both.
sequence: {key}
name: {name}
topic: {topic}
product: {product}
about: webinar
entry:
  event: webinar_over
  when:
    - {{field: payload.webinar, is: {webinar}}}
instead_of: webinar_followup
reentry: parallel
steps:
  - branch:
      - {{field: payload.attendance, is: attended}}
    then:
      - {{email: {key}_attended}}
    else:
      - key: missed
        branch:
          - {{field: payload.attendance, is: missed}}
        then:
          - {{email: {key}_missed}}
        else:
          - {{email: {key}_unknown}}
""",
    }
)
NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "welcome": ("Welcome", "offers"),
        "education": ("Education", "learning"),
        "launch": ("Launch", "offers"),
        "cart": ("Cart recovery", "offers"),
        "post_purchase": ("Post-purchase", "learning"),
        "reengagement": ("Re-engagement", "learning"),
        "upsell": ("Upsell", "offers"),
        "webinar": ("Webinar follow-up", "webinars"),
    }
)


def document(kind: str, brief: Brief) -> str:
    """The definition of that kind for the brief's product, as YAML. Raises Invalid for a brief that says too little."""
    product = brief.product
    if product is None:
        raise Invalid("A sequence is about a product of the catalogue: name its key.", "product")
    if kind in _DIGITAL and product.kind != "digital":
        raise Invalid(f"{product.name} is no digital product, and what follows a purchase of it is another thing.")
    option, what = NEEDED.get(kind, ("", ""))
    if option and not brief.options.get(option):
        raise Invalid(f"Name {what}, as the option {option}.", option)
    told = {name: scalar(brief.options.get(name, "")) for name in ("magnet", "launch_date", "webinar")}
    title, topic = NAMES[kind]
    return (
        PLANS[kind]
        .format(
            key=key_of(kind, brief.slug),
            name=json.dumps(f"{title}: {product.name}"[:120], ensure_ascii=False),
            topic=topic_of(brief.marketing, topic),
            product=scalar(product.key),
            reader=_reader(brief),
            **told,
        )
        .strip()
    )


def key_of(kind: str, slug: str) -> str:
    """The name of an asset's sequence: `franklin-welcome` → `franklin_welcome`, always with its kind."""
    word = re.sub(r"[^a-z0-9]+", "_", slug.lower()).strip("_").removesuffix(f"_{kind}").replace("_sequence", "")
    return f"{word if word[:1].isalpha() else f'of_{word}'}"[:40] + f"_{kind}"


def _reader(brief: Brief) -> str:
    """Who the book's readers are: those who came for its magnet, else those who bought it."""
    magnet = brief.options.get("magnet")
    if magnet:
        return f"{{field: contact.magnet, is: {scalar(magnet)}}}"
    assert brief.product is not None
    return f'{{field: contact.tags, has: "product:{brief.product.key}"}}'


def topic_of(marketing: Marketing, topic: str) -> str:
    """The topic, where people can choose it."""
    return topic if marketing.has_topic(topic) else GENERAL


def scalar(text: str) -> str:
    """A value as YAML reads it back as text: plain where it can be."""
    return text if re.fullmatch(r"[a-z][a-z0-9-]*|WB\d+", text) and text not in _TAKEN else json.dumps(text)


# Words that YAML takes for something else.
_TAKEN: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})

"""Sequences before a purchase, from a book: the welcome, the launch, and the cart that was left."""

# ruff: noqa: E501, RUF001 - the words of mails, a paragraph a line, with quotation marks as mails print them
from __future__ import annotations

from domain.briefs import Brief
from providers.llm.books.mailing import CHAPTERS_SHOWN, TO_BOOK, Material, mail, when
from providers.llm.facts import Wish

Mails = list[dict[str, str]]
PRICE = "{{ book.price | money: book.currency }}"
INTRO = "{{ book.intro_price | money: book.currency }}"


def welcome(brief: Brief, wish: Wish) -> Mails:
    """Delivery, where the book comes from, what readers say, a warning, the offer."""
    book = Material.of(brief, wish, 8)
    return [_delivery(book), _story(book), _readers(book), _warned(book), _offer(book)]


def _delivery(book: Material) -> dict[str, str]:
    return mail(
        f"{{% if magnet.title %}}Your copy of {{{{ magnet.title }}}}{{% else %}}Welcome to {book.name}{{% endif %}}",
        "What to do with it this week, and what comes next.",
        "Thank you for confirming your address.",
        when(
            "magnet.url",
            "Here is **{{ magnet.title }}** once more, so that you find it when you need it.",
            "[Get your copy]({{ magnet.url }})",
        ),
        f"It comes from {book.name}. One sentence of the book, to begin with:",
        book.quoted(book.saying(0)),
        "Take it as a task and not as a motto: find one place in this week where it applies, and do only that.",
        "In the coming week I will write to you four more times. Short mails, one thought each. Reply to any of them and you reach a person.",
    )


def _story(book: Material) -> dict[str, str]:
    opening = f"> {book.opening}\n> — {book.author}, {book.name}" if book.opening else book.quoted(book.saying(6))
    return mail(
        f"An early page of {book.name}" if book.opening else f"Another thought from {book.name}",
        "A paragraph of it, and what the whole costs.",
        f"What you asked for was made from **{book.name}**. {book.product.description}".strip(),
        "You should know whose company you are in. This is an early page of it:" if book.opening else "",
        opening,
        when("book.intro_price", f"The book costs {PRICE}. For readers of these mails there is a page of its own where it costs {INTRO}.", "[Get the book]({{ book.intro_url }})"),
        "{% unless book.intro_price %}",
        f"The whole book costs {PRICE}.",
        TO_BOOK,
        "{% endunless %}",
        "And you? Reply with one sentence about what brought you here. It helps me to send you what is useful and leave out what is not.",
    )  # fmt: skip


def _readers(book: Material) -> dict[str, str]:
    quotes = [f"> “{one.text}”\n> — {one.by}{f', {one.role}' if one.role else ''}" for one in book.product.quotes]
    said = ["Before you spend money on a book, you should hear from those who read it. These are their words:", *quotes]
    asked = [
        "You have had a few days. Did you try the one thing, and did it help? Reply with a line, also where it did not.",
        "Meanwhile, another sentence of the book:",
        book.quoted(book.saying(1)),
    ]
    return mail(
        f"{{% if discount.code %}}{{{{ discount.percent }}}}% off {book.name}{{% else %}}Did it work?{{% endif %}}",
        "What readers say, and a code of your own." if quotes else "One question, and a code of your own.",
        *(said if quotes else asked),
        when("discount.code", "Should you like to read on: here are {{ discount.percent }}% off."),
        "[code]",
        TO_BOOK,
        "If it is not the right time, keep what you have. There is nothing you need to do.",
    )


def _warned(book: Material) -> dict[str, str]:
    warning = book.warning(2)
    kept = "Some sentences are worth keeping for what they tell you not to do. This one"
    return mail(
        f"What {book.author} says not to do" if warning else f"What {book.author} asks of a week",
        "One sentence, and a minute’s work.",
        f"{kept if warning else 'A sentence to hold the last week against. This one'} of {book.name}, for example:",
        book.quoted(warning or book.saying(2)),
        "A test that takes a minute: write down one thing of the last week that goes against it. One line is enough. Then decide what you do instead the next time, and write that beside it.",
        when("brand.community_url", "What did you write? Tell us in [the community]({{ brand.community_url }})."),
    )


def _offer(book: Material) -> dict[str, str]:
    about = f"- **What it is.** {book.name}. {book.product.description}".strip()
    return mail(
        "{% if discount.code %}{{ discount.percent }}% off until {{ discount.valid_until | day }}{% else %}The last mail of this welcome{% endif %}",
        "What it is, what it costs, and what happens if you do not like it.",
        "This is the last mail of this welcome, and the only one that is about buying and nothing else. So, plainly:",
        f"{about}\n- **What it costs.** {PRICE}{{% if discount.code %}}, and {{{{ discount.percent }}}}% less with the code below{{% endif %}}.",
        when("bonus.title", "**What comes with it.** {{ bonus.title }}, since you came for a checklist. You get it in a mail of its own, right after your order."),
        when("brand.guarantee_days", "**If it is not for you.** Write to us within {{ brand.guarantee_days }} days and you get your money back. There is no form, and you need no reason."),
        _chapters(book),
        "[code]",
        TO_BOOK,
        "Whatever you decide, thank you for reading so far.",
    )  # fmt: skip


def launch(brief: Brief, wish: Wish) -> Mails:
    """A week before, three days before, the day, two days after, four days after."""
    book = Material.of(brief, wish, 4)
    return [
        mail(
            f"In a week: {book.name}",
            "What it is, whom it is for, and when it comes.",
            f"On {{{{ launch.date | day }}}} we bring out **{book.name}**. {book.product.description}".strip(),
            f"It is made for: {book.product.audience}." if book.product.audience else "",
            "There is nothing to buy yet. But there is something you can do: reply with the question that it should answer for you. You get an answer before you have to decide.",
        ),
        mail(
            f"A look into {book.name}",
            "One sentence of it, three days before it comes out.",
            "Three days to go. Here is a sentence of it, so that you can make up your mind in peace:",
            book.quoted(book.saying(0)),
            _chapters(book),
            f"It will cost {PRICE}. Readers of this list get a code on the day, and four days to use it.",
        ),
        mail(
            f"{book.name} is here, from today",
            "What it costs, and your own code.",
            f"Today is the day: **{book.name}** is out. The price is {PRICE}"
            "{% if discount.code %}; with your code it is {{ discount.percent }}% less{% endif %}.",
            "[code]",
            TO_BOOK,
            "Tell us what you think of it once you have had a look. A reply to this mail reaches a person.",
        ),
        _questions(book),
        mail(
            "{% if discount.code %}Your code ends on {{ discount.valid_until | day }}{% else %}The last mail about this"
            "{% endif %}",
            f"After this one you hear no more of {book.name}.",
            f"This is the last mail about **{book.name}**. One more sentence of it:",
            book.quoted(book.saying(1)),
            when("discount.code", "If you meant to use your code and have not got round to it, this is the time."),
            "[code]",
            TO_BOOK,
            "If you have decided against it: thank you for having looked.",
        ),
    ]


def _questions(book: Material) -> dict[str, str]:
    fit = f"It is made for: {book.product.audience}. " if book.product.audience else ""
    return mail(
        "Three questions about it, answered",
        f"{book.name}: for whom, when, and what if not.",
        f"**{book.name}** has been out for two days. Three questions that you may have, in short:",
        f"- **Is it for me?** {fit}If you are in doubt, reply with a sentence about what you do, and you get a straight answer.\n- **Do I have time for it now?** You need not start today. It stays yours.",
        when("brand.guarantee_days", "**What if I do not like it?** Write to us within {{ brand.guarantee_days }} days and you get your money back."),
        "{% unless brand.guarantee_days %}",
        "**What if I have another question?** Reply to this mail. It reaches a person.",
        "{% endunless %}",
        "[code]",
        TO_BOOK,
    )  # fmt: skip


def cart(brief: Brief, wish: Wish) -> Mails:
    """After an hour, a day and two days, while what is in it is held."""
    book = Material.of(brief, wish, 6)
    return [
        mail(
            f"Your copy of {book.name} is still in your cart",
            "In case something came between.",
            f"You were about to buy **{book.name}** and did not finish. If the phone rang: everything is still there, and it takes a minute to go on.",
            "[cart]",
            "If something did not work, or you have a question about it, reply to this mail and I will look into it.",
        ),
        mail(
            "{% if discount.code %}{{ discount.percent }}% off what is in your cart{% else %}Still thinking it over?"
            "{% endif %}",
            f"And one sentence of {book.name}.",
            "Your cart is still there. This is a sentence of the book that is in it:",
            book.quoted(book.saying(2)),
            when("discount.code", "In case the price made you hesitate, here is {{ discount.percent }}% off."),
            "[code]",
            "[cart]",
            "If you have decided against it, that is fine too. There is nothing you need to do.",
        ),
        mail(
            "{% if discount.code and discount.hours_left > 0 %}{{ discount.hours_left }} {% if discount.hours_left == 1 %}"
            "hour{% else %}hours{% endif %} left on your {{ discount.percent }}%{% else %}The last word about your cart"
            "{% endif %}",
            "What is set aside for you goes back to the shelf soon.",
            f"This is the last mail about your cart and **{book.name}**.",
            when("discount.code", "Your code is still good{% if discount.hours_left > 0 %} for **{{ discount.hours_left }} {% if discount.hours_left == 1 %}hour{% else %}hours{% endif %}**{% endif %}. Then it ends, and what is set aside for you goes back to the shelf."),
            "[code]",
            "[cart]",
            "If now is not the time, do nothing. You will not hear about it again.",
        ),
    ]  # fmt: skip


def _chapters(book: Material) -> str:
    """Some of what stands in it, by its own titles."""
    shown = book.chapters[:CHAPTERS_SHOWN]
    if len(shown) < CHAPTERS_SHOWN:
        return ""
    return "Some of its chapters:\n\n" + "\n".join(f"- {title}" for title in shown)

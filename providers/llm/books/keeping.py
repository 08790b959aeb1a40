"""Sequences for people who read on, bought, went quiet or came to a webinar, from a book."""

# ruff: noqa: E501 - the words of mails, a paragraph a line
from __future__ import annotations

from domain.briefs import Brief
from providers.llm.books.mailing import TO_BOOK, Material, mail, when
from providers.llm.facts import Wish

Mails = list[dict[str, str]]
WEEKS = 6
# What stands before and after each week's sentence.
LESSONS = (
    (
        "This is the first of six weekly mails. Each has one sentence of {name} and one way to try it on the same day.",
        "Try it today: choose one thing on your list to which it applies, and write the sentence above it. That is all.",
    ),
    (
        "The second sentence is from {where}.",
        "Read it as if it were about your own week. Where does it hold, and where does it not? Both answers are useful; write down one of each.",
    ),
    (
        "Week three. This one is short to read and long to do.",
        "Pick a day before the next mail comes, put it into your calendar, and act by this sentence on that day only. Then look at what was different.",
    ),
    (
        "Halfway. {author} again, in {where}:",
        "Tell it to somebody you work with, in your own words. If you cannot, read it once more; if they disagree, you have learned something too.",
    ),
    (
        "The fifth sentence, for a quiet quarter of an hour.",
        "Write down when you last did the opposite, and what it cost. No need to show it to anybody.",
    ),
    (
        "This is the last of the six.",
        "Six sentences are a beginning. If one of them helped, keep that one, and leave the others alone for now.",
    ),
)


def education(brief: Brief, wish: Wish) -> Mails:
    """One sentence a week, each with something to do."""
    book = Material.of(brief, wish, 12)
    # Not those that the welcome began with, where the book has enough.
    some = [book.saying(number) for number in range(3, 3 + WEEKS)]
    made = []
    for week, (one, line) in enumerate(zip(some, book.headlines(some), strict=True)):
        before, after = (text.format(name=book.name, where=one.where, author=book.author) for text in LESSONS[week])
        last = [f"The rest stands in **{book.name}**.", TO_BOOK] if week == WEEKS - 1 else []
        preheader = f"Week {week + 1} of {WEEKS}, from {one.where}."
        made.append(mail(line, preheader, before, book.quoted(one), after, *last))
    return made


def post_purchase(brief: Brief, wish: Wish) -> Mails:
    """A quick win, a review once, what to read next."""
    book = Material.of(brief, wish, 8)
    win = list(book.product.quick_win) or [
        book.quoted(book.saying(0)),
        f"Read it twice, and write down in one line where it would have changed something last week. You find the rest of it in {book.saying(0).where}.",
    ]
    return [
        mail(
            f"Where to begin with {book.name}",
            "One thing that you can do today, in a quarter of an hour.",
            f"Since yesterday you have **{book.name}**. You need not read it from the front. Begin with one thing that you can use today:",
            *win,
            "If you get stuck, reply to this mail. I answer.",
        ),
        mail(
            f"What do you think of {book.name}?",
            "Two sentences from you help the next reader to decide.",
            f"A week ago you bought **{book.name}**. Two sentences from you would help the next reader: what you use it for, and for whom it is not.",
            when("product.review_url", "[Write two sentences]({{ product.review_url }})"),
            "{% unless product.review_url %}",
            "Simply reply to this mail. If we may quote you, say so, and under which name.",
            "{% endunless %}",
            when("product.bonus.title", "And whether you write or not, this is yours: {{ product.bonus.title }}, a bonus for buyers.", "{% if product.bonus.url %}", "[Get it]({{ product.bonus.url }})", "{% endif %}"),
            "I will not ask a second time.",
        ),
        mail(
            f"Two weeks with {book.name}",
            "A sentence to come back to, and what goes with it.",
            "Two weeks are a good distance from which to read a sentence again. This one, for example:",
            book.quoted(book.saying(4)),
            when("recommendations.size > 0", "If the book was worth your time, this is what goes with it. What you have already is left out."),
            "[recommendations]",
            when("any_book.price", "As a buyer you pay **{{ any_book.price | money: any_book.currency }}** for any other book, on a page of its own.", "[Choose a book]({{ any_book.url }})"),
            "Something that you miss? Reply and tell me.",
        ),
    ]  # fmt: skip


def reengagement(brief: Brief, wish: Wish) -> Mails:
    """A question, an offer, a goodbye."""
    book = Material.of(brief, wish, 8)
    return [
        mail(
            "Shall I go on writing to you?",
            "One click keeps it as it is. Doing nothing ends it.",
            "It has been a while since you opened a mail of ours or came by. That may be our fault, or you may simply have other things to do. Both are fine.",
            f"To judge by, one sentence of {book.name}:",
            book.quoted(book.saying(5)),
            *_stay("If you would like to stay", "Yes, I am still interested"),
            "If you do nothing, I will write twice more in the next days and then stop by myself.",
        ),
        mail(
            "{% if discount.code %}{{ discount.percent }}% off, if you would like to come back{% else %}What would be useful to you now?{% endif %}",
            "One line from you, and I know what to send.",
            "What you need may have changed. What would be of use to you today? Reply with one line, and I will tell you whether we have it.",
            when("discount.code", f"And should you have had {book.name} in mind for a while: here are {{{{ discount.percent }}}}% off, for anything that we sell."),
            "[code]",
            TO_BOOK,
        ),
        mail(
            "I will stop here",
            "The last mail, unless you would like to stay.",
            "This is the last mail that you get from me. In a week I take you off the list; you need not do anything, and there are no hard feelings.",
            *_stay("If that is a mistake", "Keep me on the list"),
            when("discount.code", "Your code **{{ discount.code }}**, {{ discount.percent }}% off, works until {{ discount.valid_until | when }}."),
            "Thank you for the time that you were here.",
        ),
    ]  # fmt: skip


def _stay(why: str, label: str) -> list[str]:
    """A link where there is a page to come to, else a reply."""
    return [
        when(
            "brand.url",
            f"{why}, follow this link, and everything goes on as before:",
            f"[{label}]({{{{ brand.url }}}})",
        ),
        "{% unless brand.url %}",
        f"{why}, reply with a yes, and everything goes on as before.",
        "{% endunless %}",
    ]


def upsell(brief: Brief, wish: Wish) -> Mails:
    """What goes with it: a list, a way to choose, a list for later."""
    book = Material.of(brief, wish, 8)
    return [
        mail(
            f"Three weeks with {book.name}",
            "A question, a sentence, and what goes with it.",
            f"It is three weeks since you bought **{book.name}**. By now you know whether it was worth it. If it was not, reply and tell me; I would rather hear it than guess.",
            "If it was, this may be a sentence to go back to:",
            book.quoted(book.saying(1)),
            when("recommendations.size > 0", "And this is what goes with the book:"),
            "[recommendations]",
        ),
        mail(
            "How to choose what to read next",
            "A question that you can answer in a minute.",
            "A fair way to decide: write down what you would do differently a month from now if you had read it. If nothing comes to mind, you do not need it yet.",
            f"And a sentence of {book.name} to keep beside it:",
            book.quoted(book.saying(2)),
            "[recommendations]",
        ),
        mail(
            f"The last word on {book.name}",
            "Your list for later, and then I leave you in peace with it.",
            "This is the last mail of this kind about your order.",
            when("recommendations.size > 0", "For later, when you have the time:"),
            "[recommendations]",
            when(
                "brand.guarantee_days",
                "Whatever you take, you can give it back within {{ brand.guarantee_days }} days.",
            ),
            "And if you only need what you already have, use it well. That is what it is for.",
        ),
    ]


def webinar(brief: Brief, wish: Wish) -> Mails:
    """For those who came, those who did not, and where nobody knows."""
    book = Material.of(brief, wish, 6)
    title = '**{{ webinar.title | default: "the webinar" }}**'
    survey = when("webinar.survey_url", "[Answer two questions]({{ webinar.survey_url }})")
    more = [f"The whole of it stands in **{book.name}**.", TO_BOOK]
    return [
        mail(
            'Thank you for coming to {{ webinar.title | default: "the webinar" }}',
            "One sentence to keep, and what comes next.",
            f"Thank you for your time at {title}. If you keep one sentence of {book.author}, let it be this one:",
            book.quoted(book.saying(0)),
            *more,
            when("webinar.survey_url", "Was it worth it? Two questions tell us what to do better."),
            survey,
        ),
        mail(
            'We missed you at {{ webinar.title | default: "the webinar" }}',
            "It happens. Here is something of it.",
            f"You had a place at {title}, and something else came up. It happens to everybody.",
            f"One sentence of {book.author}, so that you do not leave with nothing:",
            book.quoted(book.saying(0)),
            "Reply to this mail with the question that made you register, and you get an answer.",
            *more,
        ),
        mail(
            'After {{ webinar.title | default: "the webinar" }}',
            "Whether you were there or not, this is for you.",
            f"You registered for {title}. If you were there: thank you for your time. If you were not: reply with the question that made you register, and you get an answer.",
            f"Either way, one sentence of {book.author}:",
            book.quoted(book.saying(0)),
            *more,
            survey,
        ),
    ]

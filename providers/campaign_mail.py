"""A campaign's words: compiled once a run, and filled in for each person at the cost of a few replacements."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.content import CampaignWords
from domain.errors import Invalid
from domain.marketing import Marketing
from providers.links import unsubscribe_token, unsubscribe_url
from providers.rendering import EmailSources, Frame, Rendered, TemplateError, load_frame
from providers.rendering.campaign import Tagging
from providers.rendering.slots import Slotted, slotted
from providers.rendering.source import SourceFile
from store.campaigns import CampaignRun
from store.mail_words import Fields, Shared, Words, put

PERSON = ("first_name", "email", "company")
MARK_CHARS = 20
REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class _Template:
    """One subject's mail of one run. `words` is what all share, if they share any; `link` marks the person's link."""

    mail: Slotted
    link: str
    words: Shared | None


class CampaignComposer:
    """Compiles each run's words once and fills them in per person; the same digests in every process."""

    def __init__(self, folder: Path, marketing: Marketing, public_url: str, secret: str) -> None:
        self._folder, self._marketing = folder, marketing
        self._public_url, self._secret = public_url, secret
        sold_at = [product.url for product in marketing.catalogue]
        self._links = Tagging.of([marketing.brand.url, marketing.brand.demo_url, *sold_at], ours=[public_url])
        self._brand = marketing.brand.model_dump(mode="json")
        self._frame: Frame | None = None
        self._known: dict[tuple[UUID, str], _Template] = {}

    def check(self, words: CampaignWords) -> None:
        """Raises Invalid where they cannot be a mail; takes some milliseconds."""
        for subject in filter(None, (words.subject, words.subject_b)):
            self.preview(words.model_copy(update={"subject": subject}))

    def preview(self, words: CampaignWords, person: Mapping[str, Any] | None = None) -> Rendered:
        """The mail as somebody would get it, with a link to nowhere. Raises Invalid."""
        try:
            mail = slotted(sources(words, "a"), self._around(), "preview")
            given = dict.fromkeys(PERSON, "") | (dict(person) if person else {"first_name": "Ada"})
            return _filled(mail.render(self._context("#", given)), {} if mail.whole else mail.values(given))
        except TemplateError as error:
            raise Invalid(str(error), "words") from error

    def fill(
        self, campaign: str, run: CampaignRun, person: Mapping[str, Any], message_id: UUID, variant: str
    ) -> tuple[Shared, Fields]:
        """One person's mail: what it shares, and what is its own. Raises Invalid."""
        try:
            template = self._template(campaign, run, variant)
            token = unsubscribe_token(self._secret, person["id"], message_id)
            given = {name: person[name] or "" for name in PERSON}
            if template.words is not None:
                return template.words, {template.link: (token, token), **template.mail.values(given)}
            url = unsubscribe_url(self._public_url, token)
            return self._words(template.mail.render(self._context(url, given)), url, campaign, variant), {}
        except TemplateError as error:
            raise Invalid(str(error), "words") from error

    def _template(self, campaign: str, run: CampaignRun, variant: str) -> _Template:
        known = self._known.get((run.id, variant))
        if known is None:
            known = self._compiled(campaign, run, variant)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[run.id, variant] = known
        return known

    def _compiled(self, campaign: str, run: CampaignRun, variant: str) -> _Template:
        """Marks follow from the run and our secret, so that no template and no person's name can hold one."""
        seed = hmac.new(self._secret.encode(), f"marks:{run.id}".encode(), "sha256").hexdigest()[:MARK_CHARS]
        mail = slotted(sources(run.content, variant), self._around(), seed)
        link = f"q{seed}linkq"
        if mail.whole:
            return _Template(mail, link, None)
        url = unsubscribe_url(self._public_url, link)
        return _Template(mail, link, self._words(mail.render(self._context(url, {})), url, campaign, variant))

    def _words(self, rendered: Rendered, url: str, campaign: str, variant: str) -> Shared:
        """Marketing mail says how to leave, in its text and in its head (RFC 2369, RFC 8058)."""
        utm = {"utm_source": "perennial", "utm_medium": "email", "utm_campaign": campaign, "utm_content": variant}
        words = Words(
            sender=self._marketing.brand.marketing_from,
            reply_to=self._marketing.brand.reply_to,
            subject=rendered.subject,
            text=self._links.text(rendered.text, utm),
            html=self._links.html(rendered.html, utm),
            headers={"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        )
        return Shared.of(words)

    def _context(self, url: str, person: Mapping[str, Any]) -> dict[str, Any]:
        ways = {"unsubscribe_url": url, "preferences_url": f"{url}/preferences"}
        return {"brand": self._brand, "contact": dict(person), **ways}

    def _around(self) -> Frame:
        self._frame = self._frame or load_frame(self._folder / "_frame.mjml")
        return self._frame


def _filled(mail: Rendered, fields: Fields) -> Rendered:
    """A mail with somebody's own words in the place of each mark."""
    return replace(
        mail,
        subject=put(mail.subject, fields),
        preheader=put(mail.preheader, fields),
        html=put(mail.html, fields, escaped=True),
        text=put(mail.text, fields),
    )


def sources(words: CampaignWords, variant: str) -> EmailSources:
    """A campaign's words as the templates of a mail. The second variant has the second subject."""
    subject = words.subject_b if variant == "b" and words.subject_b else words.subject
    return EmailSources(
        name="campaign",
        subject=SourceFile("subject", subject),
        preheader=SourceFile("preheader", words.preheader or " "),
        body=SourceFile("body", words.body),
        why=SourceFile("why", words.why) if words.why else None,
    )

"""A message's words: template, frame, headers, attachments."""

from __future__ import annotations

import base64
from pathlib import Path

from domain.marketing import Marketing
from domain.sequences import Step
from providers.calendar import invitation
from providers.links import unsubscribe_token, unsubscribe_url
from providers.rendering.emails import CompiledEmail, Frame, compile_email, load_frame
from store.context import Context
from store.ledger import Composed
from store.messages import Message


class Composer:
    """Compiles each e-mail once and fills it in per person.

    Marketing mail carries List-Unsubscribe and List-Unsubscribe-Post (RFC 2369, RFC 8058); transactional
    mail has nothing to unsubscribe from.
    """

    def __init__(self, folder: Path, marketing: Marketing, public_url: str, secret: str) -> None:
        self._folder, self._marketing = folder, marketing
        self._public_url, self._secret = public_url, secret
        self._frame: Frame | None = None
        self._compiled: dict[str, CompiledEmail] = {}

    def email(self, name: str) -> CompiledEmail:
        """The compiled e-mail of that name. Raises TemplateError."""
        if name not in self._compiled:
            self._frame = self._frame or load_frame(self._folder / "_frame.mjml")
            self._compiled[name] = compile_email(self._folder / name, self._frame)
        return self._compiled[name]

    def compose(self, message: Message, step: Step, context: Context) -> Composed:
        """The exact words for one person, ready to be frozen."""
        brand = self._marketing.brand
        marketing = message.lane == "marketing"
        url = unsubscribe_url(self._public_url, unsubscribe_token(self._secret, message.contact_id, message.id))
        given = {**context, "unsubscribe_url": url, "preferences_url": url} if marketing else context
        rendered = self.email(step.template or step.key).render(given)
        headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        return Composed(
            sender=brand.marketing_from if marketing else brand.transactional_from,
            reply_to=brand.reply_to,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            headers=headers if marketing else {},
            attachments=self._attachments(message, step, context),
        )

    def _attachments(self, message: Message, step: Step, context: Context) -> list[dict[str, str]]:
        booking = context.get("booking")
        if not step.calendar or not booking or booking["starts"] is None:
            return []
        content = invitation(
            uid=booking["uid"],
            title=booking["event_name"] or "Demo",
            starts_at=booking["starts"],
            ends_at=booking["ends"],
            organizer=self._marketing.brand.reply_to,
            url=booking["join_url"],
            made_at=message.created_at,
        )
        encoded = base64.b64encode(content).decode()
        return [{"filename": "invite.ics", "content_type": "text/calendar; method=PUBLISH", "content": encoded}]

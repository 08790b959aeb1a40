"""A message's words: template, frame, headers, attachments."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.marketing import Marketing
from domain.sequences import Step
from providers.calendar import Appointment, invitation
from providers.delivery_links import DeliveryLink, delivery_token, delivery_url
from providers.links import confirm_url, preferences_url, unsubscribe_token, unsubscribe_url
from providers.magnet_links import MagnetLink, magnet_token, magnet_url
from providers.rendering.campaign import Tagging
from providers.rendering.emails import CompiledEmail, Frame, compile_email, load_frame
from providers.rendering.written import compile_written
from store.context import Context
from store.ledger import Composed
from store.messages import Message
from store.written_mails import WrittenMails


class Composer:
    """Compiles each e-mail once and fills it in per person.

    Marketing mail carries List-Unsubscribe and List-Unsubscribe-Post (RFC 2369, RFC 8058); transactional
    mail has nothing to unsubscribe from. The links of marketing mail to the brand's own pages, shop and calendar
    carry the sequence and the step as campaign parameters.
    """

    def __init__(self, folder: Path, marketing: Marketing, public_url: str, secret: str) -> None:
        self._folder, self._marketing = folder, marketing
        self._public_url, self._secret = public_url, secret
        sold_at = [product.url for product in marketing.catalogue]
        self._links = Tagging.of([marketing.brand.url, marketing.brand.demo_url, *sold_at], ours=[public_url])
        self._frame: Frame | None = None
        self._compiled: dict[str, CompiledEmail] = {}
        self._written, self._digests = WrittenMails(), dict[str, str]()
        self._words: dict[str, frozenset[str]] = {}

    async def prepare(self, tx: AsyncSession, name: str) -> None:
        """Have the e-mail of that name at hand: the folder's, else the one that was approved with its sequence."""
        if (name in self._compiled and name not in self._digests) or (self._folder / name).is_dir():
            return
        mail = await self._written.of(tx, name)
        if mail is not None and self._digests.get(name) != mail.digest:
            self._compiled[name] = compile_written(name, mail.words, mail.why, self._shared())
            self._digests[name] = mail.digest
            self._words.pop(name, None)

    def _shared(self) -> Frame:
        self._frame = self._frame or load_frame(self._folder / "_frame.mjml")
        return self._frame

    def email(self, name: str) -> CompiledEmail:
        """The compiled e-mail of that name. Raises TemplateError."""
        if name not in self._compiled:
            self._compiled[name] = compile_email(self._folder / name, self._shared())
        return self._compiled[name]

    def words(self, name: str) -> frozenset[str]:
        """What the e-mail of that name speaks of, so that nothing else is looked up for it. Raises TemplateError."""
        if name not in self._words:
            self._words[name] = self.email(name).words()
        return self._words[name]

    def compose(self, message: Message, step: Step, context: Context) -> Composed:
        """The exact words for one person, ready to be frozen."""
        brand = self._marketing.brand
        marketing = message.lane == "marketing"
        token = unsubscribe_token(self._secret, message.contact_id, message.id)
        given = {**context, **self._ways_out(token)} if marketing else dict(context)
        if "confirm_url" in self.words(step.template or step.key):
            given["confirm_url"] = confirm_url(self._public_url, self._secret, message.contact_id, message.id)
        if "magnet" in given:
            given = {**given, "magnet": self._with_link(message, given["magnet"])}
        if "delivery" in given:
            given = {**given, "delivery": self._with_delivery(given["delivery"])}
        if "offer" in given:
            given = {**given, "offer": self._with_page(given["offer"])}
        rendered = self.email(step.template or step.key).render(given)
        utm = {
            "utm_source": "perennial",
            "utm_medium": "email",
            "utm_campaign": message.sequence,
            "utm_content": message.step,
        }
        url = unsubscribe_url(self._public_url, token)
        headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        return Composed(
            sender=brand.marketing_from if marketing else brand.transactional_from,
            reply_to=brand.reply_to,
            subject=rendered.subject,
            text=self._links.text(rendered.text, utm) if marketing else rendered.text,
            html=self._links.html(rendered.html, utm) if marketing else rendered.html,
            headers=headers if marketing else {},
            attachments=self._attachments(message, step, context),
        )

    def _ways_out(self, token: str) -> dict[str, str]:
        leave, choose = unsubscribe_url(self._public_url, token), preferences_url(self._public_url, token)
        return {"unsubscribe_url": leave, "preferences_url": choose}

    def _with_link(self, message: Message, magnet: Context) -> Context:
        """The magnet with the address at which this person gets it."""
        token = magnet_token(self._secret, MagnetLink(message.contact_id, magnet["key"], magnet["ends"]))
        return {**magnet, "url": magnet_url(self._public_url, token)}

    def _with_page(self, offer: Context) -> Context:
        """A promotion with its page, which tells the deadline in the same zone as the mail."""
        return {**offer, "url": f"{self._public_url}/o/{offer['slug']}?{urlencode({'zone': offer['zone']})}"}

    def _with_delivery(self, delivery: Context) -> Context:
        """What was bought with the address at which it is downloaded."""
        token = delivery_token(self._secret, DeliveryLink(UUID(hex=delivery["order"]), delivery["ends"]))
        return {**delivery, "url": delivery_url(self._public_url, token)}

    def _attachments(self, message: Message, step: Step, context: Context) -> list[dict[str, str]]:
        booking, calendar = context.get("booking"), context.get("calendar")
        if booking:
            calendar = {**booking, "title": booking["event_name"] or "Demo", "url": booking["join_url"]}
        if not step.calendar or not calendar or calendar["starts"] is None:
            return []
        appointment = Appointment(
            uid=calendar["uid"],
            title=calendar["title"],
            starts_at=calendar["starts"],
            ends_at=calendar["ends"],
            organizer=self._marketing.brand.reply_to,
            url=calendar["url"],
            made_at=message.created_at,
            sequence=calendar.get("sequence", 0),
            attendee=calendar.get("attendee"),
            canceled=calendar.get("canceled", False),
        )
        content = base64.b64encode(invitation(appointment)).decode()
        kind = f"text/calendar; method={appointment.method}"
        return [{"filename": "invite.ics", "content_type": kind, "content": content}]

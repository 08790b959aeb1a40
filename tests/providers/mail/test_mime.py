"""What is assembled by hand reads back, through the standard library's parser, as what was given."""

from __future__ import annotations

from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ProviderError
from providers.mail.mime import to_bytes
from providers.protocols import Attachment, Mail

DATE = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
HTML = "<html><body>" + "<p>Grüße, this is a paragraph of an ordinary mail.</p>" * 160 + "</body></html>"
printable = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=300)


def mail(
    *,
    key: str = "k-1",
    subject: str = "Hello",
    sender: str = "Perennial <hello@brand.test>",
    to: str = "ann@example.org",
    text: str = "Hi",
    html: str = "<p>Hi</p>",
    headers: dict[str, str] | None = None,
    attachments: tuple[Attachment, ...] = (),
) -> Mail:
    return Mail(
        key=key,
        sender=sender,
        to=to,
        subject=subject,
        text=text,
        html=html,
        lane="marketing",
        reply_to="Jo <jo@brand.test>",
        headers=headers or {},
        attachments=attachments,
    )


def parsed(made: Mail) -> EmailMessage:
    raw = to_bytes(made, date=DATE)
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)
    assert not message.defects
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_a_mail_reads_back_as_it_was_given() -> None:
    message = parsed(mail(html=HTML, headers={"List-Unsubscribe": "<https://brand.test/u/1>"}))
    assert message["From"] == "Perennial <hello@brand.test>"
    assert message["To"] == "ann@example.org"
    assert message["Reply-To"] == "Jo <jo@brand.test>"
    assert message["Subject"] == "Hello"
    assert message["Message-ID"] == "<k-1@brand.test>"
    assert message["Date"].datetime == DATE
    assert message["List-Unsubscribe"] == "<https://brand.test/u/1>"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert content(message, "plain").strip() == "Hi"
    assert content(message, "html") == HTML


def test_an_attachment_stands_beside_the_alternatives() -> None:
    calendar = b"BEGIN:VCALENDAR\r\nSUMMARY:Demo \xe2\x98\x95\r\nEND:VCALENDAR\r\n"
    files = (Attachment("invite.ics", "text/calendar; method=REQUEST", calendar), Attachment("ü.bin", "a/b", b"\0"))
    message = parsed(mail(attachments=files))
    assert message.get_content_type() == "multipart/mixed"
    assert content(message, "html").strip() == "<p>Hi</p>"
    first, second = message.iter_attachments()
    assert (first.get_filename(), first.get_content_type()) == ("invite.ics", "text/calendar")
    assert first["Content-Type"].params["method"] == "REQUEST"
    assert first["Content-Type"].params["charset"] == "utf-8"
    assert first.get_payload(decode=True) == calendar
    assert (second.get_filename(), second.get_payload(decode=True)) == ("ü.bin", b"\0")


@settings(deadline=None)
@given(subject=printable)
def test_any_subject_arrives(subject: str) -> None:
    # Readers may fold runs of white space and drop it at the ends; nothing else may change.
    assert " ".join(str(parsed(mail(subject=subject))["Subject"]).split()) == " ".join(subject.split())


@settings(deadline=None)
@given(name=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60))
def test_any_sender_name_arrives_and_the_address_stays_the_same(name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    [sender] = parsed(mail(sender=f'"{quoted}" <hello@brand.test>'))["From"].addresses
    assert sender.addr_spec == "hello@brand.test"
    assert " ".join(sender.display_name.split()) == " ".join(name.split())


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_any_text_arrives(text: str) -> None:
    got = content(parsed(mail(text=text, html=text or "x")), "plain")
    assert got.splitlines() == text.splitlines() or got.strip() == text.strip()


def test_a_text_that_looks_like_a_boundary_ends_nothing() -> None:
    plain = to_bytes(mail(), date=DATE).split(b'boundary="')[1].split(b'"')[0].decode()
    text = f"before\n--{plain}\nafter\n--{plain}--\n"
    assert "after" in content(parsed(mail(text=text)), "plain")


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\x0b", "\u2028", "\x85"])
@pytest.mark.parametrize("place", ["subject", "sender", "to", "header"])
def test_no_value_carries_another_header_in(place: str, end: str) -> None:
    evil = f"x{end}Bcc: everybody@example.org"
    made = {
        "subject": mail(subject=evil),
        "sender": mail(sender=f'"{evil}" <a@b.test>'),
        "to": mail(to=f"{evil} <a@b.test>"),
        "header": mail(headers={"X-Note": evil}),
    }[place]
    with pytest.raises(ProviderError) as caught:
        to_bytes(made, date=DATE)
    assert (caught.value.code, caught.value.permanent) == ("invalid_message", True)


@pytest.mark.parametrize("name", ["Bcc", "to", "Content-Type", "X Y", "X:Y", "", "Subject"])
def test_a_header_that_is_ours_or_none_is_refused(name: str) -> None:
    with pytest.raises(ProviderError, match="cannot be given"):
        to_bytes(mail(headers={name: "x"}), date=DATE)


@pytest.mark.parametrize("to", ["", "nobody", "a@b.test, c@d.test", "ä@b.test", "a b@c.test", "@b.test"])
def test_what_is_no_address_is_refused(to: str) -> None:
    with pytest.raises(ProviderError, match="cannot be used"):
        to_bytes(mail(to=to), date=DATE)


def test_a_domain_in_another_script_is_written_as_the_dns_has_it() -> None:
    assert parsed(mail(to="ann@bücher.example"))["To"] == "ann@xn--bcher-kva.example"


def test_a_link_longer_than_a_line_stays_whole() -> None:
    link = f"<https://brand.test/u/{'a' * 300}>"
    assert parsed(mail(headers={"List-Unsubscribe": link}))["List-Unsubscribe"] == link


def test_a_line_longer_than_smtp_carries_arrives_whole() -> None:
    assert content(parsed(mail(text="x" * 5000)), "plain").strip() == "x" * 5000


def test_what_only_looks_encoded_is_not_decoded() -> None:
    assert parsed(mail(subject="=?utf-8?q?Free?="))["Subject"] == "=?utf-8?q?Free?="


@pytest.mark.parametrize("kind", ["text/html\r\nX: y", "nothing", 'a/b; c="d'])
def test_a_content_type_that_is_none_is_refused(kind: str) -> None:
    with pytest.raises(ProviderError, match="content type"):
        to_bytes(mail(attachments=(Attachment("a", kind, b""),)), date=DATE)


@pytest.mark.parametrize("name", ['a".ics', "a\r\nb", "../../etc/passwd", ""])
def test_a_file_name_that_leaves_its_place_is_refused(name: str) -> None:
    with pytest.raises(ProviderError, match="file name"):
        to_bytes(mail(attachments=(Attachment(name, "a/b", b""),)), date=DATE)

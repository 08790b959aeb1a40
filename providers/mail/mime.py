"""A `Mail` as the bytes of an RFC 5322 message, assembled directly.

One stdlib `EmailMessage` per recipient takes some 3 ms, several times what sending it takes; this takes a
tenth of a millisecond. What is hard (encoded words, addresses) is still the standard library's, and
remembered where it repeats.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, getaddresses, parseaddr
from functools import lru_cache
from urllib.parse import quote

from domain.errors import ProviderError
from providers.protocols import Attachment, Mail

CRLF = b"\r\n"
LINE = 76
# RFC 5322, 2.1.1: no line may be longer, without its CRLF.
LONGEST_LINE = 998

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029]")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:\s*;\s*[A-Za-z0-9_-]+=[A-Za-z0-9_.:-]+)*")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_SIMPLE_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_ATTACHMENT_NAME = re.compile(r'[^\x00-\x1f\x7f"\\/]+')
# Written by this module alone; a second one from outside would contradict it.
_OURS = frozenset(
    {"from", "to", "cc", "bcc", "subject", "date", "message-id", "reply-to", "mime-version", "sender", "return-path"}
)
_ADDRESSES = frozenset({"From", "To", "Reply-To"})


def to_bytes(mail: Mail, *, date: datetime) -> bytes:
    """The message, with CRLF line ends and pure ASCII: text and HTML as alternatives, then attachments.

    Raises `ProviderError` (permanent, `invalid_message`) for a header or address that could carry another
    header in, and for what has no meaning in one.
    """
    head = [
        _line("From", address(mail.sender)),
        _line("To", address(mail.to)),
        _line("Subject", mail.subject),
        _line("Date", format_datetime(date)),
        _line("Message-ID", message_id(mail)),
        *([_line("Reply-To", address(mail.reply_to))] if mail.reply_to else ()),
        *(_line(name, value) for name, value in mail.headers.items() if _allowed(name)),
        b"MIME-Version: 1.0\r\n",
    ]
    # Depends on the text, so that no text can hold the boundary that would end it.
    boundary = hashlib.sha256(f"{mail.key}\n{mail.text}".encode()).hexdigest()[:32]
    body = _alternatives(mail, f"=_a{boundary}")
    if mail.attachments:
        parts = [body, *(_attachment(attachment) for attachment in mail.attachments)]
        body = _multipart("mixed", f"=_m{boundary}", parts)
    return b"".join([*head, body])


def message_id(mail: Mail) -> str:
    """`<key@domain>`: the key is ours, the domain the sender's, so that any event names its message."""
    return f"<{quote(mail.key, safe='-_.~')}@{_domain(mail.sender)}>"


@lru_cache(maxsize=256)
def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


@lru_cache(maxsize=4096)
def address(value: str) -> str:
    """`Name <a@b>` or `a@b`, checked and ready for a header; a name that is not ASCII becomes an encoded word."""
    if _SIMPLE_ADDRESS.fullmatch(value):
        return value  # most recipients: nothing that the slow parser would see otherwise
    if _CONTROL.search(value):
        raise _invalid("an address holds a line break or control character")
    found = getaddresses([value])
    name, email = found[0] if len(found) == 1 else ("", "")
    if not email.isascii():
        local, _, domain = email.rpartition("@")
        email = f"{local}@{_idna(domain)}"
    if not _PLAIN_ADDRESS.fullmatch(email):
        raise _invalid("an address cannot be used")
    return formataddr((name, email))


def _idna(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        raise _invalid("an address's domain cannot be used") from None


def _invalid(why: str) -> ProviderError:
    return ProviderError("invalid_message", why, permanent=True)


def _allowed(name: str) -> bool:
    if not _NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("content-"):
        raise _invalid(f"the header {name[:40]!r} cannot be given")
    return True


def _line(name: str, value: str) -> bytes:
    """One header. Folded at single spaces, which unfolding gives back exactly."""
    if _CONTROL.search(value):
        raise _invalid(f"the header {name} holds a line break or control character")
    # What only looks like an encoded word is encoded too, or readers would decode what a person typed.
    if not value.isascii() or ("=?" in value and name not in _ADDRESSES):
        words = Header(value.encode("utf-8", "replace").decode(), "utf-8", header_name=name).encode(linesep="\r\n")
        return f"{name}: {words}\r\n".encode("ascii")
    line = f"{name}: {value}"
    if len(line) > LINE:
        line = _folded(line)
    return line.encode("ascii") + CRLF


def _folded(line: str) -> str:
    lines, current = [], ""
    for word in re.split(r"(?<=\S) (?=\S)", line):
        if current and len(current) + 1 + len(word) > LINE and current[-1] != ":":
            lines.append(current)
            current = f" {word}"
        else:
            current = f"{current} {word}" if current else word
    lines.append(current)
    if max(map(len, lines)) > LONGEST_LINE:
        raise _invalid("a header is longer than a line may be")
    return "\r\n".join(lines)


def _alternatives(mail: Mail, boundary: str) -> bytes:
    parts = [_text("plain", mail.text)]
    if mail.html:
        parts.append(_text("html", mail.html))
    return _multipart("alternative", boundary, parts) if len(parts) > 1 else parts[0]


def _multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    fence = b"--" + boundary.encode("ascii")
    pieces = [f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode("ascii")]
    for part in parts:
        pieces += [fence, CRLF, part, CRLF]
    pieces += [fence, b"--\r\n"]
    return b"".join(pieces)


def _text(subtype: str, value: str) -> bytes:
    content = value.encode("utf-8", "replace")
    lines = content.splitlines() if subtype == "plain" else []
    if lines and _fits_seven_bits(content, lines):
        # Readable as it is, which people and spam filters like better than base64.
        encoding, body = b"7bit", CRLF.join(lines)
    else:
        encoding, body = b"base64", _base64(content)
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: '.encode("ascii")
    return b"".join([head, encoding, b"\r\n\r\n", body, CRLF])


def _fits_seven_bits(content: bytes, lines: list[bytes]) -> bool:
    return content.isascii() and b"\0" not in content and max(map(len, lines)) <= LONGEST_LINE


def _base64(content: bytes) -> bytes:
    """In lines as RFC 2045 wants them; several times as fast as `encodebytes`."""
    encoded = base64.b64encode(content)
    return CRLF.join([*(encoded[start : start + LINE] for start in range(0, len(encoded), LINE)), b""])


def _attachment(attachment: Attachment) -> bytes:
    kind = attachment.content_type
    if not _TYPE.fullmatch(kind):
        raise _invalid("an attachment's content type cannot be used")
    if not _ATTACHMENT_NAME.fullmatch(attachment.filename):
        raise _invalid("an attachment's file name cannot be used")
    if kind.startswith("text/") and "charset" not in kind:
        kind += "; charset=utf-8"
    name = f'filename="{attachment.filename}"'
    if not attachment.filename.isascii():
        name = f"filename*=utf-8''{quote(attachment.filename, safe='')}"
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; {name}\r\n\r\n"
    )
    return head.encode("ascii") + _base64(attachment.content)

"""How a person's names are written, so that the same person is always found under the same one."""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email

from domain.errors import Invalid

MAX_EMAIL_CHARS = 320


def masked(email: str) -> str:
    """An address that its owner recognises and nobody else learns: `a•••@example.com`."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}•••{at}{domain}" if at else ""


def normal_email(text: str, field: str = "email") -> str:
    """The one spelling of an address: trimmed, lower case, composed (NFC), its domain in IDNA's Unicode form.

    The domain is not asked whether it takes mail. Raises Invalid with `field` for what is no address.
    The result is its own normal form.
    """
    trimmed = text.strip()
    if len(trimmed) > MAX_EMAIL_CHARS:
        message = f"The address is longer than {MAX_EMAIL_CHARS} characters."
        raise Invalid(message, field)
    lowered = unicodedata.normalize("NFC", trimmed.lower())
    try:
        # Reserved names such as `.test` pass: mail to them goes nowhere, and rehearsals need them.
        found = validate_email(lowered, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError) as error:
        message = f"This is not an email address: {error}"
        raise Invalid(message, field) from None
    return found.normalized

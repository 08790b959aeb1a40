"""Campaign parameters on a mail's links, so that a visit, a form and an order know which mail they came from.

Parameters as Google Analytics and others read them (`utm_source`, `utm_medium`, `utm_campaign`, `utm_content`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

_HREF = re.compile(r'(\bhref=")(https?://[^"]+)(")')
_PLAIN = re.compile(r"https?://[^\s<>\"]+")
# What ends a sentence is not part of the address before it.
_ENDING = re.compile(r"[.,;:!?)\]'*]+$")


@dataclass(frozen=True, slots=True)
class Tagging:
    """`hosts` (and what lies below them) get the parameters; addresses that begin with one of `ours` never do:
    an unsubscribe link is nobody's campaign.
    """

    hosts: frozenset[str]
    ours: tuple[str, ...]

    @classmethod
    def of(cls, urls: Iterable[str | None], ours: Iterable[str]) -> Tagging:
        """The hosts of these addresses."""
        hosts = (urlsplit(url).hostname for url in urls if url)
        return cls(frozenset(host.removeprefix("www.") for host in hosts if host), tuple(ours))

    def tagged(self, url: str, parameters: Mapping[str, str]) -> str:
        """The address with the parameters that it does not have already; others' addresses as they are."""
        if url.startswith(self.ours) or not self._is_one_of_us(url):
            return url
        parts = urlsplit(url)
        known = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        more = [f"{name}={quote(value, safe='')}" for name, value in parameters.items() if name not in known]
        return parts._replace(query="&".join([parts.query, *more] if parts.query else more)).geturl()

    def _is_one_of_us(self, url: str) -> bool:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            return False
        return any(host == known or host.endswith(f".{known}") for known in self.hosts)

    def html(self, document: str, parameters: Mapping[str, str]) -> str:
        """The links of an HTML part. Only `href` is followed: a picture is not a visit."""

        def link(found: re.Match[str]) -> str:
            url = self.tagged(html.unescape(found[2]), parameters)
            return f"{found[1]}{html.escape(url)}{found[3]}"

        return _HREF.sub(link, document)

    def text(self, words: str, parameters: Mapping[str, str]) -> str:
        """The addresses of a text part."""
        return _PLAIN.sub(_apart(lambda url: self.tagged(url, parameters)), words)


def _apart(change: Callable[[str], str]) -> Callable[[re.Match[str]], str]:
    """Change the address, and leave the punctuation after it where it was."""

    def changed(found: re.Match[str]) -> str:
        ending = _ENDING.search(found[0])
        tail = ending[0] if ending else ""
        return change(found[0].removesuffix(tail)) + tail

    return changed

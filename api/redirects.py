"""Where a browser may be sent: to a path of this site, and to no stranger's."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# One slash and then neither of the two that browsers take for the beginning of another host's name.
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def local(target: str, public_url: str, default: str) -> str:
    """`target` where it is a path of ours or an address under `public_url`'s origin, else `default`."""
    if _PATH.fullmatch(target):
        return target
    if re.search(r"[\\\x00-\x20\x7f]", target):
        return default
    try:
        wanted, own = urlsplit(target), urlsplit(public_url)
    except ValueError:
        return default
    same = wanted.scheme in {"http", "https"} and (wanted.scheme, wanted.netloc) == (own.scheme, own.netloc)
    return target if same else default

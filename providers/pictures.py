"""Pictures of the configuration folder: read once, with the size that a page keeps free for them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from domain.errors import Invalid

# What every browser shows; an SVG could bring a script along.
FORMATS: Final = ("AVIF", "JPEG", "PNG", "WEBP")
# In bytes. A page waits for its pictures on a phone.
MOST: Final = 500_000


@dataclass(frozen=True, slots=True)
class Picture:
    """Its bytes and what they are; `mark` follows from them, `width` and `height` are in pixels."""

    content: bytes
    mark: str
    kind: str
    width: int
    height: int


def read(folder: Path, name: str) -> Picture:
    """The picture of that path below the folder. Raises Invalid with what is wrong with it."""
    file = folder / name
    # Links are followed: a folder that is mounted may be one of links.
    if Path(name).is_absolute() or ".." in file.parts or not file.is_file():
        message = f"there is no file {name} below {folder}"
        raise Invalid(message)
    content = file.read_bytes()
    if len(content) > MOST:
        message = f"{name} has {len(content):,} bytes; save it smaller, at most {MOST:,} are sent to visitors"
        raise Invalid(message)
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            kind = Image.MIME[image.format or ""]
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        message = f"{name} is no picture; there are {', '.join(FORMATS)}"
        raise Invalid(message) from None
    return Picture(content, sha256(content).hexdigest()[:12], kind, width, height)

"""Files that cannot be read say what to do, and none of them reads, calls or fills anything outside itself."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from fpdf import FPDF

from domain.errors import Invalid
from domain.sources import Block, divided
from providers.reading import read
from providers.reading.fetching import fetch
from providers.webhooks import public_client
from tests.books.kit import EPUB

WORDS = "Every alert has an owner, and every owner has a night of sleep that somebody has to answer for. " * 5


def pdf(*, text: str = WORDS, password: str = "") -> bytes:
    made = FPDF()
    made.add_page()
    made.set_font("Helvetica", size=12)
    if text:
        made.multi_cell(0, text=text)
    if password:
        made.set_encryption(owner_password="owner", user_password=password)
    return bytes(made.output())


def epub(**parts: str | bytes) -> bytes:
    """A small EPUB; parts are by their name, with `_` for `.` and `__` for `/`."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr("mimetype", "application/epub+zip")
        made.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="book.opf"/></rootfiles></container>',
        )
        for name, text in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), text)
    return content.getvalue()


def package(*files: str) -> str:
    items = "".join(
        f'<item id="i{n}" href="{file}" media-type="application/xhtml+xml"/>' for n, file in enumerate(files)
    )
    order = "".join(f'<itemref idref="i{n}"/>' for n in range(len(files)))
    return (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>T</dc:title></metadata><manifest>{items}</manifest><spine>{order}</spine></package>"
    )


def sparse(size: int) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        with file.open("wb") as made:
            made.write(b"%PDF-1.7")
            made.truncate(size)

    return write


HOSTILE = (
    '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html xmlns="http://www.w3.org/1999/xhtml">'
    f"<body><h1>One</h1><p>&x;</p><p>{WORDS}</p></body></html>"
)
BROKEN = [
    ("empty.md", b"", "The file is empty."),
    ("short.md", b"# Title\n\nFew words.", "Only 2 words were found in it"),
    ("locked.pdf", pdf(password="secret"), "protected with a password"),
    ("scan.pdf", pdf(text=""), "holds no text, perhaps pictures of pages"),
    ("cut.pdf", pdf()[:400], "The PDF is damaged"),
    ("cut.epub", EPUB.read_bytes()[:90_000], "damaged: it ends too early"),
    ("locked.epub", epub(**{"META-INF__encryption_xml": "<encryption/>"}), "The EPUB is encrypted"),
    ("hollow.epub", epub(book_opf=package("gone.xhtml")), "The EPUB is damaged"),
    ("photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(200), "no text that can be read"),
]


@pytest.mark.parametrize(("name", "content", "expected"), BROKEN, ids=[name for name, *_ in BROKEN])
async def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(Invalid, match=expected):
        await read(file, name)


async def test_a_file_of_200_mb_is_refused_by_its_size(tmp_path: Path) -> None:
    file = tmp_path / "large.pdf"
    sparse(200_000_000)(file)
    with pytest.raises(Invalid, match="The file has 200 MB; at most 100 are read"):
        await read(file, file.name)


async def test_an_office_file_is_asked_for_as_pdf(tmp_path: Path) -> None:
    file = tmp_path / "book.docx"
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("word/document.xml", "<w/>")
    with pytest.raises(Invalid, match="Save it as PDF or HTML"):
        await read(file, file.name)


async def test_a_zip_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "bomb.epub"
    file.write_bytes(epub(book_opf=package("a.xhtml")))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as made:
        for number in range(4):
            made.writestr(f"{number}.xhtml", bytes(100_000_000))
    with pytest.raises(Invalid, match="unpacks to more than 300 MB"):
        await read(file, file.name)


async def test_a_file_that_names_another_gets_nothing_of_it(tmp_path: Path) -> None:
    file = tmp_path / "hostile.epub"
    file.write_bytes(epub(book_opf=package("a.xhtml"), a_xhtml=HOSTILE))
    text = (await read(file, file.name)).model_dump_json()
    assert "root:" not in text
    assert "Every alert has an owner" in text


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1]/", "http://169.254.169.254/latest"])
async def test_an_address_inside_our_network_is_not_read(tmp_path: Path, url: str) -> None:
    async with public_client() as client:
        with pytest.raises(Invalid, match="lies inside our own network"):
            await fetch(client, url, tmp_path / "page")


async def test_an_address_that_leads_on_for_ever_or_gives_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/round":
            return httpx.Response(302, headers={"location": "/round"})
        return httpx.Response(404) if request.url.path == "/gone" else httpx.Response(200, content=bytes(2000))

    monkeypatch.setattr("providers.reading.fetching.MAX_BYTES", 1000)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        for path, expected in (("round", "leads on and on"), ("gone", "answers 404"), ("large", "is larger than")):
            with pytest.raises(Invalid, match=expected):
                await fetch(client, f"https://news.example/{path}", tmp_path / "page")


async def test_a_web_page_is_read_without_what_stands_around_its_article(tmp_path: Path) -> None:
    file = tmp_path / "page"
    menu = "<nav><a href=/>Home</a> <a href=/shop>Shop</a></nav>"
    parts = "".join(f"<h2>{name}</h2><p>{name} first. {WORDS}{name}</p>" for name in ("Owners", "Nights"))
    article = f"<article><h1>Quiet nights</h1><p>{WORDS}</p>{parts}</article>"
    page = f"<html><head><title>Quiet nights</title></head><body>{menu}{article}<footer>© us</footer></body></html>"
    file.write_text(page, encoding="utf-8")
    found = await read(file, "nights", "https://news.example/nights")
    text = found.model_dump_json()
    assert found.title == "Quiet nights"
    assert [one.title for one in found.chapters][-2:] == ["Owners", "Nights"]
    assert "Shop" not in text
    assert "© us" not in text


async def test_a_plain_text_has_chapters_by_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "plain.txt"
    file.write_text(f"A Book\n\n{WORDS}\n\nCHAPTER I. The Pager\n\n{WORDS}\n\nCHAPTER II. The Rota\n\n{WORDS}\n")
    found = await read(file, file.name)
    assert [one.title for one in found.chapters] == ["Beginning", "CHAPTER I. The Pager", "CHAPTER II. The Rota"]


def heading(level: int, text: str) -> Block:
    return Block(kind="heading", level=level, text=text)


def test_a_lone_heading_on_top_is_the_title_and_the_level_below_divides() -> None:
    text = Block(kind="paragraph", text=WORDS)
    title, chapters = divided([heading(1, "Book"), heading(2, "A"), text, heading(3, "a"), text, heading(2, "B"), text])
    assert title == "Book"
    assert [(one.title, len(one.blocks)) for one in chapters] == [("A", 3), ("B", 1)]

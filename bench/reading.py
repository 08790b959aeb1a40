"""How much memory a PDF of a thousand pages takes while it is read to chapters."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import psutil
from fpdf import FPDF

from bench.ground import Scale
from bench.table import Row
from embedded.progress import Say
from providers.reading import read
from settings import SOURCE

TITLE = "Reading a PDF of 1,000 pages"
ABOUT = (
    "Walden, set as a PDF over and over until it has so many pages, is read as any upload is: in a process of its "
    "own, which may use 1.5 GB. The memory is the largest resident set of that process, looked at every 20 ms; "
    "the small PDF is the same with a tenth of the pages, so that what grows with the pages can be seen."
)
PAGES = 1_000
MOST_MIB = 1_000.0
LOOK_EVERY_S = 0.02


async def measure(scale: Scale, say: Say) -> list[Row]:
    """A tenth of the pages, then all."""
    pages = scale.of(PAGES)
    book = await read(SOURCE / "config" / "books" / "walden.epub", "walden.epub")
    paragraphs = [block.text for chapter in book.chapters for block in chapter.blocks if block.text]
    rows = []
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        for count, most in ((pages // 10, None), (pages, MOST_MIB)):
            say(f"{count} pages")
            file = Path(folder, f"{count}.pdf")
            size_bytes = await asyncio.to_thread(_printed, paragraphs, count, file)
            peak_mib, took_s, words = await _read(file)
            note = f"{words:,} words, {size_bytes / 1e6:.1f} MB, {took_s / count * 1000:.0f} ms a page"
            rows.append(Row(f"largest resident set: {count} pages", peak_mib, "MiB", most, digits=0, note=note))
    return rows


def _printed(paragraphs: list[str], pages: int, file: Path) -> int:
    """How many bytes the file has."""
    pdf = FPDF()
    pdf.set_font("Times", size=11)
    pdf.add_page()
    while pdf.page_no() < pages:
        for number, text in enumerate(paragraphs):
            if number % 40 == 0:
                pdf.set_font("Times", "B", 16)
                pdf.multi_cell(0, 8, f"Chapter {number // 40 + 1}", new_x="LMARGIN", new_y="NEXT")
                pdf.set_font("Times", size=11)
            said = text.encode("latin-1", "replace").decode("latin-1")
            pdf.multi_cell(0, 5, said, new_x="LMARGIN", new_y="NEXT")
            if pdf.page_no() >= pages:
                break
    pdf.output(str(file))
    return file.stat().st_size


async def _read(file: Path) -> tuple[float, float, int]:
    """The largest resident set of the reading process in MiB, how long it took, and the words that it found."""
    begun_s = time.perf_counter()
    reading = asyncio.create_task(read(file, file.name))
    peak, me = 0, psutil.Process()
    while not reading.done():
        for child in me.children():
            try:
                if any("providers.reading.process" in part for part in child.cmdline()):
                    peak = max(peak, child.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
        await asyncio.sleep(LOOK_EVERY_S)
    return peak / 1024**2, time.perf_counter() - begun_s, (await reading).words

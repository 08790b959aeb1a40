"""Stripe's own mock server, which reads requests against Stripe's description of its API: for tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from embedded.cache import build, cache_folder, one_at_a_time
from embedded.errors import CannotStart
from embedded.progress import Say

MODULE: Final = "github.com/stripe/stripe-mock@v0.203.0"
# Where Go's own archive is unpacked by its instructions, which not everybody has on PATH.
USUAL: Final = Path("/usr/local/go/bin/go")


async def find_stripe_mock(say: Say) -> Path:
    """The program `stripe-mock`: on PATH, in our cache, or built with Go in some seconds; else CannotStart."""
    if on_path := shutil.which("stripe-mock"):
        return Path(on_path)
    cached = cache_folder() / "bin" / "stripe-mock"
    async with one_at_a_time("stripe-mock"):
        if not cached.exists():
            await _build(cached, say)
    return cached


async def _build(target: Path, say: Say) -> None:
    go = shutil.which("go") or (str(USUAL) if os.access(USUAL, os.X_OK) else None)
    if go is None:
        raise CannotStart(
            "Payments are tested against stripe-mock, which is missing: install it so that `stripe-mock` is on PATH, "
            "or install Go and try again."
        )
    say("Building Stripe's mock server with Go, once")
    fresh = target.parent / "fresh-stripe-mock"
    fresh.mkdir(parents=True, exist_ok=True)
    failure = await build(
        "stripe-mock", [go, "install", MODULE], fresh, say, {"GOBIN": str(fresh), "GOFLAGS": "-mod=mod"}
    )
    if failure is not None:
        raise CannotStart(f"Stripe's mock server could not be built with `go install {MODULE}`: {failure}")
    (fresh / "stripe-mock").replace(target)

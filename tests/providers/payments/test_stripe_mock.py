"""Stripe's own mock server reads our requests against Stripe's OpenAPI description.

It is written in Go. Where Go is not installed it cannot be had, and the wire format that is recorded in
test_stripe.py is the only check: these tests are then not collected, which the report says.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from domain.errors import ProviderError
from providers.payments.stripe import Stripe

BIN = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "perennial" / "bin"
MODULE = "github.com/stripe/stripe-mock@latest"

if not shutil.which("go") and not (BIN / "stripe-mock").exists():
    pytest.skip("stripe-mock needs Go, which is not here; the recorded wire format is tested", allow_module_level=True)


@pytest.fixture(scope="module")
def stripe_mock() -> Iterator[str]:
    """The address of a stripe-mock that was built for this machine once and runs for this module."""
    binary = BIN / "stripe-mock"
    if not binary.exists():
        BIN.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "GOBIN": str(BIN)}
        built = subprocess.run(
            ["go", "install", MODULE], check=False, timeout=110, env=environment, capture_output=True, text=True
        )
        if built.returncode:
            pytest.skip(f"stripe-mock could not be built here: {built.stderr.strip()[-300:]}")
    # Both addresses, or it also takes HTTPS' fixed port and two test runs meet there.
    command = [str(binary), "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        listening = next(found for text in process.stdout if (found := re.search(r"HTTP at address: (\S+)", text)))
        yield f"http://{listening[1]}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
async def stripe(stripe_mock: str) -> AsyncIterator[Stripe]:
    payments = Stripe(httpx.AsyncClient(), "sk_test_123", base_url=stripe_mock)
    yield payments
    await payments.aclose()


async def test_stripe_accepts_the_request_for_line_items(stripe: Stripe) -> None:
    items = await stripe.line_items("cs_test_1")
    assert items
    assert all(item.product and item.quantity >= 1 for item in items)


async def test_stripe_accepts_the_requests_for_a_code(stripe: Stripe) -> None:
    expires = datetime.now(UTC) + timedelta(days=3)
    code = await stripe.discount_code(key="cart-7", percent=10, expires_at=expires)
    assert re.fullmatch(r"SAVE10-[A-Z2-9]{10}", code)


async def test_the_mock_does_read_what_it_is_sent(stripe_mock: str) -> None:
    """The control: a parameter that Stripe does not have is refused, so acceptance above means something."""
    async with httpx.AsyncClient(headers={"Authorization": "Bearer sk_test_123"}) as client:
        answer = await client.post(f"{stripe_mock}/v1/promotion_codes", data={"coupon": "x", "code": "X"})
    assert answer.status_code == 400


async def test_a_wrong_key_is_permanent(stripe_mock: str) -> None:
    payments = Stripe(httpx.AsyncClient(), "nonsense", base_url=stripe_mock)
    with pytest.raises(ProviderError) as caught:
        await payments.line_items("cs_test_1")
    assert (caught.value.code, caught.value.permanent) == ("unauthorized", True)
    await payments.aclose()

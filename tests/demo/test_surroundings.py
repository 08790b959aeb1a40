"""The demo never touches anything of yours."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from configuration import load_marketing
from demo.senders import Secrets
from demo.surroundings import LAUNCHED, REVIEWED, SHIPPED, overlaid, settings_for, wiped
from domain.launching import books
from settings import Settings

SECRETS = Secrets(stripe="whsec_demo", calendly="calendly", github="github")
YOURS = Settings(
    database_url=SecretStr("postgresql://you@db.example/yours"),
    temporal_address="temporal.example:7233",
    mail_provider="resend",
    resend_api_key=SecretStr("re_yours"),
    crm="hubspot",
    hubspot_token=SecretStr("yours"),
    stripe_api_key=SecretStr("sk_yours"),
    stripe_webhook_secret=SecretStr("whsec_yours"),
    slack_webhook_url=SecretStr("https://hooks.slack.example/yours"),
    openai_api_key=SecretStr("sk-yours"),
    public_url="https://yours.example",
)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_no_database_vendor_or_key_of_yours_is_used(tmp_path: Path) -> None:
    found = settings_for(YOURS, tmp_path, SECRETS)
    assert (found.database_url, found.temporal_address) == (None, None)
    assert (found.mail_provider, found.crm, found.platform) == ("outbox", "local", "local")
    assert not any((found.stripe_api_key, found.slack_webhook_url, found.openai_api_key))
    assert found.secrets_of("STRIPE_WEBHOOK_SECRET") == ("whsec_demo",)
    assert found.public_url == f"http://127.0.0.1:{found.api_port}"


def test_a_day_takes_two_seconds_unless_you_say_otherwise(tmp_path: Path) -> None:
    assert settings_for(YOURS, tmp_path / "one", SECRETS).day_seconds == 2.0
    slower = YOURS.model_copy(update={"day_seconds": 5.0})
    assert settings_for(slower, tmp_path / "two", SECRETS).day_seconds == 5.0


def test_a_usual_port_that_is_taken_is_replaced_by_a_free_one(tmp_path: Path, taken: int) -> None:
    usual = Settings().model_copy(update={"api_port": taken})
    usual.model_fields_set.discard("api_port")
    assert settings_for(usual, tmp_path, SECRETS).api_port != taken


def test_a_port_that_you_asked_for_is_kept(tmp_path: Path, taken: int) -> None:
    assert settings_for(Settings(api_port=taken), tmp_path, SECRETS).api_port == taken


def test_every_channel_waits_and_one_book_is_launched_and_nothing_else_is_changed(tmp_path: Path) -> None:
    shipped, changed = load_marketing(SHIPPED), load_marketing(overlaid(SHIPPED, tmp_path / "config"))
    assert changed.approvals.review_required == REVIEWED
    approvals = shipped.approvals.model_copy(update={"review_required": REVIEWED})
    catalogue = [one if one.key == LAUNCHED else one.model_copy(update={"source": None}) for one in shipped.catalogue]
    offers = shipped.offers.model_copy(update={"products": [one.key for one in books(shipped)]})
    assert changed == shipped.model_copy(update={"approvals": approvals, "catalogue": catalogue, "offers": offers})
    assert [one.key for one in books(changed)] == [LAUNCHED]


async def test_an_earlier_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir(mode=0o711)
    (folder / "temporal").mkdir()
    (folder / "temporal" / "temporal.db").write_text("old")
    (folder / "secret_key").write_text("old")
    await wiped(folder)
    assert [path.name for path in folder.iterdir()] == ["lock"]

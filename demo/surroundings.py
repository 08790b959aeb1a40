"""What the demo runs in: a folder of its own, free ports, secrets of its own, and every vendor embedded."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr
from ruamel.yaml import YAML

from demo.senders import Secrets
from embedded.account import account, place_for, socket_folder
from embedded.folder import hold, left_over, make_folder
from embedded.ports import LOOPBACK, free_port, listening
from embedded.private import new_secret
from embedded.processes import working_in
from settings import SOURCE, Settings

DAY_SECONDS = 2.0
# The story is about the configuration that everybody has, not about yours.
SHIPPED = SOURCE / "config"
# The story has two changes of the shipped configuration: everything that is drafted waits for a person, and of the
# brand's books one is launched, since a week for a decision is fourteen seconds here.
REVIEWED = ["x", "linkedin", "newsletter", "seo", "producthunt", "magnet", "funnel", "sequence", "offer"]
LAUNCHED = "franklin"
# Nothing of what the environment says about the outside world is for a story with made-up people.
EMBEDDED: Mapping[str, object] = {
    "api_host": LOOPBACK,
    "database_url": None,
    "temporal_address": None,
    "temporal_namespace": "default",
    "temporal_api_key": None,
    "temporal_tls": False,
    "worker_metrics_port": None,
    "marketing_per_hour": 500,
    "resend_webhook_secret": None,
    "sendgrid_webhook_public_key": None,
    "cms_webhook_secret": None,
    "stripe_api_key": None,
    "mail_provider": "outbox",
    "crm": "local",
    "platform": "local",
    "slack_webhook_url": None,
    "discord_webhook_url": None,
    "openai_api_key": None,
    "secret_key": None,
}


async def surroundings(given: Settings) -> tuple[Settings, Secrets]:
    """A wiped folder with its configuration, and settings for it. Raises CannotStart where a demo runs there now."""
    data_dir = given.data_dir / "demo"
    await wiped(data_dir)
    secrets = Secrets(stripe=f"whsec_{new_secret()}", calendly=new_secret(), github=new_secret())
    return settings_for(given, data_dir, secrets), secrets


def settings_for(given: Settings, data_dir: Path, secrets: Secrets) -> Settings:
    """The settings of the story; ports that nobody asked for are others where the usual ones are taken."""
    api_port = _port(given, "api_port")
    return given.model_copy(
        update={
            **EMBEDDED,
            "data_dir": data_dir,
            "config_dir": overlaid(SHIPPED, data_dir / "config"),
            "day_seconds": given.day_seconds or DAY_SECONDS,
            "api_port": api_port,
            "public_url": f"http://{LOOPBACK}:{api_port}",
            "temporal_port": _port(given, "temporal_port"),
            "temporal_ui_port": _port(given, "temporal_ui_port"),
            "stripe_webhook_secret": SecretStr(secrets.stripe),
            "calendly_webhook_secret": SecretStr(secrets.calendly),
            "github_webhook_secret": SecretStr(secrets.github),
        }
    )


def _port(given: Settings, name: str) -> int:
    port: int = getattr(given, name)
    asked_for = name in given.model_fields_set
    return port if asked_for or not listening(port) else free_port()


def overlaid(source: Path, target: Path) -> Path:
    """A copy of the configuration in which every channel waits for a person, and offers are of all the books."""
    shutil.copytree(source, target)
    path, yaml = target / "marketing.yaml", YAML()
    document = yaml.load(path)
    document.setdefault("approvals", {})["review_required"] = REVIEWED
    books = [product["key"] for product in document["catalogue"] if "source" in product]
    document.setdefault("offers", {})["products"] = books
    for product in document["catalogue"]:
        if product["key"] != LAUNCHED:
            product.pop("source", None)
    yaml.dump(document, path)
    return target


async def wiped(data_dir: Path) -> None:
    """An empty folder: what an earlier demo left, killed or not, is ended and removed."""
    make_folder(data_dir)
    with hold(data_dir):
        who = account(data_dir)
        place = await asyncio.to_thread(place_for, data_dir, who)
        left = left_over(data_dir)
        for cluster in place.glob("cluster*"):
            left += working_in(cluster)
        for each in left:
            await each.end(signal.SIGINT, signal.SIGQUIT, patience_s=5)
        for folder in (place, socket_folder(data_dir, who)):
            shutil.rmtree(folder, ignore_errors=True)
        _empty(data_dir)


def _empty(folder: Path) -> None:
    """Remove what is in it, but for the lock that we hold."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()

"""Settings, secrets and configuration of a product that runs for tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from ruamel.yaml import YAML

from demo.senders import Secrets
from embedded.ports import free_port
from embedded.private import new_secret
from settings import SOURCE, Settings
from tests.core_kit import SPINE


def secrets() -> Secrets:
    """Secrets that were never used before."""
    return Secrets(stripe=f"whsec_{new_secret()}", calendly=new_secret(), github=new_secret())


def settings_on(data_dir: Path, given: Secrets, **values: Any) -> Settings:
    """Settings on free ports, with the shipped configuration but for what waits for a person."""
    api_port = free_port()
    fields: dict[str, Any] = {
        "data_dir": data_dir,
        "config_dir": configured(data_dir / "config"),
        "api_port": api_port,
        "public_url": f"http://127.0.0.1:{api_port}",
        "temporal_port": free_port(),
        "temporal_ui_port": free_port(),
        "stripe_webhook_secret": SecretStr(given.stripe),
        "calendly_webhook_secret": SecretStr(given.calendly),
        "github_webhook_secret": SecretStr(given.github),
    }
    return Settings(_env_file=None, **{**fields, **values})


# The stories are told to their end and then compared: what goes on by the clock alone has tests of its own.
TOLD = frozenset(
    {
        *SPINE, "welcome", "education_nurture", "magnet_delivery", "bonus_templates", "launch", "reengagement",
        "upsell", "review_request", "pro_tip", "winback_survey", "retention_help",
    }
)  # fmt: skip


def configured(target: Path) -> Path:
    """A copy of the shipped configuration in which all channels wait for a person, but for X."""
    shutil.copytree(SOURCE / "config", target)
    for sequence in (target / "sequences").glob("*.yaml"):
        if sequence.stem not in TOLD:
            sequence.unlink()
    (target / "reactions.yaml").unlink()
    path, yaml = target / "marketing.yaml", YAML()
    document = yaml.load(path)
    del document["engagement"]
    document["approvals"]["review_required"] = ["linkedin", "newsletter", "seo"]
    yaml.dump(document, path)
    return target


async def ready(http: httpx.AsyncClient) -> bool:
    """Whether everything is there that the API needs."""
    try:
        return (await http.get("/readyz")).is_success
    except httpx.TransportError:
        return False

"""The files for many machines, as far as they can be checked without an engine."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from domain.names import MARKETING_QUEUE
from embedded.temporal import SEARCH_ATTRIBUTES
from settings import SOURCE, variables

COMPOSE: dict[str, Any] = YAML(typ="safe").load((SOURCE / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "api", "worker")
# What only the embedded servers and their supervisor read.
EMBEDDED_ONLY = {
    "PERENNIAL_TEMPORAL_PORT",
    "PERENNIAL_TEMPORAL_UI_PORT",
    "PERENNIAL_TEMPORAL_CLI",
    "PERENNIAL_WORKERS",
}
every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def test_it_has_all_that_is_promised() -> None:
    promised = {"postgresql", "temporal", "temporal-ui", "api", "worker", "prometheus", "grafana"}
    assert promised <= set(SERVICES)
    assert {name for name, service in SERVICES.items() if service.get("profiles")} == {"prometheus", "grafana"}


def test_versions_are_those_that_are_known_to_work() -> None:
    server = SERVICES["temporal"]["image"].partition(":")[2]
    assert tuple(int(part) for part in server.split(".")) >= (1, 30, 4)
    assert {SERVICES[name]["image"] for name in ("temporal-schema", "temporal-namespace")} == {
        f"temporalio/admin-tools:{server}"
    }
    assert SERVICES["postgresql"]["image"].startswith("postgres:18.")


@every_service
def test_every_image_is_pinned(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?", SERVICES[name]["image"])


@every_service
def test_every_service_says_when_it_is_well_or_what_it_waits_for(name: str) -> None:
    service = SERVICES[name]
    waits = service.get("depends_on", {})
    assert service.get("healthcheck") or waits
    for other, how in waits.items():
        needed = "healthcheck" if how["condition"] == "service_healthy" else "depends_on"
        assert needed in SERVICES[other], f"{name} waits for what {other} never says"
        assert how["condition"] in {"service_healthy", "service_completed_successfully"}


@every_service
def test_every_port_is_bound_to_loopback(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@every_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|PWD|SECRET|KEY|TOKEN|WEBHOOK_URL|DATABASE_URL", key):
            assert str(value).startswith("${"), f"{key} of {name}"


@every_service
def test_files_that_are_mounted_are_there(name: str) -> None:
    mounted = [volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])]
    assert all((SOURCE / path).exists() for path in mounted if path.startswith("."))
    assert all(path in COMPOSE["volumes"] for path in mounted if not path.startswith("."))


@pytest.mark.parametrize("name", OURS)
def test_our_processes_are_given_every_setting_and_no_other(name: str) -> None:
    assert set(SERVICES[name]["environment"]) == set(variables()) - EMBEDDED_ONLY
    assert "env_file" not in SERVICES[name]


@pytest.mark.parametrize("name", OURS)
def test_our_processes_have_no_rights_to_spare(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_workers_can_be_scaled() -> None:
    assert not {"container_name", "ports", "hostname"} & set(SERVICES["worker"])


def test_what_must_be_set_is_in_the_example_file() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", (SOURCE / "docker-compose.yml").read_text()))
    listed = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (SOURCE / ".env.example").read_text(), re.MULTILINE))
    assert required
    assert required <= listed


def test_the_cluster_has_the_search_attributes_of_the_dev_server() -> None:
    script = (SOURCE / "docker" / "temporal" / "namespace.sh").read_text()
    assert f"for name in {' '.join(SEARCH_ATTRIBUTES)}; do" in script


def test_the_marketing_lane_has_one_partition_in_the_cluster_too() -> None:
    config = YAML(typ="safe").load((SOURCE / "docker" / "temporal" / "dynamicconfig.yaml").read_text())
    for way in ("Read", "Write"):
        (rule,) = config[f"matching.numTaskqueue{way}Partitions"]
        assert rule == {"value": 1, "constraints": {"taskQueueName": MARKETING_QUEUE}}


@pytest.mark.parametrize("script", sorted((SOURCE / "docker").rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_good_shell(script: Path) -> None:
    subprocess.run(["/bin/sh", "-n", script], check=True)


def test_prometheus_scrapes_every_worker_and_grafana_reads_prometheus() -> None:
    yaml = YAML(typ="safe")
    jobs = yaml.load((SOURCE / "docker/prometheus/prometheus.yml").read_text())["scrape_configs"]
    found = {job["job_name"]: job for job in jobs}
    assert found["worker"]["dns_sd_configs"] == [{"names": ["worker"], "type": "A", "port": 9464}]
    assert SERVICES["worker"]["environment"]["PERENNIAL_WORKER_METRICS_PORT"] == "9464"
    (source,) = yaml.load((SOURCE / "docker/grafana/provisioning/datasources/prometheus.yaml").read_text())[
        "datasources"
    ]
    board = json.loads((SOURCE / "docker/grafana/dashboards/perennial.json").read_text())
    assert {panel["datasource"]["uid"] for panel in board["panels"]} == {source["uid"]}


def test_the_image_runs_as_nobody_in_particular_and_tells_its_health() -> None:
    lines = (SOURCE / "Dockerfile").read_text().splitlines()
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    final = "\n".join(lines[stages[-1] :])
    assert len(stages) == 2
    assert re.search(r"^USER [1-9]\d+$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert "--require-hashes" in "\n".join(lines)


def test_the_image_holds_no_settings_of_ours() -> None:
    ignored = (SOURCE / ".dockerignore").read_text().split()
    assert {".env", ".git", "var", ".venv"} <= set(ignored)

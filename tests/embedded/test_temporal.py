"""Temporal's dev server: where it is found, and what a fresh one has."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.converter import DataConverter

from embedded import testserver
from embedded.cache import build, cache_folder, one_at_a_time, sdk_download
from embedded.errors import CannotStart
from embedded.ports import free_port
from embedded.progress import quiet
from embedded.temporal import Temporal, find_cli, start_temporal
from embedded.testserver import find_test_server, start_test_server
from tests.leftovers import new_folder, remove_folder

FAKE = "#!/bin/sh\nexit 0\n"
FAKE_GO = """#!/bin/sh
echo "$@" > "$GOBIN/asked"
printf "#!/bin/sh\\n" > "$GOBIN/temporal"
/bin/chmod 755 "$GOBIN/temporal"
"""
# A proxy on which nobody listens: a download is refused at once wherever the tests run.
UNREACHABLE = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9")


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Another environment for a moment: what is looked for here is looked for in it."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def program(path: Path, text: str = FAKE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
async def data_dir() -> AsyncIterator[Path]:
    folder = new_folder("temporal")
    yield folder
    await remove_folder(folder)


async def test_a_configured_program_comes_first(tmp_path: Path) -> None:
    mine, other = program(tmp_path / "mine"), program(tmp_path / "bin" / "temporal")
    with environment(PATH=str(other.parent), XDG_CACHE_HOME=str(tmp_path)):
        assert await find_cli(mine, quiet) == mine


async def test_a_configured_path_that_is_no_program_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"PERENNIAL_TEMPORAL_CLI is .*, which is not a program"):
        await find_cli(tmp_path / "absent", quiet)


async def test_then_comes_what_is_on_the_path(tmp_path: Path) -> None:
    on_path = program(tmp_path / "bin" / "temporal")
    program(tmp_path / "perennial" / "bin" / "temporal")
    with environment(PATH=str(on_path.parent), XDG_CACHE_HOME=str(tmp_path)):
        assert await find_cli(None, quiet) == on_path


async def test_then_the_cache(tmp_path: Path) -> None:
    cached = program(tmp_path / "perennial" / "bin" / "temporal")
    with environment(PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path)):
        assert await find_cli(None, quiet) == cached


async def test_then_what_the_sdk_has_downloaded_before(tmp_path: Path) -> None:
    downloaded = program(tmp_path / "perennial" / "sdk-dev-server" / "temporal-sdk-python-1")
    with environment(PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path)):
        assert await find_cli(None, quiet) == downloaded


async def test_go_builds_it_where_nothing_can_be_downloaded(tmp_path: Path) -> None:
    said: list[str] = []
    program(tmp_path / "bin" / "go", FAKE_GO)
    with environment(PATH=str(tmp_path / "bin"), XDG_CACHE_HOME=str(tmp_path), **UNREACHABLE):
        built = await find_cli(None, said.append)
        assert await find_cli(None, quiet) == built == cache_folder() / "bin" / "temporal"
    asked = (built.parent / "fresh" / "asked").read_text()
    assert re.search(r"install .*temporalio/cli/cmd/temporal@v1\.5\.1", asked)
    assert any("about six minutes, once" in line for line in said)


async def test_where_nothing_helps_the_sentence_says_what_would(tmp_path: Path) -> None:
    with (
        environment(PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path), **UNREACHABLE),
        pytest.raises(CannotStart, match=r"install the Temporal CLI .* or install Go and start again"),
    ):
        await find_cli(None, quiet)


async def test_without_java_the_test_server_says_what_to_install(tmp_path: Path) -> None:
    with (
        environment(PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path), **UNREACHABLE),
        pytest.raises(CannotStart, match="apt-get install -y default-jre-headless maven"),
    ):
        await find_test_server(quiet)


async def test_a_test_server_that_does_not_start_is_started_again_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testserver, "START_WITHIN", timedelta(seconds=0.3))
    asked, said = tmp_path / "asked", list[str]()
    name = (await find_test_server(quiet)).relative_to(cache_folder())
    fake = program(tmp_path / "perennial" / name, f'#!/bin/sh\necho x >>"{asked}"\nexit 1\n')
    with environment(XDG_CACHE_HOME=str(tmp_path)), pytest.raises(CannotStart, match=f"look whether {fake} runs"):
        await start_test_server(said.append, DataConverter.default)
    assert asked.read_text().count("x") == len(said) == testserver.ATTEMPTS


async def test_a_download_that_cannot_be_reached_is_given_up(tmp_path: Path) -> None:
    with environment(XDG_CACHE_HOME=str(tmp_path), **UNREACHABLE):
        assert await sdk_download("dev") is None


async def test_two_starts_do_not_build_the_same_thing(tmp_path: Path) -> None:
    order: list[str] = []

    async def enter(name: str) -> None:
        async with one_at_a_time("thing"):
            order.append(f"{name} in")
            await asyncio.sleep(0.1)
            order.append(f"{name} out")

    with environment(XDG_CACHE_HOME=str(tmp_path)):
        await asyncio.gather(enter("a"), enter("b"))
    assert order == ["a in", "a out", "b in", "b out"]


async def test_a_build_that_fails_gives_its_last_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print('error: no space'); print('bye'); sys.exit(1)"]
    assert await build("thing", command, tmp_path, quiet, {}) == "error: no space"


async def test_a_fresh_server_has_our_search_attributes_ui_and_metrics(temporal_server: Temporal) -> None:
    client = await Client.connect(temporal_server.address)
    found = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    assert {"ContactId", "Sequence", "Brand", "Status"} <= set(found.custom_attributes)
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(temporal_server.ui_url)).status_code == 200
        assert "# TYPE" in (await http.get(temporal_server.metrics_url)).text


async def test_a_key_for_a_cloud_in_the_environment_does_not_reach_it(data_dir: Path) -> None:
    cli = await find_cli(None, quiet)
    with environment(TEMPORAL_API_KEY="planted", TEMPORAL_ADDRESS="127.0.0.1:9"):
        server = await start_temporal(cli, data_dir, data_dir / "logs", port=free_port(), ui_port=free_port())
    await server.stop()
    assert (data_dir / "temporal" / "temporal.db").exists()


async def test_a_server_that_cannot_start_is_one_sentence(data_dir: Path) -> None:
    broken = program(data_dir / "temporal-cli", "#!/bin/sh\necho 'Error: unable to open database'\nexit 1\n")
    with pytest.raises(CannotStart, match=r"dev server does not start: Error: unable to open database.*temporal\.log"):
        await start_temporal(broken, data_dir, data_dir / "logs", port=free_port(), ui_port=free_port())

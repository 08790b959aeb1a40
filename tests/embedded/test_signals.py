"""Being told to stop."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from embedded.signals import TOLD_BY, until_told


class Work:
    """Waits for ever and takes a moment to clean up."""

    def __init__(self) -> None:
        self.cleaned = False
        self.begun = asyncio.Event()

    async def __call__(self) -> None:
        try:
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.1)
            self.cleaned = True


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("told_by", TOLD_BY)
async def test_a_signal_lets_the_work_clean_up_and_later_ones_do_not_break_in(
    told_by: signal.Signals, times: int
) -> None:
    work, said = Work(), list[str]()
    waiting = asyncio.create_task(until_told(work(), said.append))
    await work.begun.wait()
    for _ in range(times):
        os.kill(os.getpid(), told_by)
        await asyncio.sleep(0.02)
    assert await waiting
    assert work.cleaned
    assert said == ["Stopping", *["Still stopping"] * (times - 1)]


async def test_work_that_ends_by_itself_was_not_told() -> None:
    assert not await until_told(asyncio.sleep(0), list[str]().append)


async def test_signals_mean_what_they_did_before_once_it_is_over() -> None:
    before = [signal.getsignal(each) for each in TOLD_BY]
    await until_told(asyncio.sleep(0), list[str]().append)
    assert [signal.getsignal(each) for each in TOLD_BY] == before


async def test_a_failure_of_the_work_is_shown() -> None:
    async def fail() -> None:
        raise LookupError("planned")

    with pytest.raises(LookupError, match="planned"):
        await until_told(fail(), list[str]().append)

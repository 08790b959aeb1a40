"""`wait: 2d`: so long after the step before was due."""

from __future__ import annotations

from domain.steps.base import Body, DelayText, Kind


class Wait(Body):
    """Days are the calendar's in the person's zone, hours are elapsed time."""

    delay: DelayText


KIND = Kind("wait", Wait, None, lambda value: {"delay": value})

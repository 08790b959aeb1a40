"""The kinds of steps. A new kind is a file beside this one and a line here, and its effect in `store/effects.py` or an
activity of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.steps import (
    attribute,
    branch,
    crm,
    discount,
    email,
    event,
    exit,  # noqa: A004 - the kind's name
    in_app,
    list,  # noqa: A004 - the kind's name
    platform,
    split,
    tag,
    task,
    wait,
    wait_for,
    wait_until,
    webhook,
)
from domain.steps.base import Body, Kind

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        module.KIND.name: module.KIND
        for module in (
            email,
            in_app,
            wait,
            wait_until,
            wait_for,
            branch,
            split,
            discount,
            tag,
            attribute,
            task,
            webhook,
            crm,
            platform,
            list,
            event,
            exit,
        )
    }
)

__all__ = ["KINDS", "Body", "Kind"]

"""The parts of the story, one file each: what is played, and what was promised."""

from __future__ import annotations

"""The results of the checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# Above the first a reviewer is told "approve"; below the second they are told at high priority.
APPROVE_ABOVE = 0.8
URGENT_BELOW = 0.7
REMARKS = 3


class Finding(BaseModel):
    """Something to look at: which check says it, the sentence as it stands in the draft, and what about it."""

    model_config = ConfigDict(frozen=True)

    check: str
    sentence: str
    text: str


class Quality(BaseModel):
    """Scores run from 0 to 1; `overall` is the mean of those that apply."""

    scores: dict[str, float]
    overall: float
    advice: Literal["approve", "review carefully"]
    urgent: bool
    findings: list[Finding] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Check:
    """One check's score from 0 to 1, and what it found."""

    score: float
    findings: Sequence[Finding] = ()


def _few(remarks: list[Remark]) -> list[Remark]:
    if len(remarks) > REMARKS:
        raise ValueError(f"must be at most {REMARKS} remarks, not {len(remarks)}")
    return remarks


def _share(score: float) -> float:
    if not 0 <= score <= 1:
        raise ValueError(f"must be between 0 and 1, not {score}")
    return score


class Remark(BaseModel):
    """A sentence of the draft and what a model thinks of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentence: str = Field(description="one sentence of the draft, letter by letter")
    why: str = Field(description="what is wrong with it, in one short sentence")


class Opinion(BaseModel):
    """What a model thinks of a draft: one check among the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: Annotated[float, AfterValidator(_share)] = Field(description="from 0, unusable, to 1, publish as it is")
    remarks: Annotated[list[Remark], AfterValidator(_few)] = Field(description="at most 3, the worst first")

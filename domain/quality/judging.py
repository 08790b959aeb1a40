"""All checks of a draft together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel

from domain.content import Kind
from domain.quality.findings import APPROVE_ABOVE, URGENT_BELOW, Check, Finding, Opinion, Quality
from domain.quality.form import call_to_action, length
from domain.quality.grammar import grammar
from domain.quality.ground import Ground, relevance
from domain.quality.readability import readability
from domain.quality.reading import passages
from domain.quality.tone import tone

OPINION: Final = "opinion"
# Of one check; more are counted and not named.
NAMED: Final = 12


def judge(
    kind: Kind,
    asset: BaseModel,
    ground: Ground,
    examples: Sequence[BaseModel] = (),
    opinion: Opinion | None = None,
) -> Quality:
    """Every check that applies, each as much as the others; `examples` are approved assets of the same kind.

    A model's `opinion` is one of them, where there is one.
    """
    draft = passages(asset)
    checks = {
        "grammar": grammar(draft, ground),
        "readability": readability(draft, ground),
        "relevance": relevance(asset, draft, ground),
        "tone": tone(draft, [passages(example) for example in examples]),
        "call_to_action": call_to_action(kind, draft),
        "length": length(kind, draft),
        OPINION: _opinion(opinion),
    }
    applied = {name: check for name, check in checks.items() if check is not None}
    scores = {name: round(check.score, 2) for name, check in applied.items()}
    overall = round(sum(scores.values()) / len(scores), 2)
    return Quality(
        scores=scores,
        overall=overall,
        advice="approve" if overall > APPROVE_ABOVE else "review carefully",
        urgent=overall < URGENT_BELOW,
        findings=[finding for check in applied.values() for finding in check.findings[:NAMED]],
    )


def _opinion(given: Opinion | None) -> Check | None:
    if given is None:
        return None
    said = [Finding(check=OPINION, sentence=one.sentence, text=one.why) for one in given.remarks]
    return Check(given.score, said)

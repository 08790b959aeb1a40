"""What can be said of a draft before a person reads it: scores, advice, and the sentences that they are about."""

from domain.quality.findings import Finding, Opinion, Quality, Remark
from domain.quality.ground import Ground
from domain.quality.judging import judge

__all__ = ["Finding", "Ground", "Opinion", "Quality", "Remark", "judge"]

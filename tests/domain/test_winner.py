"""The winner of two subjects: no more false ones than promised, and a real difference is found."""

from __future__ import annotations

import random
from math import erfc, sqrt

import pytest

from domain.winner import ALPHA, Tally, decide

RUNS = 2_000


def tallies(rng: random.Random, people: int, a: float, b: float) -> tuple[Tally, Tally]:
    return Tally(people, draws(rng, people, a)), Tally(people, draws(rng, people, b))


def draws(rng: random.Random, people: int, share: float) -> int:
    return sum(rng.random() < share for _ in range(people))


@pytest.mark.parametrize(("people", "share"), [(150, 0.2), (400, 0.35), (400, 0.03)])
def test_two_equal_subjects_have_a_winner_in_a_twentieth_of_tests_at_most(people: int, share: float) -> None:
    rng = random.Random(187)
    verdicts = [decide(*tallies(rng, people, share, share)) for _ in range(RUNS)]
    assert sum(one.significant for one in verdicts) / RUNS <= ALPHA
    assert sum(one.winner == "b" for one in verdicts) / RUNS <= ALPHA / 2 + 0.01


def test_looking_again_and_again_would_find_far_more_false_winners() -> None:
    """Why there is one look: the control of the promise above."""
    rng = random.Random(187)
    found = 0
    for _ in range(400):
        a = b = 0
        for look in range(1, 21):
            a, b = a + draws(rng, 50, 0.2), b + draws(rng, 50, 0.2)
            if decide(Tally(look * 50, a), Tally(look * 50, b)).significant:
                found += 1
                break
    assert found / 400 > 2 * ALPHA


def test_a_better_second_subject_is_found() -> None:
    rng = random.Random(1)
    verdicts = [decide(*tallies(rng, 1_000, 0.20, 0.28)) for _ in range(200)]
    assert sum(one.winner == "b" for one in verdicts) / 200 > 0.9


def test_a_better_control_stays() -> None:
    verdict = decide(Tally(1_000, 300), Tally(1_000, 200))
    assert (verdict.winner, verdict.significant) == ("a", True)


def test_the_test_is_the_chi_square_test_with_its_correction() -> None:
    """The same question by the other formula, n (|ad - bc| - n/2)^2 / (product of the margins), worked out by hand."""
    verdict = decide(Tally(100, 80), Tally(100, 90))
    chi = 200 * (abs(80 * 10 - 20 * 90) - 100) ** 2 / (100 * 100 * 170 * 30)
    assert verdict.p_value == pytest.approx(erfc(sqrt(chi / 2)))
    assert not verdict.significant


@pytest.mark.parametrize(("a", "b"), [((0, 0), (0, 0)), ((10, 0), (0, 0)), ((10, 0), (10, 1)), ((50, 50), (50, 50))])
def test_too_few_to_say_anything_leaves_the_control(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert decide(Tally(*a), Tally(*b)).winner == "a"

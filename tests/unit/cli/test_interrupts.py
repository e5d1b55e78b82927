"""An interrupt never arrives in the middle of a write."""

from __future__ import annotations

import contextlib
import signal

import pytest

from framesift.cli.interrupts import InterruptGuard

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def _interrupted(steps: list[str], *, shields: int, number: signal.Signals) -> None:
    """Interrupt inside so many shields and note how far each level gets."""
    with InterruptGuard() as guard:
        with contextlib.ExitStack() as stack:
            for _ in range(shields):
                stack.enter_context(guard.shielded())
            signal.raise_signal(number)
            steps.append("written")
        steps.append("after the shield")


def _interrupted_in_the_inner_of_two(steps: list[str]) -> None:
    with InterruptGuard() as guard, guard.shielded():
        with guard.shielded():
            signal.raise_signal(signal.SIGINT)
        steps.append("inner ended")


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(("shields", "reached"), [(0, []), (1, ["written"]), (2, ["written"])])
def test_an_interrupt_waits_for_the_end_of_a_shield(
    shields: int, reached: list[str], number: signal.Signals
) -> None:
    steps: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(steps, shields=shields, number=number)
    assert steps == reached


def test_nested_shields_hold_until_the_outermost_ends() -> None:
    steps: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted_in_the_inner_of_two(steps)
    assert steps == ["inner ended"]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_previous_handler_comes_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with InterruptGuard():
        assert signal.getsignal(number) != before
    assert signal.getsignal(number) == before

"""What the engine answers on whole scenarios, to the byte: figures, reasons, evidence and French."""

import pytest

from tests.operators.golden.scenarios import HERE, SCENARIOS, frozen, said


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_frozen(name: str) -> None:
    assert frozen(name) == (HERE / f"{name}.json").read_text()


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_said(name: str) -> None:
    assert said(name) == (HERE / f"{name}.txt").read_text()

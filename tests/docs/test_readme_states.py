"""The README draws the states of a departure as the code has them."""

from doc_parts import README, made, written


def test_the_diagram_is_the_transition_table() -> None:
    drawn = written(README.read_text(encoding="utf-8"), "states")
    assert drawn == made("states"), "the README's diagram is out of date: make docs"

"""One error, two errors."""

from pipeline.mapping.wording import and_more, counted


def test_numbers_in_sentences() -> None:
    assert [counted(number, "row") for number in (0, 1, 1200)] == ["0 rows", "1 row", "1,200 rows"]
    assert [and_more(number) for number in (0, 1, 3)] == ["", " (and 1 more)", " (and 3 more)"]

"""Which scenes are shown, how many bytes each may take, and what is said of them."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.report import Report
from pipeline.reporting.viewer.scene_choice import chosen_scenes, shares, spread
from pipeline.reporting.viewer.scene_notes import Standing, notes_of, scene_note

NAMES = [f"s{n:02d}" for n in range(20)]


def test_all_scenes_where_they_are_few() -> None:
    assert chosen_scenes(["b", "a"], {}, 2) == ["a", "b"]


def test_worst_best_and_a_spread_of_the_others() -> None:
    """Eight of twenty: two worst, two best, and the 1st, 6th, 11th and 16th of sixteen left."""
    scores = {name: (n * 7 % 20) / 20 for n, name in enumerate(NAMES)}
    assert sorted(scores, key=lambda name: scores[name])[:2] == ["s00", "s03"]
    assert sorted(scores, key=lambda name: scores[name])[-2:] == ["s14", "s17"]
    rest = [name for name in NAMES if name not in {"s00", "s03", "s14", "s17"}]
    expected = {"s00", "s03", "s14", "s17", rest[0], rest[5], rest[10], rest[15]}
    assert chosen_scenes(NAMES, scores, 8) == sorted(expected)


def test_without_scores_scenes_are_spread() -> None:
    assert chosen_scenes(NAMES, {}, 3) == ["s00", "s09", "s19"]
    assert spread(NAMES, 1) == ["s00"]
    assert spread(NAMES, 0) == []


@given(st.sets(st.text(max_size=3), max_size=30), st.integers(1, 12), st.data())
def test_as_many_scenes_as_allowed(names: set[str], most: int, data: st.DataObject) -> None:
    scored = data.draw(st.sets(st.sampled_from(sorted(names)))) if names else set()
    found = chosen_scenes(sorted(names), {name: len(name) / 3 for name in scored}, most)
    assert len(found) == min(most, len(names))
    assert set(found) <= names
    assert found == sorted(set(found))


def test_larger_scenes_may_take_more() -> None:
    """0.3 of 1000 is dealt out evenly; of the rest one of three sides goes to the smaller."""
    found = shares({"a": (10, 10), "b": (40, 10)}, 1000)
    assert found == {"a": int(150 + 700 / 3), "b": int(150 + 1400 / 3)}


def test_what_is_said_of_a_scene() -> None:
    roles = {"a": "train", "b": "test", "c": "unused"}
    standing = Standing(roles, {"a": 2}, {"a": 0.126, "b": 1.0}, frozenset({"a"}))
    assert scene_note("a", standing) == (
        "held out in fold 2, mean Jaccard 0.13, labels say nothing of some ground"
    )
    assert scene_note("b", standing) == "test scene, mean Jaccard 1.00"
    assert scene_note("c", standing) == ""


def test_what_is_said_of_scenes_that_are_not_shown() -> None:
    assert len(notes_of(5, 5, 5, Report(), held_out=True)) == 1
    assert notes_of(1, 1, 1, Report(), held_out=True)[0].startswith("1 scene with")
    alone = notes_of(1, 1, 1, Report(), held_out=False)
    assert "not trained on them" in notes_of(1, 1, 1, Report(), held_out=True)[0]
    assert "trained" not in alone[0]
    wished = notes_of(60, 40, 40, Report(), held_out=True)
    assert wished[1].startswith("20 of 60 scenes are not shown: report.scenes allows 40.")
    crowded = notes_of(60, 30, 28, Report(megabytes=2), held_out=True)
    assert crowded[1].startswith("30 of 60 scenes are not shown: report.megabytes allows 30.")
    assert crowded[2].startswith("2 more did not fit into report.megabytes (2):")

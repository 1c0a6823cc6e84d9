"""Every vector at once says what one case says, stands where it is said to stand, and is counted once."""

import random
from datetime import date
from itertools import permutations, product

import numpy as np
import pytest

from licensing.policy.classes import Space, known
from licensing.policy.comparison import compare
from licensing.policy.whole import Box, Whole, cover, grouped, united
from tests.policy import generated, plain
from tests.policy.drafts import another, draft, first

DAYS = (
    date(2025, 4, 4),
    date(2025, 10, 20),
    date(2025, 12, 5),
    date(2026, 1, 20),
    date(2026, 11, 11),
    date(2026, 12, 1),
)


@pytest.fixture(scope="module")
def all_of_first():
    return Whole(Space(first()))


def drawn(whole, count, seed=6):
    sizes = [len(dimension.classes) for dimension in whole.space.dimensions]
    return np.random.default_rng(seed).integers(0, sizes, (count, len(sizes)))


def differing(whole, vectors):
    """Vectors of which the masks say something else than `assess` says of their facts."""
    (compiled,), source = whole.space.editions, random.Random(6)
    for vector, row in zip(vectors, whole.at(vectors), strict=True):
        on, (mask, unlisted) = source.choice(DAYS), whole.masks.of(0, row[None])[0]
        facts = known(whole.space.said(vector), compiled.edition)
        if compiled.outcome(mask & compiled.active(on, "new"), unlisted=unlisted) != compiled.assess(facts, on=on):
            yield facts, on


def test_thirty_thousand_drawn_vectors_come_out_as_one_case_does(all_of_first):
    vectors = drawn(all_of_first, 30_000)
    assert list(differing(all_of_first, vectors)) == []
    rows = {row.tobytes() for row in all_of_first.rows}
    assert all(row.tobytes() in rows for row in all_of_first.at(vectors))


def test_and_as_the_plain_evaluator_says(all_of_first):
    source = random.Random(7)
    for vector in drawn(all_of_first, 800):
        said, on = all_of_first.space.said(vector), source.choice(DAYS)
        asked = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
        mask, unlisted = all_of_first.masks.of(0, all_of_first.at(vector[None]))[0]
        found = first().outcome(mask & first().active(on, "new"), unlisted=unlisted)
        evaluated = plain.outcome(generated.FIRST, asked, on)
        assert {name: getattr(found, name) for name in ("controlled", "disposition", "clock")} == {
            name: evaluated[name] for name in ("controlled", "disposition", "clock")
        }
        assert [list(found.channels), list(found.requires), list(found.matched)] == [
            evaluated["channels"],
            evaluated["requires"],
            evaluated["matched"],
        ]


def test_every_vector_is_counted_once(all_of_first):
    assert int(all_of_first.counts.sum()) == all_of_first.space.size == 811_008
    assert len(all_of_first.rows) == len({row.tobytes() for row in all_of_first.rows}) < 10_000

    def few(rules, document):
        document["rules"] = [rules[name] for name in ("R001", "R021", "R030")]
        document["windows"] = []

    small = Whole(Space(draft(few)))
    vectors = np.array(list(product(*(range(len(one.classes)) for one in small.space.dimensions))))
    one_by_one = [row.tobytes() for row in small.at(vectors)]
    assert len(vectors) == small.space.size
    assert {row.tobytes(): int(count) for row, count in zip(small.rows, small.counts, strict=True)} == {
        row: one_by_one.count(row) for row in one_by_one
    }


def test_each_row_has_a_vector_of_its_own(all_of_first):
    some = range(0, len(all_of_first.rows), 7)
    vectors = np.array([all_of_first.vector(row) for row in some])
    assert (all_of_first.at(vectors) == all_of_first.rows[list(some)]).all()


def test_an_edition_may_have_more_rules_than_a_word_has_bits():
    def many(rules, document):
        for at in range(100):
            another(
                rules, document, f"R{at + 100}", "R045", match={"end_use.code": [sorted(document["end_uses"])[at % 21]]}
            )

    whole = Whole(Space(draft(many)))
    assert whole.rows.shape[1] == 3 and int(whole.counts.sum()) == whole.space.size
    assert list(differing(whole, drawn(whole, 500))) == []
    bits = whole.masks.bits(0, whole.rows)
    for row in range(0, len(bits), 997):
        mask, unlisted = whole.masks.of(0, whole.rows[[row]])[0]
        assert [bool(mask >> at & 1) for at in range(132)] + [unlisted] == bits[row].tolist()


def test_boxes_hold_the_rows_of_a_label_and_no_others(all_of_first):
    military = [at for at, rule in enumerate(first().rules) if rule.id == "R045"][0]
    controlled = [at for at, rule in enumerate(first().rules) if rule.id == "R001"][0]
    bits = all_of_first.masks.bits(0, all_of_first.rows)
    labels = np.where(bits[:, military], 1, 0) + np.where(bits[:, controlled], 2, 0)
    map_ = all_of_first.boxes(labels)
    assert [dimension.fact for dimension in map_.dimensions] == ["item.control_code", "end_user.class"]
    (both,) = map_.of(np.array([False, False, False, True]))
    assert [(dimension.fact, len(classes)) for dimension, classes in both.sides] == [
        ("item.control_code", 2),
        ("end_user.class", 1),
    ]
    either = map_.of(np.array([False, True, True, True]))
    assert len(either) == 2 and all(len(box.sides) == 1 for box in either)
    assert all_of_first.boxes(np.zeros(len(labels), np.int64)).of(np.array([True]))[0].sides == ()


def places(box, dimensions):
    """Which classes of each dimension a box holds."""
    sides = {dimension.fact: classes for dimension, classes in box.sides}
    return [
        [at for at, one in enumerate(dimension.classes) if one in sides.get(dimension.fact, dimension.classes)]
        for dimension in dimensions
    ]


def written(whole, labels):
    """The label of every vector of a space, one by one."""
    shape = [len(dimension.classes) for dimension in whole.space.dimensions]
    vectors = np.array(list(np.ndindex(*shape)))
    of_row = {row.tobytes(): int(label) for row, label in zip(whole.rows, labels, strict=True)}
    return np.array([of_row[row.tobytes()] for row in whole.at(vectors)]).reshape(shape)


def test_boxes_are_those_that_the_map_written_out_would_have():
    def few(rules, document):
        document["rules"] = [rules[name] for name in ("R001", "R021", "R030", "R031", "R032", "R044")]
        document["windows"] = []

    small, source = Whole(Space(draft(few))), np.random.default_rng(6)
    bits = small.masks.bits(0, small.rows).astype(np.int64)
    at_random = [source.integers(0, many, len(small.rows)) for many in (2, 3, 5, 8)]
    of_rules = [np.minimum(bits[:, list(pair)].sum(1), 1) + bits[:, one] for one, *pair in permutations(range(6), 3)]
    for labels in (*at_random, *of_rules):
        cells, boxes = written(small, labels), small.boxes(labels)
        for label in range(labels.max() + 1):
            found = [places(box, small.space.dimensions) for box in boxes.of(np.arange(labels.max() + 1) == label)]
            assert found == [[sorted(side) for side in sides] for sides in cover(cells == label)]


@pytest.mark.slow
def test_only_what_a_region_tells_apart_is_written_out(monkeypatch):
    """Five rules, each of one country, have a map of 12 million cells."""
    rules_of = [
        ("DE", "R045", {"end_user.class": ["government"], "end_use.code": ["CIV_AUTO", "RESEARCH"]}),
        ("FR", "R043", {"end_use.code": ["CIV_WIND"], "screening.hit": ["watch_list"]}),
        ("IT", "R043", {"item.element": ["Dy", "Tb"], "end_user.class": ["academic"]}),
        ("KR", "R043", {"item.category": ["oxide"], "end_user.validated": False}),
        ("VN", "R045", {"item.control_code_prefix": ["1C905"], "transaction.purpose": ["sale"]}),
    ]

    def five(rules, document):
        for country, like, match in rules_of:
            another(rules, document, f"R-{country}", like, match={"destination.country": [country], **match})

    sizes = []

    def counted(cells, of=()):
        sizes.append(cells.size)
        return cover(cells, of)

    monkeypatch.setattr("licensing.policy.whole.cover", counted)
    found = compare(first(), draft(five))
    assert found.size > 20_000_000 and len(found.regions) > 80
    assert max(sizes) < 100_000


def test_boxes_cover_any_cells_exactly():
    source = np.random.default_rng(6)
    for _ in range(60):
        cells = source.random((4, 3, 5)) < source.random()
        covered = np.zeros_like(cells)
        for sides in cover(cells):
            assert cells[np.ix_(*sides)].all()
            covered[np.ix_(*sides)] = True
        assert (covered == cells).all()


def held_by(boxes, dimensions):
    cells = np.zeros([len(dimension.classes) for dimension in dimensions], bool)
    for box in boxes:
        cells[np.ix_(*places(box, dimensions))] = True
    return cells


def test_boxes_united_hold_the_same_in_few(all_of_first, monkeypatch):
    source, dimensions = random.Random(7), all_of_first.space.dimensions[5:9]
    for _ in range(20):
        boxes = [
            Box(
                tuple(
                    (one, tuple(source.sample(one.classes, source.randint(1, len(one.classes)))))
                    for one in source.sample(dimensions, 2)
                )
            )
            for _ in range(4)
        ]
        assert (held_by(united(boxes), dimensions) == held_by(boxes, dimensions)).all()
    side = dimensions[0]
    halves = [Box(((side, side.classes[:1]),)), Box(((side, side.classes[1:]),))]
    assert united(halves) == [Box(())]
    monkeypatch.setattr("licensing.policy.whole.LARGEST_MAP", 1)
    assert united(halves) == halves  # of too large a map they stand as they are


def test_equal_rows_are_one():
    rows = np.array([[1, 2], [0, 5], [1, 2], [2**64 - 1, 0], [0, 5]], np.uint64)
    first_of, which = grouped(rows)
    assert sorted(first_of) == [0, 1, 3] and (rows[first_of][which] == rows).all()


def test_a_space_that_is_too_large_is_drawn_from_and_says_so(all_of_first):
    sample = Whole(Space(first()), largest=811_007, drawn=5_000)
    assert sample.sampled and not all_of_first.sampled
    assert int(sample.counts.sum()) == 5_000
    rows = {row.tobytes() for row in all_of_first.rows}
    assert {row.tobytes() for row in sample.rows} < rows
    vectors = np.array([sample.vector(row) for row in range(len(sample.rows))])
    assert (sample.at(vectors) == sample.rows).all()
    again = Whole(Space(first()), largest=811_007, drawn=5_000)
    assert (again.rows == sample.rows).all() and (again.counts == sample.counts).all()
    labels = np.zeros(len(sample.rows), np.int64)
    labels[0] = 1
    (box,) = sample.boxes(labels).of(np.array([False, True]))
    at = sample.vector(0)
    for dimension, classes in box.sides:
        assert dimension.classes[at[sample.space.dimensions.index(dimension)]] in classes


def test_not_a_vector_too_large_is_compared_whole(all_of_first):
    assert not Whole(Space(first()), largest=811_008).sampled

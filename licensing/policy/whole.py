"""Every vector of a space at once: which rules match, as rows of masks, and where in the space each row stands.

The vectors are never written out. Dimensions are taken one after the other; what came to the same mask so far goes on
as one node with the count of its vectors. So the rows at the end are the distinct masks of all vectors, exactly, and
the way there says which vectors they are. A space that is too large is drawn from instead, and says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licensing.policy.classes import LARGEST, Class, Dimension, Space

Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]
Bools = NDArray[np.bool_]

DRAWN = 200_000  # vectors of a space that is too large
BITS = 64
LARGEST_MAP = 2_000_000  # cells of a map that is written out


def grouped(rows: NDArray[Any]) -> tuple[Numbers, Numbers]:
    """Of the distinct rows, where each stands first; and for each row, which of the distinct ones it is."""
    which = np.zeros(len(rows), np.int64)
    for column in rows.T:
        values, place = np.unique(column, return_inverse=True)
        which = np.unique(which * len(values) + place, return_inverse=True)[1]
    return np.unique(which, return_index=True)[1], which


@dataclass(frozen=True)
class Box:
    """Of some dimensions some of their classes, in any combination; a dimension that is not here says nothing."""

    sides: tuple[tuple[Dimension, tuple[Class, ...]], ...]


class Masks:
    """How a mask of each edition and its `unlisted` (a bit above its rules) stand side by side in words."""

    def __init__(self, space: Space) -> None:
        self.rules = [len(compiled.rules) for compiled in space.editions]
        self.widths = [count // BITS + 1 for count in self.rules]

    def words(self, masks: Sequence[int], unlisted: Sequence[bool]) -> Words:
        """One row."""
        found: list[int] = []
        for mask, out, count, width in zip(masks, unlisted, self.rules, self.widths, strict=True):
            bits = mask & ((1 << count) - 1) | out << count
            found += [bits >> BITS * at & (1 << BITS) - 1 for at in range(width)]
        return np.array(found, np.uint64)

    def of(self, edition: int, rows: Words) -> list[tuple[int, bool]]:
        """What `words` was given for one edition, of each row."""
        first, count = sum(self.widths[:edition]), self.rules[edition]
        octets = rows[:, first : first + self.widths[edition]].astype("<u8").tobytes()
        size = BITS // 8 * self.widths[edition]
        found = (int.from_bytes(octets[at : at + size], "little") for at in range(0, len(octets), size))
        return [(bits & ((1 << count) - 1), bool(bits >> count)) for bits in found]

    def bits(self, edition: int, rows: Words) -> Bools:
        """A column for each rule of one edition, and one for `unlisted`."""
        first = sum(self.widths[:edition])
        octets = rows[:, first : first + self.widths[edition]].astype("<u8").view(np.uint8)
        return np.unpackbits(octets, axis=1, count=self.rules[edition] + 1, bitorder="little").astype(bool)


class Whole:
    """The rows of a space: distinct `masks`, how many vectors have each (`counts`), and whether they are a sample."""

    def __init__(self, space: Space, *, largest: int = LARGEST, drawn: int = DRAWN, seed: int = 1) -> None:
        self.space, self.masks = space, Masks(space)
        self._tables = [
            np.array([self._of_class(at, one) for one in dimension.classes], np.uint64)
            for at, dimension in enumerate(space.dimensions)
        ]
        self.sampled = space.size > largest
        if self.sampled:
            self._draw(drawn, seed)
        else:
            self._fold()

    def _of_class(self, dimension: int, one: Class) -> Words:
        unlisted = one.unlisted if dimension == 0 else [True] * len(one.unlisted)  # the item alone says it
        return self.masks.words([~mask for mask in one.failing], unlisted)

    def _fold(self) -> None:
        self.rows = np.full((1, sum(self.masks.widths)), ~np.uint64(0))
        self.counts = np.ones(1, np.int64)
        self._steps: list[Numbers] = []  # of each dimension: node x class -> node
        self._first: list[Numbers] = []  # and for each node that comes out, one node x class that leads to it
        for table in self._tables:
            rows = (self.rows[:, None, :] & table[None]).reshape(-1, self.rows.shape[1])
            first, which = grouped(rows)
            counts = np.zeros(len(first), np.int64)
            np.add.at(counts, which, np.repeat(self.counts, len(table)))
            self._steps.append(which.reshape(-1, len(table)))
            self._first.append(first)
            self.rows, self.counts = rows[first], counts

    def _draw(self, drawn: int, seed: int) -> None:
        source = np.random.default_rng(seed)
        self._vectors = source.integers(0, [len(table) for table in self._tables], (drawn, len(self._tables)))
        rows = self.at(self._vectors)
        first, self._which = grouped(rows)
        self.rows, self.counts = rows[first], np.bincount(self._which)
        self._first = [first]

    def at(self, vectors: Numbers) -> Words:
        """The words of these vectors, each given by the places of its classes."""
        rows = np.full((len(vectors), sum(self.masks.widths)), ~np.uint64(0))
        for table, places in zip(self._tables, vectors.T, strict=True):
            rows &= table[places]
        return rows

    def vector(self, row: int) -> list[int]:
        """A vector of this row."""
        if self.sampled:
            return [int(place) for place in self._vectors[self._first[0][row]]]
        found: list[int] = []
        for first, table in zip(reversed(self._first), reversed(self._tables), strict=True):
            row, place = divmod(int(first[row]), len(table))
            found.append(place)
        return found[::-1]

    def boxes(self, labels: Numbers) -> "Boxes":
        """Where in the space the rows of each label stand."""
        if self.sampled:
            return Seen(self, labels)
        return Boxes(self, labels)


class Boxes:
    """A map of labels over the dimensions on which they hang, kept as nodes: whole it may be too large."""

    def __init__(self, whole: Whole, labels: Numbers) -> None:
        self.dimensions, self._steps, labels = _folded(whole.space.dimensions, whole._steps, labels)
        self._root = labels[0]

    def of(self, wanted: Bools) -> list[Box]:
        """Few boxes that hold the rows of the wanted labels and no others.

        Written out is where these alone stand, classes that they do not tell apart as one.
        """
        dimensions, steps, labels = _folded(self.dimensions, self._steps, wanted)
        alike, cells = [_alike(step) for step in steps], labels[self._root]
        for step, lots in zip(steps, alike, strict=True):
            cells = step[:, [lot[0] for lot in lots]][cells]
        sizes = [[len(lot) for lot in lots] for lots in alike]
        return [
            _box(
                dimensions, [[at for lot in side for at in lots[lot]] for side, lots in zip(sides, alike, strict=True)]
            )
            for sides in cover(np.asarray(cells), sizes)
        ]


def _folded(
    dimensions: Sequence[Dimension], steps: Sequence[Numbers], labels: NDArray[Any]
) -> tuple[list[Dimension], list[NDArray[Any]], NDArray[Any]]:
    """The dimensions on which these labels hang, and their steps, in which nodes from which the same follows are one;
    and which of these each first node is. Where they hang on none, it is the label itself."""
    kept: list[tuple[Dimension, NDArray[Any]]] = []
    for step, dimension in zip(reversed(steps), reversed(dimensions), strict=True):
        first, labels_before = grouped(labels[step])
        merged = labels[step][first]
        if (merged == merged[:, :1]).all():
            labels = merged[labels_before, 0]
            continue
        labels = labels_before
        kept.insert(0, (dimension, merged))
    return [dimension for dimension, _ in kept], [step for _, step in kept], labels


def _alike(step: NDArray[Any]) -> list[list[int]]:
    """The classes from which the same follows, in the order of the first of each."""
    lots: dict[bytes, list[int]] = {}
    for at, column in enumerate(step.T):
        lots.setdefault(column.tobytes(), []).append(at)
    return list(lots.values())


class Seen(Boxes):
    """Of a sample: one box around the vectors that were drawn."""

    def __init__(self, whole: Whole, labels: Numbers) -> None:
        self.dimensions = list(whole.space.dimensions)
        self._vectors, self._labels = whole._vectors, labels[whole._which]

    def of(self, wanted: Bools) -> list[Box]:
        sides = [[int(at) for at in np.unique(column)] for column in self._vectors[wanted[self._labels]].T]
        return [_box(self.dimensions, sides)]


def _box(dimensions: Sequence[Dimension], sides: list[list[int]]) -> Box:
    return Box(
        tuple(
            (dimension, tuple(dimension.classes[at] for at in sorted(side)))
            for dimension, side in zip(dimensions, sides, strict=True)
            if len(side) < len(dimension.classes)
        )
    )


def cover(cells: Bools, sizes: Sequence[Sequence[int]] = ()) -> Iterator[list[list[int]]]:
    """Boxes that hold every true cell and no other: each grows from the first cell left, as far as it can.

    sizes: for how many each place of each axis stands; one when it is not said.
    """
    sizes = sizes or [[1] * length for length in cells.shape]
    left = cells.copy()
    while left.any():
        corner = [[int(at)] for at in np.unravel_index(int(left.argmax()), left.shape)]
        ways = (range(cells.ndim), range(cells.ndim - 1, -1, -1))
        sides = max((_grown(cells, corner, way) for way in ways), key=lambda sides: _size(sides, sizes))
        left[np.ix_(*sides)] = False
        yield sides


def _size(sides: Sequence[Sequence[int]], sizes: Sequence[Sequence[int]]) -> int:
    return prod(sum(of[at] for at in side) for side, of in zip(sides, sizes, strict=True))


def _grown(cells: Bools, corner: list[list[int]], way: Sequence[int]) -> list[list[int]]:
    sides = [list(side) for side in corner]
    for axis in way:
        across = np.ix_(*sides[:axis], range(cells.shape[axis]), *sides[axis + 1 :])
        others = tuple(other for other in range(cells.ndim) if other != axis)
        sides[axis] += [int(at) for at in np.flatnonzero(cells[across].all(others)) if at not in sides[axis]]
    return sides


def united(boxes: Sequence[Box]) -> list[Box]:
    """Few boxes that hold what these hold and no more. They are of one space."""
    dimensions = list({dimension.fact: dimension for box in boxes for dimension, _ in box.sides}.values())
    shape = [len(dimension.classes) for dimension in dimensions]
    if prod(shape) > LARGEST_MAP:
        return list(boxes)
    cells = np.zeros(shape, bool)
    places = [{id(one): at for at, one in enumerate(dimension.classes)} for dimension in dimensions]
    for box in boxes:
        sides = {dimension.fact: classes for dimension, classes in box.sides}
        cells[
            np.ix_(
                *(
                    [place[id(one)] for one in sides.get(dimension.fact, dimension.classes)]
                    for place, dimension in zip(places, dimensions, strict=True)
                )
            )
        ] = True
    return [_box(dimensions, sides) for sides in cover(cells)]

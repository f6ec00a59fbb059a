"""The maps of a guide: how many offers cover each commune, where some hold. No query."""

import itertools
from collections.abc import Collection, Sequence

from common.french import NBSP, plural
from operators.guide.parts import Layer, Map, Sheet, Town
from operators.guide.places import Places
from territories.dots import Dots

#: Number of kinds of dots → their shades, from the lightest (0) to the darkest (3): two must be told apart on paper.
SHADES = {1: (3,), 2: (0, 3), 3: (0, 2, 3), 4: (0, 1, 2, 3)}


class Drawing:
    """The communes of a department."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._dots = Dots(
            {
                rank: (commune.longitude, commune.latitude)
                for rank, commune in enumerate(places.communes)
                if commune.longitude is not None and commune.latitude is not None
            }
        )
        self.width, self.height, self.dot = self._dots.width, self._dots.height, self._dots.dot

    def path(self, ranks: Collection[int]) -> str:
        return self._dots.path(sorted(ranks))

    def towns(self) -> tuple[Town, ...]:
        """The chief towns of the department and of its arrondissements."""
        wanted = {self.places.department.chief_town_code} | {
            each.chief_town_code for each in self.places.arrondissements.values()
        }
        found = [rank for rank, commune in enumerate(self.places.communes) if commune.code in wanted]
        return tuple(
            Town(
                self.places.communes[rank].name, *self._dots.points[rank], self._dots.points[rank][0] > self.width * 0.6
            )
            for rank in found
            if rank in self._dots.points
        )

    def by_count(self, sheets: Sequence[Sheet]) -> Map:
        """How many of these offers cover each commune, in four shades at most."""
        counts = counts_of(self.places, sheets)
        layers = []
        found = steps(counts)
        for shade, (low, high) in zip(SHADES[len(found)], found, strict=True):
            inside = [place for place, count in enumerate(counts) if low <= count <= high]
            words = plural(low, "offre") if low == high else f"{low} à {plural(high, 'offre')}"
            layers.append(Layer(shade, f"{words} ({plural(len(inside), 'commune')})", self.path(inside)))
        text = f"Carte des communes {self.places.department.of}, selon le nombre d’offres locales de leur territoire"
        summary = f"{text}{NBSP}: {', '.join(layer.words for layer in layers)}."
        return Map(self.width, self.height, self.dot, tuple(layers), self.towns(), summary)

    def of_some(self, covered: tuple[int, ...], sheets: tuple[Sheet, ...]) -> Map:
        """Where offers that do not cover the whole department hold."""
        others = set(range(len(self.places.communes))).difference(covered)
        layers = (Layer(0, "Communes non couvertes", self.path(others)), Layer(3, "Couvertes", self.path(covered)))
        text = f"Carte des communes couvertes{NBSP}: {sheets[0].reach}."
        return Map(self.width, self.height, self.dot, layers, (), text, sheets)


def counts_of(places: Places, sheets: Sequence[Sheet]) -> list[int]:
    counts = [0] * len(places.communes)
    for sheet in sheets:
        for rank in sheet.covered:
            counts[rank] += 1
    return counts


def steps(counts: Sequence[int]) -> list[tuple[int, int]]:
    """At most four intervals, each with as many values as the others."""
    values = sorted(set(counts))
    if len(values) <= 4:
        return [(value, value) for value in values]
    bounds = [round(part * len(values) / 4) for part in range(5)]
    return [(values[low], values[high - 1]) for low, high in itertools.pairwise(bounds)]

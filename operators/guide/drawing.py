"""Maps of dots: each commune at its centre, one path for all those drawn alike. No outline, no query, no script."""

import itertools
import math
from collections.abc import Collection, Sequence

from common.french import NBSP, plural
from operators.guide.parts import Layer, Map, Sheet, Town
from operators.guide.places import Commune, Places

WIDTH, MARGIN, TALLEST = 600, 24, 620
#: Number of kinds of dots → their shades, from the lightest (0) to the darkest (3): two must be told apart on paper.
SHADES = {1: (3,), 2: (0, 3), 3: (0, 2, 3), 4: (0, 1, 2, 3)}


class Drawing:
    """The communes of a department, projected flat: longitudes shortened by the cosine of the latitude."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._placed = [rank for rank, commune in enumerate(places.communes) if commune.latitude is not None]
        latitudes = [places.communes[rank].latitude or 0.0 for rank in self._placed]
        narrowed = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
        flat = [_flat(places.communes[rank], narrowed) for rank in self._placed]
        left, right = min(x for x, _ in flat), max(x for x, _ in flat)
        low, high = min(y for _, y in flat), max(y for _, y in flat)
        scale = min((WIDTH - 2 * MARGIN) / max(right - left, 1e-6), (TALLEST - 2 * MARGIN) / max(high - low, 1e-6))
        self.width = round((right - left) * scale) + 2 * MARGIN
        self.height = round((high - low) * scale) + 2 * MARGIN
        self._points = {
            rank: (round((x - left) * scale + MARGIN, 1), round((high - y) * scale + MARGIN, 1))
            for rank, (x, y) in zip(self._placed, flat, strict=True)
        }
        self.dot = round(max(5.0, min(16.0, 0.55 * math.sqrt(self.width * self.height / len(self._placed)))), 1)

    def path(self, ranks: Collection[int]) -> str:
        return "".join("M{} {}h.01".format(*self._points[rank]) for rank in sorted(ranks) if rank in self._points)

    def towns(self) -> tuple[Town, ...]:
        """The chief towns of the department and of its arrondissements."""
        wanted = {self.places.department.chief_town_code} | {
            each.chief_town_code for each in self.places.arrondissements.values()
        }
        found = [rank for rank, commune in enumerate(self.places.communes) if commune.code in wanted]
        return tuple(
            Town(self.places.communes[rank].name, *self._points[rank], self._points[rank][0] > self.width * 0.6)
            for rank in found
            if rank in self._points
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


def _flat(commune: Commune, narrowed: float) -> tuple[float, float]:
    return (commune.longitude or 0.0) * narrowed, commune.latitude or 0.0


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

"""The words of the generated lives: what mayors write, what agents answer, names of plants for everybody."""

import csv
import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody asks for: in which subject, for which kind of body, where it may be said."""

    subject: str
    #: Kind of body: a commune doesn't ask for what belongs to its grouping, nor the other way round.
    body: str
    #: « tiny » and « small » places, « town »; empty: any.
    size: str
    #: « mainland » (seasons, heating, old stones), « mountain »; empty: anywhere.
    where: str
    #: What the desk cannot answer: code of a ``Redirection``.
    elsewhere: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """``fixtures/demo/needs.csv`` and ``lives.toml``."""

    needs: tuple[Need, ...]
    texts: Mapping[str, Any]

    def of(self, subject: str, kind: str, rng: random.Random) -> str:
        """One of the sentences of that kind (« proposals », « steps », « endings ») about the subject."""
        return str(rng.choice(self.texts["subjects"][subject][kind]))

    def one(self, kind: str, rng: random.Random) -> Any:
        return rng.choice(self.texts[kind])

    def person(self, seed: str) -> str:
        """« Mme Agathe Abricotier »: always the same for one seed."""
        rng = random.Random(seed)  # noqa: S311  (a demonstration)
        civility = rng.choice(("Mme", "M."))
        first: Sequence[str] = self.texts["women" if civility == "Mme" else "men"]
        return f"{civility} {rng.choice(first)} {rng.choice(self.texts['surnames'])}"


def load(folder: Path | None = None) -> Words:
    """The words as the fixtures hold them."""
    folder = folder or settings.BASE_DIR / "fixtures" / "demo"
    with (folder / "needs.csv").open(encoding="utf-8", newline="") as lines:
        needs = tuple(
            Need(
                subject=row["subject"],
                body=row["body"],
                size=row["size"],
                where=row["where"],
                elsewhere=row["elsewhere"],
                title=row["title"],
                text=row["need"],
            )
            for row in csv.DictReader(lines)
        )
    return Words(needs, tomllib.loads((folder / "lives.toml").read_text(encoding="utf-8")))

"""The means of the stories: people in office, a clock that is set to each date, and the services themselves."""

import bisect
import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from accounts.actors import actor_for
from accounts.models import Mandate, Organisation, SignatureAct
from accounts.services.people import ensure_person
from accounts.services.signatures import ActText, ensure_act
from common import clock
from common.actor import Actor, Matter, Role
from territories.models import Collectivity

NAMESPACE = uuid.UUID("1b0a2a4c-53d1-5d7a-8a35-0f2d5c9f6a11")
DOMAIN = "demo.example"

#: Department → (instructor, deputy): civility, first name, botanical surname. The prefects are Trembles and Aubiers.
AGENTS: dict[str, tuple[str, str]] = {
    "52": ("M. Éloi Bouleau", "Mme Rose Églantier"),
    "70": ("Mme Line Fusain", "M. Guy Hêtre"),
    "43": ("M. Jean Genévrier", "Mme Ève Troène"),
    "38": ("Mme Lise Sureau", "M. Noël Charmille"),
    "56": ("M. Yann Ajonc", "Mme Maud Bruyère-Blanche"),
    "31": ("Mme Ana Laurier-Rose", "M. Paul Cyprien-Olivier"),
    "12": ("M. Rémi Châtaignier", "Mme Zoé Néflier"),
    "08": ("Mme Inès Merisier", "M. Luc Sapin"),
    "973": ("M. Félix Wacapou", "Mme Nina Balata"),
    "974": ("Mme Flora Tamarin", "M. Axel Bois-de-Fer"),
    "58": ("M. Gilles Chêne", "Mme Aude Cornouiller"),
    "36": ("Mme Jade Aubépine", "M. Marc Prunellier"),
    "71": ("M. Simon Peuplier", "Mme Lucie Viorne"),
    "48": ("Mme Clara Pin", "M. Hugo Mûrier"),
    "15": ("M. Victor Gentiane", "Mme Alice Myrtille"),
    "23": ("Mme Sophie Houblon", "M. Denis Noisetier"),
    "29": ("M. Erwan Goémon", "Mme Soizic Lande"),
    "972": ("Mme Gina Fromager", "M. Théo Courbaril"),
    "67": ("M. Paul Houblonnier", "Mme Emma Mirabelle"),
    "976": ("Mme Sara Ylang", "M. Amin Vanillier"),
    "2B": ("M. Ange Arbousier", "Mme Lena Myrte"),
    "05": ("Mme Nora Arolle", "M. Jules Cembro"),
    "09": ("M. Pol Buisson", "Mme Léa Sorbe"),
    "90": ("", "M. Théo Saule-Blanc"),
    "971": ("Mme Rita Flamboyant", "M. Max Poirier-Pays"),
}


def key(name: str) -> uuid.UUID:
    """A stable submission key, so that the demonstration is made once."""
    return uuid.uuid5(NAMESPACE, name)


class Stage:
    """The cast: a mandate a person, found or engaged on demand."""

    def __init__(self) -> None:
        self._mandates: dict[str, Mandate] = {}
        self._desks: dict[str, tuple[Mandate, Mandate]] = {}
        self._actors: dict[tuple[int, int], Actor] = {}
        self._bounds: dict[int, list[dt.date]] = {}

    def account(self, name: str) -> Mandate:
        """A demonstration account: ``instructeur``, ``adjoint``, ``anct``…"""
        return self._cached(name, lambda: Mandate.objects.select_related("user").get(user__email=f"{name}@{DOMAIN}"))

    def _cached(self, name: str, find: Callable[[], Mandate]) -> Mandate:
        if name not in self._mandates:
            self._mandates[name] = find()
        return self._mandates[name]

    def engage(self, name: str, person: str, role: Role, function: str, **fields: Any) -> Mandate:
        """``person``: « Mme Jeanne Bruyère »; in office since 2020 unless told."""
        civility, first_name, last_name = person.split(" ", 2)
        return self._cached(
            name,
            lambda: ensure_person(
                email=f"{name}@{DOMAIN}",
                civility=civility,
                first_name=first_name,
                last_name=last_name,
                role=role,
                function=function,
                **{"starts_on": dt.date(2020, 5, 28), **fields},
            ),
        )

    def official(self, code: str, person: str, function: str = "maire", *, suffix: str = "", **fields: Any) -> Mandate:
        """The executive of a collectivity; two of them follow one another under two suffixes."""
        body = Collectivity.objects.get(code=code)
        return self.engage(f"elu{suffix}-{code.lower()}", person, Role.OFFICIAL, function, collectivity=body, **fields)

    def desk(self, department: str) -> tuple[Mandate, Mandate]:
        """The instructor and the deputy of a department; the deputy holds an act for every matter."""
        if department not in self._desks:
            self._desks[department] = self._desk(department)
        return self._desks[department]

    def _desk(self, department: str) -> tuple[Mandate, Mandate]:
        if department == "04":
            return self.account("instructeur"), self.account("adjoint")
        slug = department.lower()
        instructor_name, deputy_name = AGENTS[department]
        fields = {
            "department": department,
            "organisation": Organisation.objects.get(code=f"guichet-{slug}"),
            "starts_on": dt.date(2021, 1, 4),
        }
        if department == "90":
            instructor = self.account("instructeur2")
        else:
            instructor = self.engage(
                f"instruction-{slug}", instructor_name, Role.INSTRUCTOR, "instruction des demandes", **fields
            )
        deputy = self.engage(f"adjoint-{slug}", deputy_name, Role.DEPUTY, "direction départementale", **fields)
        if not SignatureAct.objects.filter(signatory=deputy).exists():
            prefect = self.engage(
                f"prefet-{slug}",
                f"M. Marc Tremble-{department}",
                Role.DELEGATE,
                "préfet",
                department=department,
                starts_on=dt.date(2021, 1, 4),
            )
            ensure_act(
                delegating=prefect,
                signatory=deputy,
                text=ActText(
                    number=f"{department}-2021-011",
                    gazette=f"RAA n° {department}-2021-003",
                    signed_on=dt.date(2021, 1, 11),
                    published_on=dt.date(2021, 1, 12),
                    starts_on=dt.date(2021, 1, 12),
                    quality_block="la directrice départementale adjointe"
                    if deputy.user.civility == "Mme"
                    else "le directeur départemental adjoint",
                    matters=tuple(Matter),
                ),
            )
        return instructor, deputy

    def actor(self, mandate: Mandate) -> Actor:
        """The person under that mandate, on the day the clock shows; read again only where his rights change."""
        day = clock.today()
        span = mandate.pk, bisect.bisect_right(self._turns(mandate), day)
        if span not in self._actors:
            self._actors[span] = actor_for(mandate.user, mandate, day)
        return replace(self._actors[span], on=day)

    def _turns(self, mandate: Mandate) -> list[dt.date]:
        """The days on which the rights of a mandate change: its own bounds, and those of the acts signed for it."""
        if mandate.pk not in self._bounds:
            acts = SignatureAct.objects.filter(signatory=mandate)
            bounds = acts.values_list("starts_on", "ends_on", "delegating__starts_on", "delegating__ends_on")
            days = {day for act in bounds for day in act if day}
            days |= {day for day in (mandate.starts_on, mandate.ends_on) if day}
            self._bounds[mandate.pk] = sorted(days)
        return self._bounds[mandate.pk]


def moment(date: str, zone: dt.tzinfo) -> dt.datetime:
    """« 2026-05-05 21:40 » or « 2026-05-05 » (ten o'clock), in that zone."""
    value = dt.datetime.fromisoformat(date)
    if len(date) == 10:
        value = value.replace(hour=10)
    return value.replace(tzinfo=zone)

"""Filters of the queue: explicit fields, French addresses, each shown as a tag that can be taken away (SCREENS 4).

Lists of choices are read once a page, by statements written once; a choice that is not in them is an error, never a
silent « all ».
"""

import re
from collections.abc import Sequence
from typing import Any

import django_filters
from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from accounts.models import Mandate, User
from common.actor import DESK_ROLES, Actor
from common.written import Written, kept
from operators.enums import Theme
from operators.models import Subject
from requests.enums import Channel, HolderChoices, StateChoices
from requests.models import SupportRequest
from requests.queue import COUNTERS, COUNTERS_BY_KEY, ENDED, ORDERS, ORDERS_BY_KEY, Order, current, my_turn
from requests.workflow import State
from territories.enums import CollectivityKind
from territories.models import Arrondissement, Collectivity, CollectivityDepartment
from territories.names import normalise, unaccented

#: What joins words in one: « centre-bourg », « d’eau ». The normal form has none of it.
INNER = re.compile(r"(?<=\w)[^\w\s\"]+(?=\w)")
REFERENCE = re.compile(r"[0-9]{4}-[0-9][0-9AB][0-9]?(-[0-9]{0,5})?", re.IGNORECASE)

Choices = Sequence[tuple[str, Any]]

#: Groups of states that a list may be narrowed to, beside each state.
ENDED_ONLY, EVERYTHING = "terminees", "toutes"
MINE, NOBODY = "moi", "personne"


def _states() -> Choices:
    real = [(state.value, label) for state, label in zip(StateChoices, StateChoices.labels, strict=True)]
    return [
        (ENDED_ONLY, "Terminées"),
        (EVERYTHING, "Toutes, terminées comprises"),
        *((value, label) for value, label in real if value != State.DRAFT.value),
    ]


class QueueFilter(django_filters.FilterSet):
    """Narrows what an actor sees. ``is_valid`` is false when an address names a choice that does not exist."""

    q = django_filters.CharFilter(label="Rechercher", method="search", max_length=120)
    vue = django_filters.ChoiceFilter(
        label="À traiter", choices=[(counter.key, counter.label) for counter in COUNTERS], method="of_counter"
    )
    etat = django_filters.ChoiceFilter(label="Étape", choices=_states(), method="in_state")
    theme = django_filters.ChoiceFilter(label="Thème", choices=Theme.choices, method="on_theme")
    sujet = django_filters.ChoiceFilter(label="Sujet", field_name="subject__code")
    arrondissement = django_filters.ChoiceFilter(label="Arrondissement", field_name="arrondissement_id")
    epci = django_filters.ChoiceFilter(label="Intercommunalité", method="in_grouping")
    interlocuteur = django_filters.ChoiceFilter(label="Interlocuteur", method="held_by")
    attente = django_filters.ChoiceFilter(
        label="En attente de", choices=[(MINE, "moi"), *HolderChoices.choices], method="waiting_for"
    )
    canal = django_filters.ChoiceFilter(label="Canal", choices=Channel.choices, field_name="channel")
    masquees = django_filters.ChoiceFilter(label="Masquées", choices=[("oui", "seulement")], method="hidden")
    ordre = django_filters.ChoiceFilter(
        label="Ordre", choices=[(order.key, order.label) for order in ORDERS], method="keep", empty_label=None
    )

    class Meta:
        model = SupportRequest
        fields: tuple[str, ...] = ()

    def __init__(self, data: QueryDict, queryset: QuerySet[SupportRequest], actor: Actor, departments: frozenset[str]):
        super().__init__(data, queryset)
        self.actor = actor
        self.form.fields["sujet"].choices = _subjects().rows()
        areas = _arrondissements(departments).rows()
        groupings = _groupings(departments).rows()
        people = _named(_agents(departments)) if actor.role in DESK_ROLES else []
        for name, choices in (("arrondissement", areas), ("epci", groupings), ("interlocuteur", people)):
            if choices:
                self.form.fields[name].choices = choices
            else:
                del self.form.fields[name]
                del self.filters[name]

    def filter_queryset(self, queryset: QuerySet[SupportRequest]) -> QuerySet[SupportRequest]:
        found = super().filter_queryset(queryset)
        chosen = self.form.cleaned_data
        if chosen.get("etat") or chosen.get("masquees"):
            return found
        return current(found, self.actor.on)

    @property
    def order(self) -> Order:
        chosen = self.form.cleaned_data.get("ordre") if self.form.is_valid() else ""
        return ORDERS_BY_KEY[chosen or ORDERS[0].key]

    def tags(self) -> list[dict[str, str]]:
        """Active filters: « Thème : commerce », each with the address of the same list without it."""
        if not self.form.is_valid():
            return []
        found = []
        for name, field in self.form.fields.items():
            value = self.form.cleaned_data.get(name)
            if not value or name == "ordre":
                continue
            words = value if name == "q" else _flat(field.choices)[value]
            label = words if name == "vue" else f"{field.label} : {words}"
            found.append({"name": name, "label": label, "without": self.address(name)})
        return found

    def address(self, *without: str) -> str:
        """The query string of this list without some of its filters, always from its first page."""
        kept = self.data.copy()
        for name in [name for name in kept if name in (*without, "page") or not kept[name]]:
            del kept[name]
        return f"?{kept.urlencode()}"

    # --- one method a filter ---------------------------------------------------------------------------------------

    def search(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        """A reference or its beginning; otherwise the beginning of a body's name, or French words of the need."""
        value = " ".join(value.split())
        if REFERENCE.fullmatch(value):
            return queryset.filter(reference__startswith=value.upper())
        found = Q(words=_words(value) | _words(INNER.sub(" ", unaccented(value))))
        named = normalise(value)
        if named:
            found |= Q(collectivity__normalised_name__startswith=named)
        return queryset.filter(found)

    def of_counter(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        return queryset.filter(COUNTERS_BY_KEY[value].condition(self.actor))

    def in_state(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        if value == EVERYTHING:
            return queryset
        return queryset.filter(ENDED if value == ENDED_ONLY else Q(state=value))

    def on_theme(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        return queryset.filter(themes__contains=[value])

    def in_grouping(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        return queryset.filter(Q(grouping__code=value) | Q(collectivity__code=value))

    def held_by(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        if value == NOBODY:
            return queryset.filter(desk_contact=None)
        if value == MINE:
            return queryset.filter(desk_contact=self.actor.person_id)
        return queryset.filter(desk_contact__mandates__uuid=value)

    def waiting_for(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        return queryset.filter(my_turn(self.actor) if value == MINE else Q(holder=value))

    def hidden(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        return queryset.filter(hidden_until__gt=self.actor.on)

    def keep(self, queryset: QuerySet[SupportRequest], name: str, value: str) -> QuerySet[SupportRequest]:
        return queryset  # the order is applied once the list is counted


def _words(value: str) -> SearchQuery:
    return SearchQuery(value, config="french", search_type="websearch")


def _flat(choices: Any) -> dict[str, str]:
    flat: dict[str, str] = {}
    for value, label in choices:
        if isinstance(label, list | tuple):
            flat.update(dict(label))
        else:
            flat[str(value)] = str(label)
    return flat


@kept(1)
def _subjects() -> Written:
    return Written.of(Subject.objects.active().order_by("label").values_list("code", "label"))


@kept(256)
def _arrondissements(departments: frozenset[str]) -> Written:
    found = Arrondissement.objects.filter(department_id__in=departments, is_current=True)
    return Written.of(found.order_by("name").values_list("code", "name"))


@kept(256)
def _groupings(departments: frozenset[str]) -> Written:
    lies_there = CollectivityDepartment.objects.filter(collectivity=OuterRef("pk"), department_id__in=departments)
    found = Collectivity.objects.current().filter(Exists(lies_there), kind=CollectivityKind.EPCI)
    return Written.of(found.order_by("normalised_name").values_list("code", "name"))


@kept(256)
def _agents(departments: frozenset[str]) -> Written:
    agents = Mandate.objects.filter(department_id__in=departments, role__in=DESK_ROLES, confirmed_at__isnull=False)
    return Written.of(
        agents.order_by("user__last_name", "pk").values_list(
            "uuid", "user__civility", "user__first_name", "user__last_name"
        )
    )


def _named(agents: Written) -> Choices:
    people = [
        (str(uuid), User(civility=civility, first_name=first, last_name=last).display_name)
        for uuid, civility, first, last in agents.rows()
    ]
    return [(MINE, "Moi"), (NOBODY, "Personne encore"), *people]

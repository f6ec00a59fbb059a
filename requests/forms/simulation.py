"""What the agency types to simulate: another catalogue, or other thresholds. Names and codes are checked here."""

import datetime as dt
import re
import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q

from common import clock
from common.errors import Invalid
from operators.enums import OfferStatus, ProviderKind
from operators.matching.vocabulary import Level
from operators.models import Offer, Provider
from operators.places import UnknownPlaceError, lines_of, text_of
from operators.services.faults import Known
from operators.values import OfferValues
from requests.forms.desk import DateInput
from requests.scenario import AS_IS, POPULATION_MAX, FinancingScenario, OfferChange, RoutingScenario, Scenario
from territories.models import Department

#: Offers that one form may change.
CHANGES = 3
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PROVIDER_PAGE = re.compile(r"/offres/prestataires/([a-z0-9-]+)/?$")


def _lines(label: str, help_text: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, help_text=help_text, max_length=4000, required=False, widget=widget)


def _share(label: str, help_text: str = "Vide : au cas par cas.") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        localize=True,
    )


def _people(label: str, *, required: bool = True, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=required, help_text=help_text, min_value=0, max_value=POPULATION_MAX, localize=True
    )


class ScopeForm(forms.Form):
    """What both kinds ask: a name, a period, departments."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    title = forms.CharField(
        label="Intitulé", max_length=120, help_text="Pour la retrouver dans la liste : « Sans les agences techniques »."
    )
    start = forms.DateField(label="Du", widget=DateInput)
    end = forms.DateField(label="Au", widget=DateInput)
    departments = forms.CharField(
        label="Départements",
        required=False,
        max_length=600,
        help_text="Codes séparés par des virgules : 04, 2A, 974. Vide : toute la France.",
    )

    def clean_departments(self) -> tuple[str, ...]:
        codes = [word.strip().upper() for word in self.cleaned_data["departments"].split(",") if word.strip()]
        known = set(Department.objects.filter(code__in=codes).values_list("code", flat=True))
        for code in codes:
            if code not in known:
                raise forms.ValidationError(f"« {code[:40]} » n’est pas le code d’un département.")
        return tuple(sorted(known))

    def clean(self) -> dict[str, Any] | None:
        if not self.errors:
            try:
                self.scenario().check()
            except Invalid as error:
                self.add_error(error.field if error.field in self.fields else None, error.message)
        return self.cleaned_data

    def scope(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("start", "end", "departments")}

    def scenario(self) -> Scenario:
        raise NotImplementedError


def blank(kind: type[ScopeForm], known: Scenario | None = None, title: str = "") -> dict[str, Any]:
    """What a form shows at first: the last twelve months, or a former simulation's settings."""
    today = clock.today()
    start = today.replace(year=today.year - 1, day=min(today.day, 28)) + dt.timedelta(days=1)
    found: dict[str, Any] = {"key": uuid.uuid4(), "start": start, "end": today, "judged_on": "today"}
    if known is None:
        return found
    return {**found, "title": title, **kind.typed(known)}  # type: ignore[attr-defined]


# --- routing ---------------------------------------------------------------------------------------------------------


class RoutingForm(ScopeForm):
    without_kinds = forms.MultipleChoiceField(
        label="Sans ces natures de prestataires",
        choices=[(kind.value, kind.label) for kind in ProviderKind],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    without_providers = _lines("Sans ces prestataires", "Un par ligne : son nom, son code ou l’adresse de sa page.")
    without_offers = _lines("Sans ces offres", "Une par ligne : son intitulé, son code ou l’adresse de sa page.")
    with_statuses = forms.MultipleChoiceField(
        label="Avec toutes les offres qui ne sont pas encore publiées",
        choices=[
            (OfferStatus.DRAFT.value, "Les brouillons"),
            (OfferStatus.IN_REVIEW.value, "Les offres en relecture"),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    with_offers = _lines(
        "Avec ces offres, comme si elles étaient publiées",
        "Brouillons, offres en relecture ou expirées. Une par ligne : son intitulé ou son code.",
    )
    judged_on = forms.ChoiceField(
        label="Les règles sont appliquées",
        choices=[
            ("today", "à la date d’aujourd’hui"),
            ("filing", "au jour du dépôt de chaque demande (validité des offres, programmes)"),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number in range(1, CHANGES + 1):
            self.fields |= _change_fields(number)

    @property
    def change_groups(self) -> list[list[forms.BoundField]]:
        """The fields of each offer that may be changed, for the page."""
        return [[self[name] for name in _change_fields(number)] for number in range(1, CHANGES + 1)]

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        return [field for field in self if not re.search(r"_[0-9]$", field.name)]

    def clean_without_providers(self) -> tuple[str, ...]:
        return tuple(_providers(_words(self.cleaned_data["without_providers"])))

    def clean_without_offers(self) -> tuple[str, ...]:
        return tuple(_offers(_words(self.cleaned_data["without_offers"])))

    def clean_with_offers(self) -> tuple[str, ...]:
        return tuple(_offers(_words(self.cleaned_data["with_offers"])))

    def clean(self) -> dict[str, Any] | None:
        self.changes = tuple(found for number in range(1, CHANGES + 1) if (found := self._change(number)))
        return super().clean()

    def _change(self, number: int) -> OfferChange | None:
        given = {name: self.cleaned_data.get(f"{name}_{number}") for name in CHANGE_FIELDS}
        if not given["offer"]:
            if any(given.values()):
                self.add_error(f"offer_{number}", "Dites quelle offre est modifiée.")
            return None
        low, high = given["population_min"], given["population_max"]
        if given["population_any"] and (low is not None or high is not None):
            message = "Choisissez : sans condition de population, ou entre deux bornes."
            self.add_error(f"population_any_{number}", message)
        try:
            (code,) = _offers([given["offer"]])
            coverage = _areas(given["coverage"] or "")
        except (Invalid, forms.ValidationError) as error:
            place = "coverage" if isinstance(error, Invalid) else "offer"
            self.add_error(f"{place}_{number}", error.message)
            return None
        changed = bool(given["population_any"] or low is not None or high is not None)
        found = OfferChange(
            code=code,
            change_population=changed,
            population_min=low,
            population_max=high,
            membership=given["membership"] or AS_IS,
            coverage=coverage,
        )
        if not (changed or found.membership or coverage):
            self.add_error(f"offer_{number}", "Dites ce qui change dans cette offre, ou retirez-la de la ligne.")
        try:
            found.check()
        except Invalid as error:
            self.add_error(f"population_min_{number}", error.message)
        return found

    def scenario(self) -> RoutingScenario:
        names = ("without_providers", "without_offers", "with_offers", "judged_on")
        lists: dict[str, Any] = {name: tuple(self.cleaned_data[name]) for name in ("without_kinds", "with_statuses")}
        given = {name: self.cleaned_data[name] for name in names}
        return RoutingScenario(**self.scope(), **lists, **given, changes=self.changes)

    @staticmethod
    def typed(known: RoutingScenario) -> dict[str, Any]:
        lines = ("without_providers", "without_offers", "with_offers")
        found: dict[str, Any] = {
            "start": known.start,
            "end": known.end,
            "departments": ", ".join(known.departments),
            "without_kinds": list(known.without_kinds),
            "with_statuses": list(known.with_statuses),
            "judged_on": known.judged_on,
            **{name: "\n".join(getattr(known, name)) for name in lines},
        }
        for number, change in enumerate(known.changes[:CHANGES], start=1):
            bounds = (change.population_min, change.population_max)
            found |= {
                f"offer_{number}": change.code,
                f"population_min_{number}": bounds[0],
                f"population_max_{number}": bounds[1],
                f"population_any_{number}": change.change_population and bounds == (None, None),
                f"membership_{number}": change.membership,
                f"coverage_{number}": text_of(change.areas),
            }
        return found


CHANGE_FIELDS = ("offer", "population_min", "population_max", "population_any", "membership", "coverage")


def _change_fields(number: int) -> dict[str, forms.Field]:
    membership = [(AS_IS, "Inchangée"), ("required", "Requise"), ("none", "Non requise")]
    found: tuple[forms.Field, ...] = (
        forms.CharField(
            label="Offre", required=False, max_length=300, help_text="Son intitulé, son code ou l’adresse de sa page."
        ),
        _people("À partir de (habitants)", required=False),
        _people("Jusqu’à (habitants, compris)", required=False),
        forms.BooleanField(label="Sans condition de population", required=False),
        forms.ChoiceField(label="Adhésion", choices=membership, required=False),
        forms.CharField(
            label="Territoires couverts",
            required=False,
            max_length=4000,
            help_text="Vide : inchangés. Sinon, séparés par des virgules : « France », « département 04 », "
            "« EPCI 200067437 », « Mézel ».",
        ),
    )
    return {f"{name}_{number}": field for name, field in zip(CHANGE_FIELDS, found, strict=True)}


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _one(word: str, found: Iterable[str], what: str) -> str:
    codes = list(found)
    if not codes:
        raise forms.ValidationError(f"« {word[:80]} » : {what} ne porte ce nom ni ce code.")
    if len(codes) > 1:
        raise forms.ValidationError(f"« {word[:80]} » désigne plusieurs fiches : donnez le code.")
    return codes[0]


def _offers(words: list[str]) -> list[str]:
    """The codes that these words name. Two queries at most, whatever their number."""
    uuids = {word: found.group() for word in words if (found := _UUID.search(word))}
    named = Offer.objects.filter(Q(code__in=words) | Q(title__in=words) | Q(uuid__in=list(uuids.values())))
    rows = [(code, title, str(key)) for code, title, key in named.values_list("code", "title", "uuid")]
    return [
        _one(
            word,
            {code for code, title, key in rows if code == word}
            or {code for code, title, key in rows if title == word or key == uuids.get(word)},
            "aucune offre",
        )
        for word in words
    ]


def _providers(words: list[str]) -> list[str]:
    codes = {word: found.group(1) if (found := _PROVIDER_PAGE.search(word)) else word for word in words}
    named = Provider.objects.filter(Q(code__in=codes.values()) | Q(name__in=words) | Q(short_name__in=words))
    rows = list(named.values_list("code", "name", "short_name"))
    return [
        _one(
            word,
            {code for code, _, _ in rows if code == codes[word]} or {code for code, *names in rows if word in names},
            "aucun prestataire",
        )
        for word in words
    ]


def _areas(text: str) -> tuple[str, ...]:
    """Areas as typed. Raises ``Invalid`` for one that does not exist, or that is excluded."""
    try:
        lines = lines_of(text, None)
    except UnknownPlaceError as error:
        raise Invalid(str(error)) from error
    known = Known.of([OfferValues(title="", coverage=lines)]).areas
    for line in lines:
        if line.excluded:
            raise Invalid(
                "Une simulation n’exclut aucun territoire : écrivez ceux qui restent couverts, sans « sauf »."
            )
        if (line.level, line.code) not in known:
            raise Invalid(f"« {line.code} » n’est le code d’aucun territoire ({Level(line.level).label.lower()}).")
    return tuple(sorted({f"{line.level}:{line.code}" for line in lines}))


# --- financing -------------------------------------------------------------------------------------------------------


class FinancingForm(ScopeForm):
    """The period is that of the referrals whose cost is replayed."""

    commune_below = _people("Communes prises en charge en totalité : moins de (habitants)")
    commune_band_below = _people("Tranche intermédiaire des communes : moins de (habitants)", required=False)
    commune_band_share = _share("Part de l’Agence dans cette tranche (%)", "Avec la limite, ou ni l’une ni l’autre.")
    commune_share = _share("Part de l’Agence pour les autres communes (%)")
    grouping_below = _people("Intercommunalités prises en charge en totalité : moins de (habitants)")
    grouping_band_below = _people("Tranche intermédiaire des intercommunalités : moins de (habitants)", required=False)
    grouping_band_share = _share("Part de l’Agence dans cette tranche (%)", "Avec la limite, ou ni l’une ni l’autre.")
    grouping_share = _share("Part de l’Agence pour les autres intercommunalités (%)")
    other_share = _share("Part de l’Agence pour les autres collectivités (%)")

    def scenario(self) -> FinancingScenario:
        shares = {name: self.cleaned_data[name] for name in self.fields if name.endswith("_share")}
        limits = {name: self.cleaned_data[name] for name in self.fields if name.endswith("_below")}
        as_numbers: dict[str, Any] = {name: None if share is None else float(share) for name, share in shares.items()}
        return FinancingScenario(**self.scope(), **limits, **as_numbers)

    @staticmethod
    def typed(known: FinancingScenario) -> dict[str, Any]:
        names = [name for name in FinancingForm.base_fields if name.endswith(("_share", "_below"))]
        scope = {"start": known.start, "end": known.end, "departments": ", ".join(known.departments)}
        return {**scope, **{name: getattr(known, name) for name in names}}

"""Forms of the catalogue: what a body may obtain (sent by GET, so that it can be shared), and what a keeper writes."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django import forms
from django.utils.choices import flatten_choices

from accounts.forms.fields import DayField
from common.french import joined
from operators.enums import (
    BodyKind,
    EngineeringType,
    LegalMode,
    Phase,
    PriceModel,
    ProviderKind,
    Service,
    SubjectGroup,
    Theme,
)
from operators.ground import beyond
from operators.matching.reasons import ZONING_LABELS
from operators.models import Provider, Subject
from operators.permissions import NATIONAL_KINDS
from operators.places import UnknownPlaceError, lines_of, text_of
from operators.services.faults import LONGEST
from operators.values import OfferValues
from operators.wording import LABELS
from programmes.models import Programme
from territories.forms import CollectivityField
from territories.models import Department

#: Departments named when an offer leaves its own.
OTHERS = 6


def grouped_choices(subjects: Iterable[Subject]) -> list[tuple[str, Any]]:
    """Subjects in their four groups, then « Je ne sais pas » (SCREENS 2)."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for subject in subjects:
        groups.setdefault(subject.group, []).append((subject.code, subject.label))
    named = [(SubjectGroup(group).label, choices) for group, choices in groups.items() if group]
    return [*named, *groups.get("", [])]


class OfferSearchForm(forms.Form):
    commune = CollectivityField()
    sujet = forms.ChoiceField(label="Sujet", required=False, widget=forms.Select(attrs={"class": "fr-select"}))

    def __init__(self, *args: Any, subjects: list[Subject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subjects = {subject.code: subject for subject in subjects}
        sujet = self.fields["sujet"]
        assert isinstance(sujet, forms.ChoiceField)
        sujet.choices = [("", "Tous les sujets"), *grouped_choices(subjects)]
        sujet.error_messages["invalid_choice"] = "Choisissez un sujet de la liste."

    @property
    def subject(self) -> Subject | None:
        return self.subjects.get(self.cleaned_data.get("sujet") or "")


class OfferFileForm(forms.Form):
    """The engineering map, as a spreadsheet. ``key`` makes a second click, or the back button, harmless."""

    department = forms.ChoiceField(label="Département", widget=forms.Select(attrs={"class": "fr-select"}))
    file = forms.FileField(
        label="Fichier",
        help_text="Tableau au format .xlsx ou CSV. 20 Mo au plus.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        error_messages={"required": "Choisissez un fichier.", "empty": "Ce fichier est vide."},
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, departments: Sequence[Department], every: bool, **kwargs: Any) -> None:
        """``every``: the departments all together may be chosen too."""
        kwargs["initial"] = {"key": uuid.uuid4(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        department = self.fields["department"]
        assert isinstance(department, forms.ChoiceField)
        department.choices = [
            *([("", "Toute la France")] if every else []),
            *((one.code, one.label) for one in departments),
        ]
        department.required = not every
        department.error_messages["invalid_choice"] = "Choisissez un département de la liste."
        if len(departments) == 1 and not every:
            department.widget = forms.HiddenInput()
            department.initial = departments[0].code


def _several(choices: Any, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, required=False, **options)


def _text(name: str, rows: int = 0, **options: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else None
    return forms.CharField(label=LABELS[name], max_length=LONGEST[name], required=False, widget=widget, **options)


def _whole(name: str, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(label=LABELS[name], min_value=0, required=False, **options)


class OfferForm(forms.Form):
    """What a keeper writes of an offer. A draft may lack anything but its title; what is refused beyond a field's own
    shape, and what a publication lacks, is for the services to say."""

    title = forms.CharField(
        label=LABELS["title"],
        max_length=LONGEST["title"],
        help_text="Ce que fait l’organisme, en une ligne. Par exemple : « Diagnostic énergétique d’une école ».",
        error_messages={"required": "Donnez un intitulé à l’offre."},
    )
    description = _text(
        "description", rows=5, help_text="La commune lit ce texte. Qui vient, quoi, en combien de temps."
    )
    themes = _several(Theme.choices, label=LABELS["themes"])
    subjects = _several((), label=LABELS["subjects"], help_text="Aucun coché : tous les sujets des thèmes choisis.")
    engineering_types = _several(EngineeringType.choices, label=LABELS["engineering_types"])
    services = _several(Service.choices, label=LABELS["services"])
    phases = _several(Phase.choices, label=LABELS["phases"], help_text="Aucun coché : à tout moment du projet.")
    coverage = forms.CharField(
        label=LABELS["coverage"],
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Un par ligne : « département 04 », « EPCI 200067437 », « Mézel », « sauf commune 04070 ».",
    )
    beyond = forms.BooleanField(
        label="Cette offre vaut aussi hors du département",
        required=False,
        help_text="Les guichets des autres départements en seront avertis.",
    )
    body_kinds = _several(BodyKind.choices, label=LABELS["body_kinds"], help_text="Aucune cochée : toutes.")
    population_min = _whole("population_min", help_text="Comprise.")
    population_max = _whole("population_max", help_text="Comprise : « moins de 3 500 » s’écrit 3499.")
    membership_required = forms.BooleanField(label=LABELS["membership_required"], required=False)
    membership_label = _text("membership_label", help_text="Par exemple : adhésion à l’agence technique.")
    programmes_required = _several((), label=LABELS["programmes_required"])
    zonings_required = _several(tuple(ZONING_LABELS.items()), label=LABELS["zonings_required"])
    legal_mode = forms.ChoiceField(
        label=LABELS["legal_mode"], choices=[("", "Choisissez"), *LegalMode.choices], required=False
    )
    price_model = forms.ChoiceField(
        label=LABELS["price_model"], choices=[("", "Choisissez"), *PriceModel.choices], required=False
    )
    price_label = _text(
        "price_label", help_text="« sans frais pour vous », « compris dans l’adhésion », ou un montant."
    )
    conditions = _text("conditions", rows=3)
    delay_days = _whole("delay_days", help_text="Entre la demande et le premier rendez-vous.")
    capacity_left = _whole("capacity_left", help_text="Vide : sans limite déclarée. 0 : complet.")
    valid_from = DayField(required=False, label=LABELS["valid_from"])
    valid_to = DayField(required=False, label=LABELS["valid_to"], help_text="Vide : offre permanente.")
    source_url = forms.URLField(
        label=LABELS["source_url"], max_length=LONGEST["source_url"], required=False, assume_scheme="https"
    )
    agreed_beforehand = forms.BooleanField(
        label=LABELS["agreed_beforehand"],
        required=False,
        help_text="L’organisme accepte d’avance : le guichet propose l’offre sans le solliciter.",
    )
    #: The mark of the offer as it was when the page was made; of a new one, the identifier that it will have.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    #: The parts of the page, each under its title.
    PARTS = (
        ("Ce que vous proposez", ("title", "description", "themes", "subjects", "services")),
        ("Où, et pour qui", ("coverage", "beyond", "body_kinds", "population_min", "population_max")),
        ("Prix et mode de recours", ("legal_mode", "price_model", "price_label", "conditions")),
        ("Adhésion", ("membership_required", "membership_label", "agreed_beforehand")),
        ("Délai et places", ("delay_days", "capacity_left", "valid_from", "valid_to", "source_url")),
        ("Précisions", ("phases", "engineering_types", "programmes_required", "zonings_required")),
    )

    def __init__(self, *args: Any, provider: Provider, **options: Any) -> None:
        super().__init__(*args, **options)
        self.provider = provider
        if provider.department_id is None:
            del self.fields["beyond"]
        subjects = [subject for subject in Subject.objects.active() if subject.theme]
        self._choose("subjects", grouped_choices(subjects))
        self._choose("programmes_required", list(Programme.objects.values_list("code", "label")))

    def _choose(self, name: str, choices: list[Any]) -> None:
        """Codes that are no longer proposed stay where they are, ticked, until somebody unticks them."""
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        offered = {code for code, _ in flatten_choices(choices)}
        field.choices = [*choices, *((code, code) for code in self.initial.get(name, ()) if code not in offered)]

    @staticmethod
    def initial_of(values: OfferValues) -> dict[str, Any]:
        fields = {name: getattr(values, name) for name in OfferForm.base_fields if hasattr(values, name)}
        return {**fields, "coverage": "\n".join(text_of([line]) for line in values.coverage)}

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.PARTS]

    def clean_coverage(self) -> tuple[Any, ...]:
        try:
            return lines_of(self.cleaned_data["coverage"], self.provider.department_id)
        except UnknownPlaceError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """Whoever leaves his department says that he means it: « 40 » is soon typed for « 04 »."""
        data = super().clean() or self.cleaned_data
        others = beyond(data.get("coverage", ()), self.provider.department_id)
        if not others or data.get("beyond"):
            return data
        names = [area.label for area in Department.objects.filter(code__in=others).order_by("code")]
        if names:  # a department that does not exist is for the services to tell
            shown = joined(names[:OTHERS]) if len(names) <= OTHERS else f"{', '.join(names[:OTHERS])}…"
            self.add_error(
                "beyond", f"Ces territoires sortent du département : {shown}. Cochez la case si c’est voulu."
            )
        return data

    def values(self) -> OfferValues:
        return OfferValues(
            **{name: value for name, value in self.cleaned_data.items() if name not in ("seen", "beyond")}
        )


class SendBackForm(forms.Form):
    note = forms.CharField(
        label="Ce qui est à reprendre",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="L’organisme reçoit ce mot par courriel.",
        error_messages={"required": "Dites ce qui est à reprendre : l’organisme lira ce mot."},
    )


class WithdrawForm(forms.Form):
    """For a reviewer; a provider takes his own offers out without saying why."""

    reason = forms.CharField(
        label="Pourquoi la retirer",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="L’organisme reçoit ce mot par courriel.",
        error_messages={"required": "Dites pourquoi vous la retirez : l’organisme lira ce mot."},
    )


class ConfirmForm(forms.Form):
    capacity_left = _whole("capacity_left", help_text="Vide : sans limite. 0 : complet.", max_value=32_767)


class ProviderForm(forms.ModelForm):
    """The sheet of a body that helps; the two closed kinds are not made here."""

    website = forms.URLField(label="Site", required=False, assume_scheme="https")
    department = forms.ChoiceField(label="Département")

    class Meta:
        model = Provider
        fields = ("name", "short_name", "kind", "mission", "email", "telephone", "website")
        help_texts = {"mission": "En deux phrases, pour une commune qui ne le connaît pas."}
        widgets = {"mission": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, departments: Collection[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        kind, department = self.fields["kind"], self.fields["department"]
        assert isinstance(kind, forms.ChoiceField) and isinstance(department, forms.ChoiceField)
        areas = Department.objects.filter(code__in=departments).order_by("code")
        department.choices = [(area.code, area.label) for area in areas]
        if len(departments) == 1:
            department.initial, department.widget = min(departments), forms.HiddenInput()
        if self.instance.pk:
            del self.fields["kind"], self.fields["department"]
        else:
            local = [choice for choice in ProviderKind.choices if choice[0] not in NATIONAL_KINDS]
            kind.choices = [("", "Choisissez"), *local]

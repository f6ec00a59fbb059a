"""Forms of the acts that come before any help is found."""

import datetime as dt
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.forms.fields import DayField
from common.french import day, number
from operators.enums import EngineeringType, Phase, RedirectionReason, Service, Theme
from operators.matching.evidence import COMPLEXITY_SIGNS
from operators.models import Offer
from requests import deadlines
from requests.enums import AssignmentKind, Competence, DecisionKind, Motive
from requests.forms.desk import DateInput, MandateField, PersonForm, SubjectField
from requests.models import SupportRequest
from requests.services.triage import QUESTION, Qualification
from territories.models import Department


def _text(label: str, *, rows: int = 4, at_most: int = 4000, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=at_most, widget=forms.Textarea(attrs={"rows": rows}), **options)


class AcknowledgeForm(PersonForm):
    person = MandateField(
        label="Interlocuteur de la collectivité",
        help_text="Son nom, son téléphone et son adresse figurent dans l’accusé de réception.",
        error_messages={"required": "Nommez l’interlocuteur de la collectivité."},
    )


class DetachForm(PersonForm):
    person = MandateField(label="Interlocuteur de la collectivité")
    reason = _text("Pourquoi", required=False, help_text="La collectivité lira ce texte.")


class CompletionForm(forms.Form):
    items = _text(
        "Ce qui manque",
        help_text="La collectivité lira ce texte. Un élément par ligne.",
        error_messages={"required": "Dites quels éléments manquent."},
    )
    answer_by = forms.DateField(
        label="Réponse souhaitée le", required=False, widget=DateInput, help_text="Vide : dans 20 jours ouvrés."
    )


class CompletedForm(forms.Form):
    text = _text(
        "Éléments reçus",
        help_text="Ce que la collectivité a répondu, par téléphone ou par courriel. Elle lira ce texte.",
        error_messages={"required": "Notez les éléments reçus."},
    )


class QualificationForm(forms.Form):
    """« Notre lecture »."""

    subject = SubjectField(label="Sujet principal")
    themes = forms.MultipleChoiceField(
        label="Thèmes",
        choices=Theme.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins un thème."},
    )
    competence = forms.ChoiceField(
        label="De qui relève la compétence ?",
        choices=Competence.choices,
        widget=forms.RadioSelect,
        help_text="La prévention des inondations, par exemple, relève de l’intercommunalité depuis 2018.",
        error_messages={"required": "Dites de qui relève la compétence, ou « À vérifier »."},
    )
    phase = forms.ChoiceField(
        label="Avancement du projet",
        choices=[("", "Choisissez"), *Phase.choices],
        error_messages={"required": "Dites où en est le projet."},
    )
    services = forms.MultipleChoiceField(
        label="Services attendus", choices=Service.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    engineering_types = forms.MultipleChoiceField(
        label="Types d’ingénierie", choices=EngineeringType.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    complexity_signs = forms.MultipleChoiceField(
        label="Signes de complexité",
        choices=[(code, label.capitalize()) for code, label in COMPLEXITY_SIGNS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    communes_count = forms.IntegerField(
        label="Communes concernées",
        min_value=1,
        max_value=2_000,
        required=False,
        help_text="Vide : celles de la collectivité.",
    )
    partners_count = forms.IntegerField(
        label="Partenaires associés",
        min_value=0,
        max_value=99,
        required=False,
        help_text="Autres collectivités, État, associations, entreprises. Vide : non connu.",
    )

    def qualification(self) -> Qualification:
        answers = self.cleaned_data
        return Qualification(
            subject=answers["subject"],
            themes=tuple(answers["themes"]),
            competence=answers["competence"],
            phase=answers["phase"],
            services=tuple(answers["services"]),
            engineering_types=tuple(answers["engineering_types"]),
            complexity_signs=tuple(answers["complexity_signs"]),
            communes_count=answers["communes_count"],
            partners_count=answers["partners_count"],
        )


class DecisionForm(forms.Form):
    """One decision: offers to mobilise, in order, or motives of a referral. The button pressed says which.

    Offers come under their UUID, each with its rank and its question; the page shows them with their reasons.
    """

    kind = forms.ChoiceField(choices=DecisionKind.choices, widget=forms.HiddenInput, required=False)
    message = _text(
        "Ce que liront les prestataires",
        at_most=2000,
        required=False,
        help_text=(
            "Ce texte sera lu par le prestataire, avec l’intitulé communicable et sa question. Rien d’autre ne l’est."
        ),
    )
    expected_on = DayField(label="Réponse attendue le", required=False)
    motives = forms.MultipleChoiceField(
        label="Motifs de la transmission", choices=Motive.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    reason = _text(
        "Pourquoi vous écarter de la proposition",
        rows=3,
        required=False,
        help_text="Jamais lu par la collectivité.",
    )

    def __init__(self, *args: Any, offers: QuerySet[Offer], usual: dt.date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offers = {str(offer.uuid): offer for offer in offers}
        self.fields["expected_on"].help_text = (
            f"Un jour ouvré. Vide : le {day(usual)}, {deadlines.SOLICITATION_DAYS} jours ouvrés, ou "
            f"{deadlines.AFTER_RETURN_DAYS} jours ouvrés après le retour d’un prestataire absent."
        )

    def chosen(self) -> list[Offer]:
        """The offers ticked, in the order of their ranks, then of the page."""
        ticked = [uuid for uuid in cast(QueryDict, self.data).getlist("offers") if uuid in self.offers]
        return [self.offers[uuid] for uuid in sorted(ticked, key=self._rank)]

    def questions(self) -> dict[str, str]:
        """What each provider alone is asked."""
        return {uuid: self.data.get(f"question_{uuid}", "").replace("\x00", "").strip() for uuid in self.offers}

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        for uuid, text in self.questions().items():
            if len(text) > QUESTION:
                asked = f"La question posée au sujet de «\u00a0{self.offers[uuid].title}\u00a0»"
                told = f"{asked} a {number(len(text))} caractères\u00a0: {number(QUESTION)} au plus."
                self.add_error(None, told)
        return answers

    def _rank(self, uuid: str) -> int:
        given = self.data.get(f"rank_{uuid}", "")
        return int(given) if given.isdecimal() and len(given) < 4 else 1000


class RedirectForm(forms.Form):
    reason = forms.ChoiceField(
        label="Motif",
        choices=[("", "Choisissez un motif"), *RedirectionReason.choices],
        error_messages={"required": "Choisissez un motif."},
    )
    target = forms.CharField(
        label="Vers qui",
        max_length=200,
        help_text="Un service, un portail ou une personne, par son nom.",
        error_messages={"required": "Dites vers qui vous adressez la collectivité."},
    )
    url = forms.URLField(label="Adresse de la page", required=False, max_length=200, assume_scheme="https")
    text = _text(
        "Ce que lira la collectivité",
        rows=6,
        help_text="Ce qui n’est pas possible ici, pourquoi en une phrase, ce qui le reste, un téléphone.",
        error_messages={"required": "Expliquez en une phrase ce qui est encore possible."},
    )


class HostField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.reference} – {obj.collectivity.name} : {obj.title}"


class AttachForm(forms.Form):
    host = HostField(
        SupportRequest.objects.none(),
        label="Demande à laquelle rattacher celle-ci",
        to_field_name="reference",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez la demande à laquelle rattacher celle-ci."},
    )
    reason = _text("Pourquoi", rows=3, required=False, help_text="Les deux collectivités liront ce texte.")

    def __init__(self, *args: Any, hosts: QuerySet[SupportRequest], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["host"].queryset = hosts  # type: ignore[attr-defined]


class TransferForm(forms.Form):
    department = forms.ModelChoiceField(
        Department.objects.none(),
        label="Département qui instruira la demande",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez un département."},
    )
    reason = _text("Pourquoi", rows=3, help_text="La collectivité lira ce texte.")

    def __init__(self, *args: Any, departments: QuerySet[Department], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["department"]
        field.queryset = departments
        field.label_from_instance = lambda department: department.label


class ReasonForm(forms.Form):
    """A reason that the collectivity reads."""

    reason = _text(
        "Pourquoi", help_text="La collectivité lira ce texte.", error_messages={"required": "Dites pourquoi."}
    )


class InternalReasonForm(forms.Form):
    """A reason that stays among the services of the State."""

    reason = _text(
        "Pourquoi", help_text="Jamais lu par la collectivité.", error_messages={"required": "Dites pourquoi."}
    )


class HideForm(forms.Form):
    until = forms.DateField(
        label="Masquer jusqu’au", required=False, widget=DateInput, help_text="Vide : la demande revient dans la file."
    )


class AssignForm(PersonForm):
    """« Affecter »: the contact, the local referent or the follow-up officer."""

    kind = forms.ChoiceField(
        label="À quel titre",
        choices=[
            (value, AssignmentKind(value).label)
            for value in (AssignmentKind.CONTACT, AssignmentKind.LOCAL_REFERENT, AssignmentKind.FOLLOW_UP_OFFICER)
        ],
        widget=forms.RadioSelect,
        initial=AssignmentKind.CONTACT,
    )
    person = MandateField(label="Personne", error_messages={"required": "Choisissez une personne."})


class GrantForm(forms.Form):
    email = forms.EmailField(
        label="Adresse électronique de la personne",
        help_text="Un agent d’un autre département ou d’un autre service, qui a un compte sur le portail.",
        error_messages={"required": "Indiquez l’adresse électronique de la personne."},
    )
    revoke = forms.BooleanField(label="Retirer l’autorisation au lieu de la donner", required=False)

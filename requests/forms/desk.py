"""What the desk types about a file as a whole: recording what was received, a document, a person."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import Mandate
from operators.enums import SubjectGroup
from operators.models import Subject
from requests.enums import Channel, ConversationChannel, Progress
from requests.forms.exchanges import FilesField
from requests.services.intake import Application
from territories.forms import CollectivityField

#: Doors other than the portal itself (PRACTICE 1.8).
DOORS = [choice for choice in Channel.choices if choice[0] not in {Channel.WEB, Channel.API}]


class DateInput(forms.DateInput):
    """The browser's own calendar; the value is written as it expects it."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"type": "date", **(attrs or {})}, format="%Y-%m-%d")


class MandateField(forms.ModelChoiceField):
    """A person chosen by the mandate under which he is named. Addresses carry its UUID."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("empty_label", "Choisissez une personne")
        super().__init__(Mandate.objects.none(), to_field_name="uuid", **options)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.label} – {obj.organisation.label}" if obj.organisation_id else obj.label


class PersonForm(forms.Form):
    """A form of which one field, ``person``, is chosen among given mandates."""

    def __init__(self, *args: Any, people: QuerySet[Mandate], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


def subject_choices() -> list[tuple[str, Any]]:
    """Subjects in their groups, « Je ne sais pas » last."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for subject in Subject.objects.active():
        grouped.setdefault(subject.group, []).append((subject.code, subject.label))
    labels = dict(SubjectGroup.choices)
    known: list[tuple[str, Any]] = [(labels[group], found) for group, found in grouped.items() if group]
    return [("", "Choisissez un sujet"), *known, *grouped.get("", [])]


class SubjectField(forms.ChoiceField):
    """Cleans to a ``Subject``; its choices are read when the form is made."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=subject_choices, **options)

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        return Subject.objects.get(code=code) if code else None


class RecordForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput)
    collectivity = CollectivityField(label="Commune ou intercommunalité")
    channel = forms.ChoiceField(label="Comment est-elle arrivée ?", choices=DOORS, initial=Channel.TELEPHONE)
    received_on = forms.DateField(
        label="Reçue le",
        widget=DateInput,
        help_text="C’est cette date qui compte.",
        error_messages={"required": "Indiquez la date de réception."},
    )
    need = forms.CharField(
        label="Le besoin, en trois lignes",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Avec les mots de la collectivité. Pas de donnée sur des personnes.",
        error_messages={"required": "Décrivez le besoin en quelques phrases."},
    )
    subject = SubjectField(label="Sujet", error_messages={"required": "Choisissez un sujet, ou « Je ne sais pas »."})
    progress = forms.ChoiceField(label="Où en est le projet ?", choices=Progress.choices, initial=Progress.IDEA)
    contact_name = forms.CharField(label="Qui rappeler ?", max_length=200, required=False)
    contact_phone = forms.CharField(
        label="Téléphone", max_length=30, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    contact_email = forms.EmailField(label="Adresse électronique", max_length=254, required=False)
    scans = FilesField(label="Ce qui a été reçu", help_text="Courrier numérisé, photo, courriel (PDF, image, 20 Mo).")

    def application(self) -> Application:
        answers = self.cleaned_data
        return Application(
            collectivity=answers["collectivity"],
            subject=answers["subject"],
            need=answers["need"],
            progress=answers["progress"],
            contact_name=answers["contact_name"],
            contact_phone=answers["contact_phone"],
            contact_email=answers["contact_email"],
        )


class DocumentForm(forms.Form):
    channel = forms.ChoiceField(
        label="Qui pourra le lire ?",
        choices=[
            (ConversationChannel.PUBLIC, "La collectivité et les services de l’État"),
            (ConversationChannel.INTERNAL, "Les services de l’État seulement"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Dites qui pourra lire ce document."},
    )
    file = forms.FileField(
        label="Document",
        help_text="PDF, image ou bureautique, 20 Mo au plus.",
        widget=forms.FileInput,
        error_messages={"required": "Choisissez un fichier."},
    )

"""What the desk and the functional administrator write about mandates and acts."""

from typing import Any

from django import forms

from accounts.enums import ActEnd, Civility, MatterChoice
from accounts.forms.fields import DayField, email_field, first_name_field, last_name_field
from accounts.models import Mandate
from common import clock
from common.actor import Role


class RefusalForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi ce mandat n’est-il pas confirmé ?",
        max_length=500,
        help_text="Ce motif est envoyé à la personne.",
        error_messages={"required": "Écrivez le motif."},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class EndForm(forms.Form):
    on = DayField(
        label="Premier jour sans ce mandat",
        help_text="Par exemple 22/03/2026. Les demandes de la collectivité restent.",
        error_messages={"required": "Indiquez la date de fin."},
    )
    note = forms.CharField(label="Note", required=False, max_length=500)


class LoanForm(forms.Form):
    email = email_field(
        label="Adresse de l’agente ou de l’agent",
        help_text="Celle de son compte dans son propre guichet.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email", "spellcheck": "false"}),
    )
    until = DayField(
        label="Dernier jour du renfort",
        help_text="Un an au plus.",
        error_messages={"required": "Indiquez le dernier jour du renfort."},
    )


class ActForm(forms.Form):
    """An order of delegation, as printed in the gazette of the prefecture."""

    delegating = forms.ChoiceField(
        label="Autorité délégante", error_messages={"required": "Choisissez l’autorité délégante."}
    )
    signatory = forms.ChoiceField(
        label="Signataire",
        error_messages={"required": "Choisissez le signataire.", "invalid_choice": "Choisissez le signataire."},
    )
    number = forms.CharField(
        label="Numéro de l’arrêté",
        max_length=60,
        help_text="Par exemple 2026-257-003.",
        error_messages={"required": "Écrivez le numéro de l’arrêté."},
    )
    gazette = forms.CharField(
        label="Recueil des actes administratifs",
        max_length=120,
        help_text="Par exemple RAA spécial n° 04-2026-211.",
        error_messages={"required": "Indiquez le recueil où l’arrêté est publié."},
    )
    signed_on = DayField(label="Signé le", error_messages={"required": "Indiquez la date de signature."})
    published_on = DayField(label="Publié le", error_messages={"required": "Indiquez la date de publication."})
    starts_on = DayField(
        label="En vigueur le",
        help_text="Au plus tôt le jour de sa publication.",
        error_messages={"required": "Indiquez l’entrée en vigueur."},
    )
    ends_on = DayField(
        label="Cesse le",
        required=False,
        help_text="Le premier jour où l’arrêté ne permet plus de signer.",
    )
    matters = forms.MultipleChoiceField(
        label="Matières",
        choices=MatterChoice.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cochez au moins une matière."},
    )
    amount_ceiling = forms.DecimalField(
        label="Plafond en euros hors taxes",
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        help_text="Au-delà, la signature revient au préfet.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    quality_block = forms.CharField(
        label="Qualité du signataire",
        max_length=300,
        help_text="Telle qu’elle suit « Pour le préfet et par délégation, » : « la directrice départementale… »",
        error_messages={"required": "Écrivez la qualité du signataire."},
    )
    ad_interim = forms.BooleanField(label="Le signataire assure l’intérim d’un poste vacant.", required=False)
    scan = forms.FileField(label="Copie de l’arrêté", required=False, help_text="PDF de préférence.")

    def __init__(self, *args: Any, department: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        confirmed = (
            Mandate.objects.proven()
            .in_force(clock.today())
            .filter(department_id=department, role__in=[Role.DELEGATE.value, Role.DEPUTY.value])
            .select_related("user")
            .order_by("-starts_on", "pk")
        )
        self.mandates = {str(mandate.pk): mandate for mandate in confirmed}
        for name, role in (("delegating", Role.DELEGATE), ("signatory", Role.DEPUTY)):
            held = [(key, mandate.label) for key, mandate in self.mandates.items() if mandate.role == role]
            self.fields[name].choices = [("", "Choisir"), *held]  # type: ignore[attr-defined]

    def clean_delegating(self) -> Mandate:
        return self.mandates[self.cleaned_data["delegating"]]

    def clean_signatory(self) -> Mandate:
        return self.mandates[self.cleaned_data["signatory"]]


class ActEndForm(forms.Form):
    on = DayField(
        label="Premier jour où l’arrêté ne permet plus de signer",
        error_messages={"required": "Indiquez la date."},
    )
    reason = forms.ChoiceField(
        label="Motif",
        choices=[(choice.value, choice.label) for choice in (ActEnd.REPEALED, ActEnd.REPLACED)],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez le motif."},
    )


class ChangeOfPrefectForm(forms.Form):
    civility = forms.ChoiceField(
        label="Civilité",
        choices=Civility.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez la civilité."},
    )
    first_name = first_name_field()
    last_name = last_name_field()
    on = DayField(
        label="Entrée en fonction le",
        help_text="Toutes les délégations du département prennent fin ce jour-là.",
        error_messages={"required": "Indiquez la date d’entrée en fonction."},
    )
    ad_interim = forms.BooleanField(label="Le poste est vacant : cette personne assure l’intérim.", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, message in (("first_name", "Écrivez son prénom."), ("last_name", "Écrivez son nom.")):
            self.fields[name].error_messages["required"] = message
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @property
    def function(self) -> str:
        """« préfète » or « préfet », by the civility."""
        return "préfète" if self.cleaned_data["civility"] == Civility.MADAME else "préfet"

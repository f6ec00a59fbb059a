"""What is asked of the map of silence, and what is written of a visit."""

from collections.abc import Mapping

from django import forms

from common.french import NBSP, plural
from requests import silence
from requests.forms.desk import DateInput
from requests.services.visits import LONGEST_NOTE, LONGEST_VISITOR, Visited


class SilenceForm(forms.Form):
    """Sent by GET, so that it can be kept and shared. What is not said is what is usual."""

    annees = forms.TypedChoiceField(
        label="Sans demande depuis",
        choices=[(str(count), plural(count, "an")) for count in range(1, silence.MOST_YEARS + 1)],
        coerce=int,
        error_messages={"invalid_choice": f"Choisissez de 1 à {silence.MOST_YEARS}{NBSP}ans."},
    )
    faits = forms.TypedChoiceField(
        label="Faits de fragilité connus",
        choices=[
            ("0", "Toutes les communes"),
            *((str(count), f"Au moins {count}") for count in range(1, silence.MOST_FACTS + 1)),
        ],
        coerce=int,
        error_messages={"invalid_choice": f"Choisissez de 0 à {silence.MOST_FACTS} faits."},
    )
    arrondissement = forms.ChoiceField(
        label="Arrondissement",
        required=False,
        error_messages={"invalid_choice": "Cet arrondissement n’est pas de ce département."},
    )

    def __init__(self, asked: Mapping[str, str], *, arrondissements: list[tuple[str, str]]) -> None:
        usual = {"annees": str(silence.YEARS), "faits": str(silence.FACTS)}
        super().__init__({**usual, **{name: value for name, value in asked.items() if value}})
        field = self.fields["arrondissement"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Tous"), *arrondissements]
        for each in self.fields.values():
            each.widget.attrs["class"] = "fr-select"


class VisitForm(forms.Form):
    planned_on = forms.DateField(label="Date prévue", required=False, widget=DateInput)
    visitor = forms.CharField(
        label="Par", max_length=LONGEST_VISITOR, required=False, help_text="Qui se rend dans la commune."
    )
    visited_on = forms.DateField(
        label="Visite faite le", required=False, widget=DateInput, help_text="Vide tant que la visite n’a pas eu lieu."
    )
    note = forms.CharField(
        label="Ce qui a été dit",
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="1\u202f000 caractères au plus. Lu par les services de l’État seulement.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def said(self) -> Visited:
        return Visited(**{name: self.cleaned_data[name] for name in ("planned_on", "visitor", "visited_on", "note")})

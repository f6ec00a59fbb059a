"""Forms of the follow-up: a step, a pause, the closing and what comes after."""

import re

from django import forms

from accounts.forms.fields import DayField
from requests.enums import EntryKind, Result


class EntryForm(forms.Form):
    kind = forms.ChoiceField(label="Nature", choices=EntryKind.choices, initial=EntryKind.STEP)
    on = DayField(label="Date", error_messages={"required": "Indiquez la date."})
    text = forms.CharField(
        label="Ce qui a eu lieu",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Décrivez l’étape."},
    )
    is_public = forms.BooleanField(label="Visible par la collectivité", required=False, initial=True)


class SuspendForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="La collectivité lira ce motif.",
        error_messages={"required": "Dites pourquoi : la collectivité lira ce motif."},
    )
    expected_until = DayField(label="Reprise prévue le", required=False)


class ResumeForm(forms.Form):
    note = forms.CharField(
        label="Précision",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="La collectivité lira ce texte.",
    )


class ClosingForm(forms.Form):
    result = forms.ChoiceField(
        label="Résultat",
        choices=Result.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez le résultat."},
    )
    finished_on = DayField(label="Fin de l’accompagnement", error_messages={"required": "Indiquez la date de fin."})
    summary = forms.CharField(
        label="Bilan",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Ce qui a été fait, ce qui reste à faire, en quelques phrases. La collectivité lira ce texte.",
        error_messages={"required": "Écrivez le bilan en quelques phrases."},
    )
    recommendations = forms.CharField(
        label="Recommandations",
        max_length=6000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Une par ligne. Dans six mois, la collectivité dira de chacune si elle est mise en œuvre.",
    )

    def recommendation_lines(self) -> list[str]:
        lines = self.cleaned_data["recommendations"].splitlines()
        return [text for line in lines if (text := re.sub(r"^\s*[-–—•*]\s*", "", line).strip())]

"""Saying who one is, and for which collectivity."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm

from accounts.forms.fields import (
    CodeField,
    DayField,
    civility_field,
    first_name_field,
    last_name_field,
    telephone_field,
)
from accounts.functions import FUNCTIONS
from accounts.models import Organisation, User
from common import clock
from territories.forms import CollectivityField
from territories.models import Collectivity


class ClaimForm(forms.Form):
    """The function held in a collectivity. ``bodies`` narrows the choice to those of a shared address."""

    collectivity = CollectivityField(
        label="Commune ou intercommunalité",
        help_text="Nom, code postal, code INSEE ou SIREN.",
        error_messages={"required": "Choisissez votre commune ou votre intercommunalité."},
    )
    function = forms.ChoiceField(
        label="Votre fonction",
        choices=[(function.code, function.label) for function in FUNCTIONS.values()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez votre fonction.", "invalid_choice": "Choisissez votre fonction."},
    )
    starts_on = DayField(
        label="Date de votre élection",
        required=False,
        help_text="Pour une maire, un maire, une présidente ou un président nouvellement élu. Par exemple 22/03/2026.",
    )
    succeeds = forms.BooleanField(
        label="Je remplace la personne connue jusqu’ici : son mandat a pris fin.", required=False
    )

    def __init__(self, *args: Any, bodies: Iterable[Organisation] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bodies = {str(body.pk): body for body in bodies}
        if len(self.bodies) == 1:
            del self.fields["collectivity"]
        elif self.bodies:
            self.fields["collectivity"] = forms.ChoiceField(
                label="Votre collectivité",
                choices=[(key, body.name) for key, body in self.bodies.items()],
                widget=forms.RadioSelect,
                error_messages={"required": "Choisissez votre collectivité."},
            )
        self.asks_succession = False

    def clean_starts_on(self) -> Any:
        day = self.cleaned_data["starts_on"]
        if day is not None and day > clock.today():
            raise forms.ValidationError("Cette date est dans le futur.")
        return day

    def chosen_collectivity(self) -> Collectivity:
        """The collectivity of a valid form."""
        if not self.bodies:
            return self.cleaned_data["collectivity"]
        key = self.cleaned_data.get("collectivity") or next(iter(self.bodies))
        collectivity = self.bodies[key].collectivity
        assert collectivity is not None  # by constraint on organisations of this kind
        return collectivity


class FirstVisitForm(ClaimForm):
    """« Première visite »: who one is, then for whom one acts."""

    civility = civility_field()
    first_name = first_name_field()
    last_name = last_name_field()

    field_order = ["civility", "first_name", "last_name", "collectivity", "function", "starts_on", "succeeds"]


class ProfileForm(forms.ModelForm):
    civility = civility_field()
    first_name = first_name_field()
    last_name = last_name_field()
    telephone = telephone_field()

    class Meta:
        model = User
        fields = ["civility", "first_name", "last_name", "telephone"]


class PasswordForm(SetPasswordForm):
    """A password of one's own, for agents who prefer it to codes. The code proves who is in front of the session."""

    code = CodeField(help_text="Six chiffres, dans le courriel reçu. Il vaut dix minutes.")
    field_order = ["code", "new_password1", "new_password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = "Nouveau mot de passe"
        self.fields["new_password1"].help_text = "Douze caractères au moins, qui ne se devinent pas."
        self.fields["new_password2"].label = "Le même, une seconde fois"
        self.fields["new_password2"].help_text = ""

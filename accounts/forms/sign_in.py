"""Who is there: address, code, password, person behind a shared mailbox."""

from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.forms.fields import CodeField, email_field
from accounts.models import Mandate, User

#: The answer « not in this list » to « Qui êtes-vous ? ».
SOMEBODY_ELSE = "autre"


class SignInForm(forms.Form):
    """An address; a password only for whoever has one and prefers it."""

    email = email_field(help_text="Celle de votre mairie ou la vôtre, par exemple mairie@mezel.fr.")
    password = forms.CharField(
        label="Mot de passe",
        required=False,
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, with_password: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password = self.fields["password"]
        password.required = with_password or not self.is_bound
        password.error_messages["required"] = "Écrivez votre mot de passe, ou demandez un code."


class CodeForm(forms.Form):
    code = CodeField(help_text="Dans le courriel que nous venons d’envoyer. Il vaut dix minutes.")


class WhoForm(forms.Form):
    """« Qui êtes-vous ? » among the persons known at a shared address."""

    person = forms.ChoiceField(
        label="Qui êtes-vous ?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez votre nom, ou indiquez que vous n’êtes pas dans la liste."},
    )

    def __init__(self, *args: Any, persons: Iterable[tuple[User, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(person.pk), f"{person.display_name}, {function}") for person, function in persons]
        self.fields["person"].choices = [*named, (SOMEBODY_ELSE, "Je ne suis pas dans cette liste")]  # type: ignore[attr-defined]


class MandateChoiceForm(forms.Form):
    """The mandate to act under, among one's own."""

    mandate = forms.ChoiceField(
        label="Pour qui agissez-vous ?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez un mandat.",
            "invalid_choice": "Ce mandat n’est pas l’un des vôtres, ou il a pris fin.",
        },
    )

    def __init__(self, *args: Any, mandates: Iterable[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mandate"].choices = [  # type: ignore[attr-defined]
            (str(mandate.uuid), f"{mandate.title}, {mandate.body}" if mandate.body else mandate.title)
            for mandate in mandates
        ]

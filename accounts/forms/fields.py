"""Fields that several forms share."""

from typing import Any

from django import forms

from accounts.enums import Civility


class DayField(forms.DateField):
    """A day, typed with the browser's own date picker."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        kwargs.setdefault("error_messages", {"invalid": "Écrivez une date, par exemple 22/03/2026."})
        kwargs.setdefault("input_formats", ["%Y-%m-%d", "%d/%m/%Y"])
        super().__init__(**kwargs)


class CodeField(forms.CharField):
    """Six digits, with or without spaces."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Code à six chiffres")
        kwargs.setdefault("max_length", 20)
        kwargs.setdefault("error_messages", {"required": "Écrivez le code reçu par courriel."})
        kwargs.setdefault(
            "widget",
            forms.TextInput(
                attrs={
                    "autocomplete": "one-time-code",
                    "inputmode": "numeric",
                    "pattern": "[0-9 ]*",
                    "spellcheck": "false",
                }
            ),
        )
        super().__init__(**kwargs)


def email_field(**kwargs: Any) -> forms.EmailField:
    kwargs.setdefault("label", "Adresse électronique")
    kwargs.setdefault("max_length", 254)  # as the columns
    kwargs.setdefault(
        "error_messages",
        {
            "required": "Écrivez votre adresse électronique.",
            "invalid": "Écrivez une adresse complète, par exemple mairie@mezel.fr.",
        },
    )
    kwargs.setdefault(
        "widget", forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"})
    )
    return forms.EmailField(**kwargs)


def civility_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Civilité",
        required=False,
        choices=[*Civility.choices, ("", "Je ne souhaite pas répondre")],
        widget=forms.RadioSelect,
    )


def first_name_field() -> forms.CharField:
    return forms.CharField(
        label="Prénom",
        max_length=80,
        error_messages={"required": "Écrivez votre prénom."},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )


def last_name_field() -> forms.CharField:
    return forms.CharField(
        label="Nom",
        max_length=80,
        error_messages={"required": "Écrivez votre nom."},
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )


def telephone_field() -> forms.CharField:
    return forms.CharField(
        label="Téléphone",
        required=False,
        max_length=30,
        help_text="Le guichet peut vous rappeler.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )

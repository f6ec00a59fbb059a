"""Forms of the local way: proposing, withdrawing, noting the answer, naming the follow-up officer."""

from typing import Any, cast

from django import forms
from django.http import QueryDict

from requests.deadlines import council_in_sight
from requests.enums import AnswerChannel, Part
from requests.forms.desk import DateInput, MandateField, PersonForm
from requests.services.solution import Helper, Line

YES, NO = "yes", "no"


class ProposalForm(forms.Form):
    """What is proposed; helpers come under the UUID of their offer, the pilot by one radio for all."""

    text = forms.CharField(
        label="Ce qui est proposé",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="La collectivité lira ce texte. Qui, quoi, en combien de temps.",
        error_messages={"required": "Décrivez ce qui est proposé."},
    )
    price = forms.CharField(
        label="Prix",
        max_length=300,
        help_text="« sans frais pour vous », « compris dans l’adhésion », ou un montant.",
        error_messages={"required": "Indiquez le prix, ou « sans frais pour vous »."},
    )
    conditions = forms.CharField(
        label="Conditions", max_length=500, required=False, help_text="Par exemple : adhésion, votée par votre conseil."
    )
    calendar = forms.CharField(label="Calendrier", max_length=300, required=False)
    council_on = forms.DateField(
        label="Prochain conseil",
        required=False,
        validators=[council_in_sight],
        widget=DateInput,
        help_text="La réponse est attendue cinq jours après, si c’est plus tard que dix jours ouvrés.",
    )

    def __init__(self, *args: Any, helpers: list[Helper], **options: Any) -> None:
        super().__init__(*args, **options)
        self.helpers = helpers

    def lines(self) -> list[Line]:
        """One line a ticked helper; an unknown one is ignored, the service counts the pilots."""
        ticked, pilot = cast(QueryDict, self.data).getlist("helpers"), self.data.get("pilot", "")
        return [
            Line(
                offer=helper.offer,
                part=Part.PILOT if helper.key == pilot else Part.SUPPORT,
                solicitation=helper.solicitation,
                mission=self.data.get(f"mission_{helper.key}", "").strip(),
            )
            for helper in self.helpers
            if helper.key in ticked
        ]


class AnswerForm(forms.Form):
    """The collectivity's answer to a proposal, as the desk received it."""

    accepted = forms.ChoiceField(
        label="Réponse de la collectivité",
        choices=[(YES, "Elle accepte l’aide proposée"), (NO, "Elle refuse : la recherche continue")],
        widget=forms.RadioSelect,
        error_messages={"required": "Dites ce que la collectivité a répondu."},
    )
    channel = forms.ChoiceField(
        label="Comment l’avez-vous reçue ?",
        choices=[choice for choice in AnswerChannel.choices if choice[0] != AnswerChannel.PORTAL],
        initial=AnswerChannel.TELEPHONE,
    )
    note = forms.CharField(
        label="Ce qui a été dit",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Qui a répondu, à quelle date, avec quelle délibération. En cas de refus, dites pourquoi.",
    )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if answers.get("accepted") == NO and not answers.get("note", "").strip():
            self.add_error("note", "Notez pourquoi la collectivité refuse.")
        return answers


class DesignateForm(PersonForm):
    person = MandateField(
        label="Chargé de suivi",
        help_text="Son nom figure dans la lettre de désignation.",
        error_messages={"required": "Nommez la personne chargée du suivi."},
    )

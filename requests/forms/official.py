"""What is asked of an official on his own request: few fields, in his words."""

from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.forms.fields import DayField
from requests.enums import SurveyMoment
from requests.forms.exchanges import FilesField, MessageForm
from requests.models import Recommendation, Survey

YES_NO = [("yes", "Oui"), ("no", "Non")]


def text_field(label: str, *, required: str = "", rows: int = 4, at_most: int = 2000, help_text: str = "") -> Any:
    messages = {"max_length": "Ce texte compte %(show_value)d caractères : %(limit_value)d au plus."}
    if required:
        messages["required"] = required
    return forms.CharField(
        label=label,
        required=bool(required),
        max_length=at_most,
        help_text=help_text,
        error_messages=messages,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class AcceptForm(forms.Form):
    note = text_field("Un mot à la préfecture", rows=3)


class DeclineForm(forms.Form):
    reason = text_field(
        "Pourquoi cette aide ne convient pas",
        required="Dites en une phrase pourquoi : la préfecture cherchera autre chose.",
        help_text="Exemple : « L’adhésion n’a pas été votée par le conseil. »",
    )


class PrecisionForm(MessageForm):
    """A question on the proposal is a message to the desk."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = "Votre question"
        self.fields["text"].error_messages["required"] = "Écrivez votre question."


class CompleteForm(forms.Form):
    text = text_field(
        "Votre réponse",
        required="Écrivez les éléments demandés, ou dites qu’ils sont joints.",
        at_most=4000,
        rows=6,
    )
    files = FilesField()  # type: ignore[assignment]


class WithdrawForm(forms.Form):
    reason = text_field("Pourquoi", rows=3, help_text="La préfecture lira ce texte.")


class TakeBackForm(forms.Form):
    reason = text_field("Ce qui a changé", rows=3, help_text="La préfecture lira ce texte.")


class SignForm(forms.Form):
    """The executive signs on the strength of a deliberation, whose date is recorded."""

    deliberated_on = DayField(
        label="Date de la délibération",
        help_text="Le conseil a délibéré avant la signature.",
        error_messages={
            "required": "Indiquez la date de la délibération.",
            "invalid": "Écrivez une date, par exemple 10/07/2026.",
        },
    )
    authorised = forms.BooleanField(
        label="Le conseil m’autorise à signer cette convention.",
        error_messages={"required": "Cochez cette case pour signer."},
    )


class SurveyForm(forms.Form):
    """Two questions at closing; six months later, recommendation by recommendation (PRACTICE 1.10)."""

    comment = text_field("Un commentaire", rows=3)

    def __init__(self, *args: Any, survey: Survey, recommendations: Iterable[Recommendation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.recommendations = list(recommendations)
        asked: dict[str, forms.Field] = {}
        if survey.moment == SurveyMoment.CLOSING:
            asked["useful"] = _question("Cette aide vous a-t-elle été utile ?", "Dites si cette aide vous a été utile.")
            asked["quick"] = _question("Les délais vous ont-ils convenu ?", "Dites si les délais vous ont convenu.")
        elif not self.recommendations:
            asked["useful"] = _question("Le projet a-t-il avancé depuis ?", "Dites si le projet a avancé.")
        else:
            for row in self.recommendations:
                asked[f"recommendation_{row.pk}"] = _question(
                    f"« {row.text} » : est-ce déjà mis en œuvre ?", "Répondez par oui ou par non."
                )
        self.fields = asked | self.fields

    def answers(self) -> dict[str, Any]:
        given = self.cleaned_data
        yes = {name: value == "yes" for name, value in given.items() if name != "comment"}
        return {
            "useful": yes.get("useful"),
            "quick": yes.get("quick"),
            "comment": given["comment"],
            "implemented": {
                row.pk: yes[name] for row in self.recommendations if (name := f"recommendation_{row.pk}") in yes
            },
        }


def _question(label: str, missing: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=YES_NO,
        widget=forms.RadioSelect,
        error_messages={"required": missing, "invalid_choice": missing},
    )

"""« Que peut obtenir ma commune ? »: one field for the body, one for the subject. Sent by GET, so that it can be
shared."""

from collections.abc import Iterable
from typing import Any

from django import forms

from operators.enums import SubjectGroup
from operators.models import Subject
from territories.forms import CollectivityField


def grouped_choices(subjects: Iterable[Subject]) -> list[tuple[str, Any]]:
    """Subjects in their four groups, then « Je ne sais pas » (SCREENS 2)."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for subject in subjects:
        groups.setdefault(subject.group, []).append((subject.code, subject.label))
    named = [(SubjectGroup(group).label, choices) for group, choices in groups.items() if group]
    return [*named, *groups.get("", [])]


class OfferSearchForm(forms.Form):
    commune = CollectivityField()
    sujet = forms.ChoiceField(label="Sujet", required=False, widget=forms.Select(attrs={"class": "fr-select"}))

    def __init__(self, *args: Any, subjects: list[Subject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subjects = {subject.code: subject for subject in subjects}
        sujet = self.fields["sujet"]
        assert isinstance(sujet, forms.ChoiceField)
        sujet.choices = [("", "Tous les sujets"), *grouped_choices(subjects)]
        sujet.error_messages["invalid_choice"] = "Choisissez un sujet de la liste."

    @property
    def subject(self) -> Subject | None:
        return self.subjects.get(self.cleaned_data.get("sujet") or "")

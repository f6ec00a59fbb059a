"""« De quel territoire ? »: the nation, or one department. Never two side by side: departments are not ranked."""

from typing import Any

from django import forms

from common.figures import Scope, ScopeLevel
from territories.models import Department


class ScopeForm(forms.Form):
    departement = forms.ModelChoiceField(
        Department.objects.none(),
        label="Territoire",
        required=False,
        empty_label="France entière",
        error_messages={"invalid_choice": "Choisissez un département de la liste."},
        widget=forms.Select(attrs={"class": "fr-select"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["departement"]
        field.queryset = Department.objects.order_by("code")
        field.label_from_instance = lambda department: f"{department.code} – {department.name}"

    @property
    def scope(self) -> Scope:
        """Of a valid form."""
        department = self.cleaned_data["departement"]
        return Scope(ScopeLevel.DEPARTMENT, department.code) if department else Scope()

"""A field to name a body: completed as one types where scripts run, recognised on the server everywhere."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

from territories.completion import MAX_TYPED, Found
from territories.models import Collectivity, Department
from territories.recognition import match_collectivity


@dataclass(frozen=True, slots=True)
class Typed:
    """What the browser sent: the text, the code of a choice, and the text for which choices were offered."""

    text: str = ""
    code: str = ""
    asked: str = ""

    @property
    def wanted(self) -> str:
        """The choice, unless the text was typed anew since the choices were offered."""
        return self.code if self.code and (not self.asked or self.asked == self.text) else self.text


class CollectivityWidget(forms.Widget):
    """A text input that ``static/portal/completion.js`` turns into a combobox; the offered choices stand under it."""

    template_name = "territories/widgets/collectivity.html"

    def __init__(self, attrs: dict[str, Any] | None = None, kinds: Collection[str] = ()) -> None:
        super().__init__(attrs)
        self.kinds = tuple(kinds)
        self.offered: list[Found] = []

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed:
        return Typed(
            text=(data.get(name) or "").strip()[:MAX_TYPED],
            code=(data.get(f"{name}_code") or "").strip()[:9],
            asked=(data.get(f"{name}_asked") or "").strip()[:MAX_TYPED],
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def id_for_label(self, id_: str) -> str:
        return id_

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        typed = value if isinstance(value, Typed) else Typed(text=value or "")
        context["widget"] |= {
            "text": typed.text,
            "code": "" if self.offered else typed.code,
            "offered": self.offered,
            "url": reverse("territories:complete"),
            "kinds": ",".join(self.kinds),
            "maxlength": MAX_TYPED,
        }
        return context


class CollectivityField(forms.Field):
    """Cleans to a ``Collectivity`` (with its department), or None when it is not required.

    Accepts a code, a label or a name. Homonyms, beginnings of names and slips come back as an error, with the choices
    offered under the field.
    """

    widget = CollectivityWidget
    default_error_messages = {"required": "Indiquez votre collectivité : commencez à taper son nom."}

    def __init__(self, *, kinds: Collection[str] = (), **options: Any) -> None:
        options.setdefault("widget", CollectivityWidget(kinds=kinds))
        options.setdefault("label", "Commune ou intercommunalité")
        options.setdefault("help_text", "Nom, code postal ou SIREN")
        super().__init__(**options)
        self.kinds = tuple(kinds)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            value = Collectivity.objects.filter(pk=value).first()
        if isinstance(value, Collectivity):
            return Typed(text=value.label, code=value.code, asked=value.label)
        return value

    def to_python(self, value: Any) -> Collectivity | None:
        if isinstance(value, Collectivity):
            return value
        wanted = value.wanted if isinstance(value, Typed) else str(value or "").strip()
        if not wanted:
            return None
        recognised = match_collectivity(wanted, self.kinds)
        if recognised.exact is not None:
            return recognised.exact
        self.widget.offered = recognised.candidates or recognised.suggestions
        code = "ambiguous" if recognised.candidates else "unknown"
        raise ValidationError(recognised.message, code=code)

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = self.prepare_value(initial)
        code = before.code if isinstance(before, Typed) else str(before or "")
        wanted = data.wanted if isinstance(data, Typed) else str(data or "")
        return wanted not in (code, before.text if isinstance(before, Typed) else code)


class DeskFinderForm(forms.Form):
    """« Trouver mon guichet »: a department, or a commune when one does not know its department."""

    departement = forms.ModelChoiceField(
        Department.objects.none(),
        label="Votre département",
        required=False,
        empty_label="Choisissez un département",
        error_messages={"invalid_choice": "Choisissez un département de la liste."},
        widget=forms.Select(attrs={"class": "fr-select"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["departement"]
        field.queryset = Department.objects.with_desk().order_by("code")  # type: ignore[attr-defined]
        field.label_from_instance = lambda department: f"{department.code} – {department.name}"  # type: ignore[attr-defined]

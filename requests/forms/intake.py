"""The four steps of filing. What is typed is saved as typed; these forms say what is missing, and in which words."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from accounts.forms.fields import DayField, email_field
from common.french import number
from operators.enums import SubjectGroup
from operators.models import Subject
from requests.deadlines import council_in_sight
from requests.enums import Progress, ProjectLead
from requests.forms.exchanges import FilesField
from requests.services.intake import Application
from territories.forms import CollectivityField, Typed

NOBODY = "Personne"
OTHER = "Autre"
NEED_MAX = 2000
OTHER_SUBJECTS = 2


class SlotsField(forms.MultipleChoiceField):
    """Several selects of one name, each of which may stay empty."""

    def to_python(self, value: Any) -> list[str]:
        return [item for item in super().to_python(value) if item]


class StepForm(forms.Form):
    """One step. ``extra_names`` are posted names that belong to a field without bearing its name."""

    extra_names: tuple[str, ...] = ()

    def raw(self, posted: QueryDict) -> dict[str, str | list[str]]:
        """The answers of this step as posted: what a draft keeps. An unticked box is kept as an absence."""
        found: dict[str, str | list[str]] = {}
        for name, field in self.fields.items():
            if isinstance(field, forms.FileField):
                continue
            many = isinstance(field, forms.MultipleChoiceField)
            found[name] = [value for value in posted.getlist(name) if value] if many else posted.get(name, "")
        return found | {name: posted.get(name, "") for name in self.extra_names}

    @classmethod
    def saved(cls, answers: Mapping[str, Any]) -> MultiValueDict:
        """A draft's answers, as if they were posted."""
        return MultiValueDict(
            {
                name: value if isinstance(value, list) else [value]
                for name, value in answers.items()
                if name != "versions"
            }
        )


class NeedForm(StepForm):
    """Step 1, « Votre besoin »."""

    extra_names = ("collectivity_code", "collectivity_asked", "money_read")

    collectivity = CollectivityField(label="Pour quelle collectivité ?")
    subject = forms.ChoiceField(
        label="De quoi s’agit-il ?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choisissez un sujet, ou « Je ne sais pas ».",
            "invalid_choice": "Choisissez un sujet de la liste, ou « Je ne sais pas ».",
        },
    )
    other_subjects = SlotsField(label="Autres sujets", required=False)
    need = forms.CharField(
        label="En quelques phrases, que voulez-vous faire et qu’est-ce qui vous bloque ?",
        help_text=(
            "Exemple : « Notre épicerie ferme en juin. La commune possède un bâtiment en face. "
            "Que peut-on y faire ? » N’indiquez pas de données sur des personnes."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "data-counter": NEED_MAX}),
        error_messages={"required": "Décrivez votre besoin en quelques phrases."},
    )
    progress = forms.ChoiceField(
        label="Où en êtes-vous ?",
        choices=Progress.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Dites où en est le projet.",
            "invalid_choice": "Dites où en est le projet.",
        },
    )

    def __init__(self, *args: Any, subjects: Iterable[Subject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subjects = {subject.code: subject for subject in subjects}
        labels = [(subject.code, subject.label) for subject in self.subjects.values()]
        self.fields["subject"].choices = labels  # type: ignore[attr-defined]
        self.fields["other_subjects"].choices = [row for row in labels if self.subjects[row[0]].theme]  # type: ignore[attr-defined]

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The subjects as the page shows them: in four groups, in the order of the reference data."""
        return [
            {"code": group.value, "label": group.label, "subjects": rows}
            for group in SubjectGroup
            if (rows := [subject for subject in self.subjects.values() if subject.group == group.value])
        ]

    @property
    def unknown_subject(self) -> Subject | None:
        return next((subject for subject in self.subjects.values() if not subject.theme), None)

    @property
    def chosen_others(self) -> list[str]:
        return [code for code in self["other_subjects"].value() or () if code][:OTHER_SUBJECTS]

    @property
    def other_slots(self) -> list[str]:
        chosen = self.chosen_others
        return [*chosen, *[""] * (OTHER_SUBJECTS - len(chosen))]

    @property
    def progress_words(self) -> str:
        return dict(Progress.choices).get(self["progress"].value() or "", "")

    def clean_need(self) -> str:
        need = str(self.cleaned_data["need"]).replace("\r\n", "\n").strip()
        if len(need) > NEED_MAX:
            raise forms.ValidationError(
                f"Votre texte compte {number(len(need))} caractères : {number(NEED_MAX)} au plus."
            )
        return need

    def clean_subject(self) -> Subject:
        return self.subjects[self.cleaned_data["subject"]]

    def clean_other_subjects(self) -> list[Subject]:
        main = self.cleaned_data.get("subject")
        chosen = dict.fromkeys(self.cleaned_data["other_subjects"])
        return [self.subjects[code] for code in chosen if main is None or code != main.code][:OTHER_SUBJECTS]


class SoFarForm(StepForm):
    """Step 2, « Ce que vous avez déjà ». Nothing is required."""

    tried = forms.MultipleChoiceField(
        label="Avez-vous déjà demandé de l’aide à quelqu’un ?",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    tried_other = forms.CharField(label="Si c’est quelqu’un d’autre, qui ?", required=False, max_length=80)
    tried_answer = forms.CharField(
        label="Que vous ont-ils répondu ?",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    project_lead = forms.ChoiceField(
        label="Qui suit le projet chez vous ?", choices=ProjectLead.choices, required=False, widget=forms.RadioSelect
    )
    files = FilesField(  # type: ignore[assignment]
        label="Avez-vous des documents ?",
        help_text="Une photo, un plan, un courrier, une étude. 20 Mo au plus par fichier.",
    )
    wanted_by = forms.CharField(
        label="Pour quand ?", required=False, max_length=120, help_text="Exemple : « avant la rentrée 2027 »."
    )
    next_council_on = DayField(
        label="Prochain conseil",
        required=False,
        validators=[council_in_sight],
        help_text="Conseil municipal ou communautaire : les délais de réponse en tiennent compte.",
    )
    perimeter = forms.CharField(label="Périmètre du projet", required=False, max_length=300)
    partners = forms.CharField(label="Partenaires déjà associés", required=False, max_length=300)
    budget = forms.CharField(label="Budget connu ou espéré", required=False, max_length=120)

    def __init__(self, *args: Any, providers: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = list((self.initial or {}).get("tried") or ())
        if self.is_bound:
            kept = self.data.getlist("tried")  # type: ignore[attr-defined]
        names = dict(providers)
        others = [name[:80] for name in kept if name and name not in names and name not in (NOBODY, OTHER)]
        choices = [*names.items(), *((name, name) for name in (*dict.fromkeys(others), OTHER, NOBODY))]
        self.fields["tried"].choices = choices  # type: ignore[attr-defined]

    @property
    def lead_words(self) -> str:
        return dict(ProjectLead.choices).get(self["project_lead"].value() or "", "")

    def clean_tried(self) -> list[str]:
        chosen = [name for name in self.cleaned_data["tried"] if name != NOBODY]
        return chosen or ([NOBODY] if self.cleaned_data["tried"] else [])


class WhoForm(StepForm):
    """Step 3, « Vous »."""

    contact_name = forms.CharField(
        label="Nom de la personne à rappeler",
        max_length=200,
        error_messages={"required": "Indiquez le nom de la personne à rappeler."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact_function = forms.CharField(label="Sa fonction", required=False, max_length=120)
    contact_phone = forms.CharField(
        label="Téléphone",
        required=False,
        max_length=30,
        help_text="La préfecture vous rappelle à ce numéro.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    contact_email = email_field(max_length=254, help_text="Les nouvelles de la demande y sont envoyées.")
    contact_address = forms.CharField(
        label="Adresse de la mairie ou du siège",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "street-address"}),
    )
    public_title = forms.CharField(
        label="Intitulé communicable",
        max_length=120,
        help_text="C’est le seul texte que verront les membres du comité local.",
        error_messages={
            "required": "Écrivez un intitulé communicable, par exemple le sujet de la demande.",
            "max_length": "Cet intitulé compte %(show_value)d caractères : 120 au plus.",
        },
    )
    shared_with_grouping = forms.BooleanField(label="Partager avec l’intercommunalité", required=False)

    def __init__(self, *args: Any, grouping: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if grouping:
            self.fields["shared_with_grouping"].label = f"J’accepte que {grouping} voie cette demande"
        else:
            del self.fields["shared_with_grouping"]


class SendForm(forms.Form):
    """Step 4: the two boxes, and for a secretary the address of whom he asks."""

    notice = forms.BooleanField(
        label="J’ai lu qui verra cette demande et ce que deviennent ces informations.",
        error_messages={"required": "Cochez cette case pour envoyer la demande."},
    )
    accurate = forms.BooleanField(
        label="Ces informations sont exactes à ma connaissance.",
        error_messages={"required": "Cochez cette case pour envoyer la demande."},
    )


class AskForm(forms.Form):
    """« Demander à Mme la maire de l’envoyer »: an address is asked only when the portal knows none."""

    email = email_field(label="Adresse électronique de l’exécutif", max_length=254, required=False)

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["email"]


def initial_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    """A draft's answers, as the initial values of any step."""
    code = answers.get("collectivity_code", "")
    return {
        **answers,
        "collectivity": Typed(
            text=answers.get("collectivity", ""), code=code, asked=answers.get("collectivity_asked", "")
        ),
    }


def application_of(need: NeedForm, so_far: SoFarForm, who: WhoForm) -> Application:
    """The three valid steps, as what is filed."""
    said, had, person = need.cleaned_data, so_far.cleaned_data, who.cleaned_data
    tried = [had["tried_other"] if name == OTHER and had["tried_other"] else name for name in had["tried"]]
    details = {
        "function": person["contact_function"],
        "address": person["contact_address"],
        **{name: had[name] for name in ("perimeter", "partners", "budget")},
    }
    council: dt.date | None = had["next_council_on"]
    return Application(
        collectivity=said["collectivity"],
        subject=said["subject"],
        other_subjects=tuple(said["other_subjects"]),
        need=said["need"],
        progress=said["progress"],
        public_title=person["public_title"],
        tried=tuple(name[:80] for name in tried),
        tried_answer=had["tried_answer"],
        project_lead=had["project_lead"],
        wanted_by=had["wanted_by"],
        next_council_on=council,
        contact_name=person["contact_name"],
        contact_email=person["contact_email"],
        contact_phone=person["contact_phone"],
        shared_with_grouping=person.get("shared_with_grouping", False),
        details={name: value for name, value in details.items() if value},
    )

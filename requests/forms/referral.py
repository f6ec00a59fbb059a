"""Forms of the national way: referral, signature, the agency's answers, agreement, the partners' answers."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from accounts.forms.fields import DayField
from accounts.models import Mandate, Organisation
from operators.enums import ProviderKind
from operators.models import Offer, Provider
from requests.enums import (
    Circuit,
    DeclineReason,
    Motive,
    NationalAnswerKind,
    NotRetainedReason,
    Opinion,
)

TEXT_ROWS = 5


def _text(
    label: str, *, rows: int = TEXT_ROWS, limit: int = 2000, required: bool = True, hint: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        help_text=hint,
        max_length=limit,
        widget=forms.Textarea(attrs={"rows": rows, "data-counter": str(limit)}),
    )


def mandate_choices(mandates: Iterable[Mandate]) -> list[tuple[str, str]]:
    return [(str(mandate.uuid), mandate.label) for mandate in mandates]


class MandateChoice(forms.ChoiceField):
    """A choice among persons in office; cleans to the mandate."""

    def __init__(self, *, mandates: Sequence[Mandate] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offer(mandates)

    def offer(self, mandates: Sequence[Mandate]) -> None:
        self._mandates = {str(mandate.uuid): mandate for mandate in mandates}
        empty = [] if self.required and len(self._mandates) == 1 else [("", "Choisir une personne")]
        self.choices = [*empty, *mandate_choices(self._mandates.values())]

    def clean(self, value: Any) -> Mandate | None:
        super().clean(value)
        return self._mandates.get(str(value)) if value else None


class ReferralForm(forms.Form):
    """« Transmettre à l’Agence (saisine) » (SCREENS 6). What is missing is only required at the signature."""

    evidence_note = _text("Ajouter un élément", rows=3, limit=4000, required=False)
    motives = forms.MultipleChoiceField(
        label="Motifs", choices=Motive.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    justification_insufficient_resources = _text("Justification : insuffisance des ressources locales", required=False)
    justification_complexity = _text("Justification : complexité du projet", required=False)
    justification_fragility = _text(
        "Justification : fragilité de la collectivité",
        required=False,
        hint="La collectivité lira ce texte avant la signature.",
    )
    service_asked = forms.CharField(label="Prestation demandée", max_length=300, required=False)
    duration = forms.CharField(label="Durée", max_length=120, required=False)
    calendar = forms.CharField(label="Calendrier", max_length=300, required=False)
    cost_excl_tax = forms.DecimalField(
        label="Coût estimé HT (euros)", required=False, min_value=0, max_digits=10, decimal_places=2, localize=True
    )
    cost_incl_tax = forms.DecimalField(
        label="Coût estimé TTC (euros)", required=False, min_value=0, max_digits=10, decimal_places=2, localize=True
    )
    proposed_answer = forms.ChoiceField(
        label="Réponse proposée",
        required=False,
        choices=[
            ("", "Sans proposition"),
            *(
                (kind.value, kind.label)
                for kind in (
                    NationalAnswerKind.OPERATORS,
                    NationalAnswerKind.AGENCY_SERVICE,
                    NationalAnswerKind.MARKET,
                )
            ),
        ],
    )
    outside_reason = _text(
        "Pourquoi une prestation externe ?",
        rows=3,
        required=False,
    )
    referent = MandateChoice(label="Référent local", required=False)
    circuit = forms.ChoiceField(label="Circuit", choices=Circuit.choices, widget=forms.RadioSelect)
    to_sign_by = MandateChoice(label="Envoyer à la signature de", required=False)

    def __init__(self, *args: Any, agents: Sequence[Mandate], signatories: Sequence[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["referent"].offer(agents)  # type: ignore[attr-defined]
        self.fields["to_sign_by"].offer(signatories)  # type: ignore[attr-defined]

    def motives_given(self) -> dict[str, str]:
        """Ticked motives with their justifications."""
        return {motive: self.cleaned_data[f"justification_{motive}"] for motive in self.cleaned_data["motives"]}


class SignForm(forms.Form):
    """Signing on the portal: one box, under the reasons."""

    read = forms.BooleanField(label="J’ai lu la saisine, ses motifs et leurs justifications, et je la signe.")


class PaperSignatureForm(forms.Form):
    """A signature given on paper: who, when, and the scan."""

    signatory = MandateChoice(label="Signataire")
    signed_on = DayField(label="Date de la signature")
    scan = forms.FileField(label="Copie signée", required=False, help_text="PDF, JPEG ou PNG, 20 Mo au plus.")

    def __init__(self, *args: Any, signatories: Sequence[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["signatory"].offer(signatories)  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    text = _text("Dites pourquoi", limit=4000)


class OpinionForm(forms.Form):
    opinion = forms.ChoiceField(
        label="Avis",
        choices=[(o.value, o.label) for o in (Opinion.FAVOURABLE, Opinion.RESERVED, Opinion.UNFAVOURABLE)],
        widget=forms.RadioSelect,
    )
    text = _text("En quelques phrases", required=False)


class PersonForm(forms.Form):
    person = MandateChoice(label="Personne")

    def __init__(self, *args: Any, people: Sequence[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].offer(people)  # type: ignore[attr-defined]


class DelegateForm(forms.Form):
    """One mission an operator ticked, among the five."""

    expected_on = DayField(label="Réponse attendue le", required=False)

    def __init__(self, *args: Any, operators: Sequence[Provider], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.operators = list(operators)
        fields: dict[str, forms.Field] = {}
        for operator in self.operators:
            fields[f"operator_{operator.code}"] = forms.BooleanField(label=operator.name, required=False)
            fields[f"mission_{operator.code}"] = _text(
                f"Mission confiée : {operator.name}", rows=3, required=False, hint="À écrire si l’opérateur est coché."
            )
        self.fields = {**fields, **self.fields}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = [operator for operator in self.operators if data.get(f"operator_{operator.code}")]
        if not chosen:
            raise forms.ValidationError("Choisissez au moins un opérateur.")
        for operator in chosen:
            if not data.get(f"mission_{operator.code}", "").strip():
                self.add_error(f"mission_{operator.code}", f"Décrivez la mission confiée ({operator.name}).")
        data["chosen"] = chosen
        return data


class ServiceForm(forms.Form):
    service = forms.ModelChoiceField(
        label="Service de l’Agence",
        queryset=Provider.objects.none(),
        empty_label="Choisir un service",
    )
    text = _text("Ce que la collectivité lira", rows=3, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = Provider.objects.filter(kind=ProviderKind.AGENCY, is_active=True)  # type: ignore[attr-defined]


class MarketForm(forms.Form):
    lot = forms.CharField(label="Lot de l’accord-cadre", max_length=200)
    outside_reason = _text("Pourquoi une prestation externe ?")
    mission = _text("Mission", rows=3, required=False)
    days = forms.IntegerField(label="Nombre de jours", min_value=1, max_value=500, required=False)
    amount_excl_tax = forms.DecimalField(
        label="Montant HT (euros)", min_value=1, max_digits=9, decimal_places=2, localize=True
    )
    agency_share = forms.DecimalField(
        label="Part prise en charge par l’Agence (%)",
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        localize=True,
    )


class SendBackForm(forms.Form):
    offer = forms.ModelChoiceField(
        label="Offre locale qui existe", queryset=Offer.objects.none(), empty_label="Choisir une offre"
    )
    text = _text("Explication pour la préfecture", rows=3, required=False)

    def __init__(self, *args: Any, offers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offer"].queryset = offers  # type: ignore[attr-defined]
        self.fields["offer"].label_from_instance = lambda offer: f"{offer.provider.name} – {offer.title}"  # type: ignore[attr-defined]


class NotRetainForm(forms.Form):
    reason = forms.ChoiceField(label="Motif", choices=NotRetainedReason.choices, widget=forms.RadioSelect)
    text = _text("Explication", limit=4000, hint="La préfecture la transmettra à la collectivité.")


class AgreementDateForm(forms.Form):
    """The prefect's signature on an agreement."""

    signatory = MandateChoice(label="Signataire")
    signed_on = DayField(label="Date de la signature")
    on_paper = forms.BooleanField(label="Signature donnée sur papier", required=False)

    def __init__(self, *args: Any, signatories: Sequence[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["signatory"].offer(signatories)  # type: ignore[attr-defined]


class BodySignatureForm(forms.Form):
    """The applicant's signature, noted by the desk."""

    deliberated_on = DayField(label="Date de la délibération")
    signed_on = DayField(label="Date de la signature")
    signed_by = forms.CharField(label="Signée par", max_length=200)


class CommitForm(forms.Form):
    committed_on = DayField(label="Date de l’engagement")
    starts_on = DayField(label="Début de l’accompagnement", required=False, help_text="Vide : dès l’engagement.")


class OrderForm(forms.Form):
    number = forms.CharField(label="Numéro du bon de commande", max_length=60)
    contractor = forms.ModelChoiceField(
        label="Titulaire", queryset=Organisation.objects.none(), empty_label="Choisir un titulaire"
    )

    def __init__(self, *args: Any, contractors: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contractor"].queryset = contractors  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """Accept or decline, by a provider or an operator."""

    accepted = forms.TypedChoiceField(
        label="Votre réponse",
        choices=[("oui", "J’accepte"), ("non", "Je décline")],
        coerce=lambda value: value == "oui",
        widget=forms.RadioSelect,
    )
    reason = forms.ChoiceField(
        label="Si vous déclinez, pourquoi ?", choices=[("", "Choisir un motif"), *DeclineReason.choices], required=False
    )
    text = _text("Précisions", rows=4, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("accepted") is False and not data.get("reason"):
            self.add_error("reason", "Choisissez un motif.")
        return data


class SolicitationAnswerForm(AnswerForm):
    condition = forms.CharField(
        label="Condition éventuelle", max_length=300, required=False, help_text="Par exemple : si la commune adhère."
    )
    stands_aside = forms.BooleanField(label="Je me déporte : j’ai un lien d’intérêt avec ce projet.", required=False)


class NotedAnswerForm(AnswerForm):
    """The desk notes an answer received otherwise."""

    channel = forms.ChoiceField(
        label="Reçue", choices=[("telephone", "Par téléphone"), ("mail", "Par courriel"), ("meeting", "En réunion")]
    )
    answered_by = forms.CharField(label="Réponse donnée par", max_length=200)
    condition = forms.CharField(label="Condition éventuelle", max_length=300, required=False)


class DelegationAnswerForm(AnswerForm):
    contact = forms.CharField(label="Interlocuteur de la collectivité", max_length=200, required=False)
    starts_on = DayField(label="Début", required=False, help_text="Vide : dès maintenant.")
    public_answer = forms.CharField(
        label="Si vous déclinez : ce que la collectivité lira",
        max_length=300,
        required=False,
        help_text="Une phrase. Le reste de votre réponse n’est lu que par l’Agence et la préfecture.",
    )

"""The desk's acts on one solicitation: reminding its provider, asking him no more."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import cached_property

from requests.models import Solicitation
from requests.permissions import Ability
from requests.services import solicitations
from requests.views.acts import ActView


class SolicitationAct(ActView):
    ability = Ability.MANAGE_SOLICITATIONS

    @cached_property
    def solicitation(self) -> Solicitation:
        rows = Solicitation.objects.visible_to(self.actor).select_related("provider", "offer")
        found = rows.filter(support_request=self.support_request, uuid=self.kwargs["uuid"]).first()
        if found is None:
            raise Http404("Aucune sollicitation à cette adresse parmi celles que vous pouvez voir.")
        return found

    def is_undoable(self) -> bool:
        return True

    def check_role(self) -> None:
        super().check_role()
        if not self.may_ever():
            raise PermissionDenied(self.refusal())
        _ = self.solicitation

    def get_context(self) -> dict[str, Any]:
        row = self.solicitation
        return {"lead": f"{row.provider.name}, «\u00a0{row.offer.title}\u00a0». {self.lead}"}

    def get_success_url(self) -> str:
        return f"{super().get_success_url()}#sollicitations"


class Remind(SolicitationAct):
    title = "Relancer un prestataire"
    lead = "Il reçoit un courriel qui rappelle la question et la date. Une relance par jour au plus."
    submit = "Relancer"
    done = "Relance enregistrée : le prestataire reçoit un courriel."

    def perform(self, form: Any) -> None:
        solicitations.remind(self.solicitation, self.actor)


class CancelForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Le prestataire lira ce texte.",
        error_messages={"required": "Dites pourquoi : le prestataire lira ce texte."},
    )


class Cancel(SolicitationAct):
    form_class = CancelForm
    title = "Ne plus solliciter ce prestataire"
    lead = "Il est prévenu et n’a plus à répondre. Son fil d’échanges reste lisible."
    submit = "Ne plus le solliciter"
    done = "Sollicitation annulée : le prestataire est prévenu."

    def perform(self, form: Any) -> None:
        solicitations.cancel(self.solicitation, self.actor, reason=form.cleaned_data["reason"])

"""The acts of the follow-up: steps, pauses, closing in two hands, reopening."""

from typing import Any

from requests.forms import followup as forms
from requests.forms.triage import InternalReasonForm, ReasonForm
from requests.permissions import Ability
from requests.services import followup
from requests.views.acts import ActView
from requests.workflow import Action


class LogEntry(ActView):
    ability = Ability.LOG_FOLLOW_UP
    form_class = forms.EntryForm
    title = "Noter une étape"
    submit = "Noter"
    done = "Étape notée."

    def get_initial(self) -> dict[str, Any]:
        return {"on": self.actor.on}

    def perform(self, form: Any) -> None:
        followup.log(self.support_request, self.actor, **form.cleaned_data)


class Suspend(ActView):
    ability = Action.SUSPEND
    form_class = forms.SuspendForm
    title = "Suspendre l’accompagnement"
    lead = "La collectivité est prévenue. Aucune échéance ne court jusqu’à la reprise."
    submit = "Suspendre"
    done = "Accompagnement suspendu."

    def perform(self, form: Any) -> None:
        followup.suspend(
            self.support_request,
            self.actor,
            reason=form.cleaned_data["reason"],
            expected_until=form.cleaned_data["expected_until"],
        )


class Resume(ActView):
    ability = Action.RESUME
    form_class = forms.ResumeForm
    title = "Reprendre l’accompagnement"
    submit = "Reprendre"
    done = "Accompagnement repris."

    def perform(self, form: Any) -> None:
        followup.resume(self.support_request, self.actor, note=form.cleaned_data["note"])


class ProposeClosing(ActView):
    ability = Ability.PROPOSE_CLOSING
    form_class = forms.ClosingForm
    title = "Proposer la clôture"
    lead = "Le délégué territorial confirme la clôture, ou dit pourquoi l’accompagnement continue."
    submit = "Proposer la clôture"
    done = "Clôture proposée : elle attend sa confirmation."

    def get_initial(self) -> dict[str, Any]:
        return {"finished_on": self.actor.on}

    def perform(self, form: forms.ClosingForm) -> None:
        answers = form.cleaned_data
        followup.propose_closing(
            self.support_request,
            self.actor,
            result=answers["result"],
            summary=answers["summary"],
            finished_on=answers["finished_on"],
            recommendations=form.recommendation_lines(),
        )


class ShowsClosing(ActView):
    """An act on the closing that waits: its result and its summary stand above the button."""

    ability = Action.CLOSE
    template_name = "requests/followup/closing.html"

    def get_context(self) -> dict[str, Any]:
        closing = followup.live_closing(self.support_request)
        return {
            "closing": closing,
            "recommendations": list(closing.recommendations.all()) if closing else [],
            "proposed_by": closing.proposed_by.display_name if closing else "",
        }


class ConfirmClosing(ShowsClosing):
    title = "Confirmer la clôture"
    lead = "La collectivité reçoit deux questions aujourd’hui, une autre dans six mois."
    submit = "Confirmer la clôture"
    done = "Demande clôturée."

    def perform(self, form: Any) -> None:
        followup.close(self.support_request, self.actor)


class RefuseClosing(ShowsClosing):
    form_class = InternalReasonForm
    title = "Ne pas confirmer la clôture"
    lead = "L’accompagnement continue. La personne chargée du suivi lit pourquoi."
    submit = "Ne pas confirmer"
    done = "Clôture non confirmée : l’accompagnement continue."

    def perform(self, form: Any) -> None:
        followup.refuse_closing(self.support_request, self.actor, reason=form.cleaned_data["reason"])


class Reopen(ActView):
    ability = Action.REOPEN
    form_class = ReasonForm
    title = "Rouvrir"
    lead = "L’accompagnement reprend là où il s’était arrêté. La collectivité est prévenue."
    submit = "Rouvrir"
    done = "Demande rouverte."

    def perform(self, form: Any) -> None:
        followup.reopen(self.support_request, self.actor, reason=form.cleaned_data["reason"])

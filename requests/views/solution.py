"""The acts of the local way: proposing one help or several, noting the answer, naming the follow-up officer."""

from typing import Any

from django.utils.functional import cached_property

from requests.enums import AssignmentKind, SolutionState
from requests.forms import solution as forms
from requests.forms.triage import ReasonForm
from requests.models import Solution
from requests.permissions import Ability
from requests.services import shown, solution
from requests.views.acts import ActView
from requests.views.read_first import ReadFirst
from requests.views.triage import NamesSomebody
from requests.workflow import Action


class Propose(ActView):
    """One line a helper, one pilot among them."""

    ability = Action.PROPOSE
    form_class = forms.ProposalForm
    title = "Proposer une aide"
    lead = "La collectivité reçoit la proposition par courriel. Elle peut la refuser sans fermer sa demande."
    submit = "Proposer à la collectivité"
    done = "Aide proposée à la collectivité."
    template_name = "requests/solution/propose.html"

    @cached_property
    def helpers(self) -> list[solution.Helper]:
        return solution.helpers(self.support_request)

    def form_kwargs(self) -> dict[str, Any]:
        return {"helpers": self.helpers}

    def get_initial(self) -> dict[str, Any]:
        prices = [helper.offer.price_label for helper in self.helpers if helper.offer.price_label]
        conditions = [
            helper.solicitation.condition
            for helper in self.helpers
            if helper.solicitation and helper.solicitation.condition
        ]
        return {
            "price": " ; ".join(dict.fromkeys(prices))[:300],
            "conditions": " ; ".join(dict.fromkeys(conditions))[:500],
            "council_on": self.support_request.next_council_on,
            **self._withdrawn(),
        }

    def _withdrawn(self) -> dict[str, Any]:
        """The words of the last proposal, if it was withdrawn: they are mended rather than typed again."""
        last = self.support_request.solutions.order_by("-proposed_at", "-pk").first()
        if last is None or last.state != SolutionState.WITHDRAWN:
            return {}
        names = ("text", "price", "conditions", "calendar", "council_on")
        return {name: getattr(last, name) for name in names if getattr(last, name)}

    def get_context(self) -> dict[str, Any]:
        posted = self.request.POST if self.request.method == "POST" else None
        pilot = posted.get("pilot", "") if posted is not None else (self.helpers[0].key if self.helpers else "")
        return {
            "helpers": [
                {
                    "row": helper,
                    "key": helper.key,
                    "ticked": True if posted is None else helper.key in posted.getlist("helpers"),
                    "pilot": helper.key == pilot,
                    "mission": posted.get(f"mission_{helper.key}", "") if posted is not None else "",
                }
                for helper in self.helpers
            ],
        }

    def perform(self, form: forms.ProposalForm) -> None:
        answers = form.cleaned_data
        solution.propose(
            self.support_request,
            self.actor,
            lines=form.lines(),
            text=answers["text"],
            price=answers["price"],
            conditions=answers["conditions"],
            calendar=answers["calendar"],
            council_on=answers["council_on"],
        )


class WithdrawProposal(ActView):
    ability = Action.WITHDRAW_PROPOSAL
    form_class = ReasonForm
    title = "Retirer la proposition"
    lead = "La recherche reprend. La collectivité est prévenue et lit pourquoi."
    submit = "Retirer la proposition"
    done = "Proposition retirée."

    def perform(self, form: Any) -> None:
        solution.withdraw_proposal(self.support_request, self.actor, reason=form.cleaned_data["reason"])


class NoteAnswer(ReadFirst):
    """The collectivity answered the desk rather than the portal."""

    ability = Ability.ANSWER_PROPOSAL
    form_class = forms.AnswerForm
    title = "Noter la réponse de la collectivité"
    lead = "Ce que la collectivité a répondu par téléphone, par courriel ou en réunion. Elle lira ce que vous notez."
    submit = "Enregistrer la réponse"
    template_name = "requests/solution/answer.html"

    @cached_property
    def live(self) -> Solution | None:
        return solution.live_solution(self.support_request)

    def shown(self) -> str:
        return shown.of_proposal(self.live) if self.live else ""

    def get_context(self) -> dict[str, Any]:
        live = self.live
        return {
            "live": live,
            "lines": list(live.lines.select_related("provider", "offer")) if live else [],
            "already": live is not None and live.state == SolutionState.ACCEPTED,
        }

    def perform(self, form: Any) -> None:
        answers = form.cleaned_data
        if answers["accepted"] == forms.YES:
            solution.accept_proposal(
                self.support_request,
                self.actor,
                note=answers["note"],
                channel=answers["channel"],
                seen=answers["seen"],
            )
            self.done = "Acceptation notée. Il reste à désigner le chargé de suivi."
        else:
            solution.decline_proposal(
                self.support_request, self.actor, reason=answers["note"], channel=answers["channel"]
            )
            self.done = "Refus noté : la recherche continue."


class Designate(NamesSomebody):
    ability = Action.DESIGNATE
    kind = AssignmentKind.FOLLOW_UP_OFFICER
    form_class = forms.DesignateForm
    title = "Désigner le chargé de suivi"
    lead = "L’accompagnement commence. La collectivité reçoit son nom par lettre."
    submit = "Désigner"
    done = "Chargé de suivi désigné : l’accompagnement commence."

    def get_initial(self) -> dict[str, Any]:
        return {}

    def perform(self, form: Any) -> None:
        solution.designate(self.support_request, self.actor, officer=form.cleaned_data["person"])

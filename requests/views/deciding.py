"""« Décider », and « Solliciter » once that is decided: offers of the territory, with all that helps to choose."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from common import clock
from common.errors import Invalid
from operators.models import Offer, ProviderAbsence
from operators.territory_facts import areas_of
from requests import deadlines, observed
from requests.enums import LIVE_SOLICITATIONS, DecisionKind
from requests.forms import triage as forms
from requests.permissions import Ability
from requests.services import transitions, triage
from requests.views.acts import ActView
from requests.views.proposal import proposal_of
from requests.workflow import State


class Decide(ActView):
    """Offers to mobilise or motives of a referral; both buttons stand under the reasons (PRACTICE 3.3)."""

    ability = Ability.DECIDE
    form_class = forms.DecisionForm
    title = "Décider"
    lead = "Aide au repérage ; la décision vous appartient."
    template_name = "requests/triage/decide.html"
    #: Whether nothing is ticked yet but what is proposed.
    ticks_proposal = True
    #: Whether offers already asked are left out.
    hides_live = False

    @cached_property
    def offers(self) -> list[Offer]:
        """Every published offer that meets the territory: the candidates, and those that one may prefer to them."""
        found = Offer.objects.published().meeting(areas_of(self.support_request.collectivity))
        return list(found.select_related("provider").order_by("provider__name", "title"))

    @property
    def today(self) -> dt.date:
        return transitions.local_date(self.support_request, clock.now())

    def form_kwargs(self) -> dict[str, Any]:
        usual = deadlines.solicitation_due(self.today, self.support_request.department_id)
        return {"offers": self.offers, "usual": usual}

    def get_context(self) -> dict[str, Any]:
        proposal = proposal_of(self.support_request.assessment)
        live = self._live_offers()
        answer = self.support_request.national_answers.select_related("offer__provider", "note").last()
        named = str(answer.offer.uuid) if answer and answer.offer else ""  # the agency sends back to this offer
        proposed: set[str] = set()
        if self.ticks_proposal:
            recommended = {row.uuid for row in proposal.candidates if row.recommended} if proposal else set()
            proposed = {named} if named else recommended
        asked = self.request.GET.get("offre")  # « Solliciter » under one candidate of the file
        ticked = {asked} if asked in {str(offer.uuid) for offer in self.offers} else proposed
        if self.request.method == "POST":
            ticked = set(self.request.POST.getlist("offers"))
        beside = self._beside()
        candidates: list[dict[str, Any]] = [
            {
                "row": candidate,
                "ticked": candidate.uuid in ticked,
                "rank": self.request.POST.get(f"rank_{candidate.uuid}", rank),
                "live": candidate.uuid in live,
                **beside.get(candidate.uuid, {}),
            }
            for rank, candidate in enumerate(proposal.candidates if proposal else [], start=1)
        ]
        known = {candidate["row"].uuid for candidate in candidates}
        why = {miss.id: miss.why for miss in proposal.misses} if proposal else {}
        others: list[dict[str, Any]] = [
            {
                "row": offer,
                "uuid": str(offer.uuid),
                "ticked": str(offer.uuid) in ticked,
                "live": str(offer.uuid) in live,
                "why": why.get(offer.pk, []),
                **beside[str(offer.uuid)],
            }
            for offer in self.offers
            if str(offer.uuid) not in known
        ]
        nearest = list(why)  # the nearest misses come first
        others.sort(key=lambda other: nearest.index(other["row"].pk) if other["row"].pk in why else len(nearest))
        if self.hides_live:
            candidates = [candidate for candidate in candidates if not candidate["live"]]
            others = [other for other in others if not other["live"]]
        return {
            "proposal": proposal,
            "sent_back": answer if named else None,
            "candidates": candidates,
            "others": others,
            "others_open": any(other["ticked"] for other in others),
            "local": DecisionKind.LOCAL,
            "refer": DecisionKind.REFER,
        }

    def _beside(self) -> dict[str, dict[str, Any]]:
        """By offer: what its answers show, whether its provider is away or about to be, and the question typed."""
        territory = self.support_request.department_id
        seen = observed.of_offers(self.actor, [offer.pk for offer in self.offers])
        usual = deadlines.solicitation_due(self.today, territory)
        absences = ProviderAbsence.objects.visible_to(self.actor).standing()
        absences = absences.filter(first_day__lte=usual, last_day__gte=self.today)
        away = {absence.provider_id: absence for absence in absences.order_by("-first_day")}
        return {
            str(offer.uuid): {
                "observed": seen.get(offer.pk),
                "away": away.get(offer.provider_id),
                "question": self.request.POST.get(f"question_{offer.uuid}", ""),
            }
            for offer in self.offers
        }

    def is_undoable(self) -> bool:
        return self.request.POST.get("kind") != DecisionKind.REFER  # a referral opened is told to nobody

    def _live_offers(self) -> set[str]:
        """Offers already asked or accepted: mobilising them again would ask nothing."""
        rows = self.support_request.solicitations.filter(state__in=LIVE_SOLICITATIONS)
        return {str(found) for found in rows.values_list("offer__uuid", flat=True)}

    def perform(self, form: forms.DecisionForm) -> None:
        answers = form.cleaned_data
        if answers["kind"] == DecisionKind.REFER:
            triage.decide_refer(self.support_request, self.actor, answers["motives"], reason=answers["reason"])
            self.done = "Décision prise : la transmission à l’Agence est en cours de préparation."
            return
        offers = form.chosen()
        if not offers:
            raise Invalid("Choisissez au moins une offre.")
        triage.decide_local(
            self.support_request,
            self.actor,
            offers,
            message=answers["message"],
            reason=answers["reason"],
            questions=form.questions(),
            expected_on=answers["expected_on"],
        )
        self.done = "Décision prise : les prestataires sont sollicités."


class Solicit(Decide):
    """Further providers, while others are still asked or once they have answered. It is a decision like the first: it
    answers the proposal of the day."""

    title = "Solliciter un prestataire"
    lead = "Les prestataires déjà sollicités le restent. Chacun lit votre texte et sa question, rien des autres."
    template_name = "requests/triage/solicit.html"
    ticks_proposal = False
    hides_live = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.support_request.step is not State.LOCAL_SEARCH:  # nothing is decided yet
            page = reverse("requests:act-decider", args=[self.support_request.reference])
            return redirect(f"{page}?{request.GET.urlencode()}" if request.GET else page)
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """What the providers asked so far have read."""
        asked = self.support_request.solicitations.exclude(message="").order_by("-asked_at").first()
        return {"message": asked.message if asked else ""}

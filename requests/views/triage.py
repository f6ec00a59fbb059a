"""The desk's acts before any help is found; each is a page of its own, which works without JavaScript."""

from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property

from accounts.models import User
from common.errors import Invalid
from operators.models import Offer
from operators.territory_facts import areas_of
from requests.enums import AssignmentKind, DecisionKind
from requests.forms import triage as forms
from requests.models import SupportRequest
from requests.permissions import Ability
from requests.redirections import ELSEWHERE
from requests.services import assignments, grants, intake, triage
from requests.services.routing import PHASES
from requests.views.acts import ActView
from requests.views.proposal import proposal_of
from requests.workflow import TERMINAL, Action
from territories.models import Department


class NamesSomebody(ActView):
    """An act that names a person: ``kind`` says at what title, hence among whom."""

    kind = AssignmentKind.CONTACT

    def form_kwargs(self) -> dict[str, Any]:
        return {"people": assignments.candidates(self.support_request, self.kind, self.actor.on)}

    def get_initial(self) -> dict[str, Any]:
        """Oneself, when one may be named."""
        mandate = self.request.mandate  # type: ignore[attr-defined]
        return {"person": mandate.uuid if mandate else None}


class Acknowledge(NamesSomebody):
    ability = Action.ACKNOWLEDGE
    form_class = forms.AcknowledgeForm
    title = "Accuser réception"
    lead = "La collectivité reçoit une lettre qui nomme son interlocuteur. La qualification commence."
    submit = "Accuser réception"
    done = "Accusé de réception : la lettre à la collectivité se prépare."

    def perform(self, form: Any) -> None:
        triage.acknowledge(self.support_request, self.actor, contact=form.cleaned_data["person"])


class AskCompletion(ActView):
    ability = Action.ASK_COMPLETION
    form_class = forms.CompletionForm
    title = "Demander des éléments"
    lead = "La collectivité reçoit cette liste par courriel. La demande l’attend."
    submit = "Envoyer la liste à la collectivité"
    done = "Liste enregistrée : la collectivité la reçoit par courriel."
    words = "items"

    def perform(self, form: Any) -> None:
        triage.ask_completion(
            self.support_request,
            self.actor,
            items=form.cleaned_data["items"],
            answer_by=form.cleaned_data["answer_by"],
        )


class Complete(ActView):
    ability = Action.COMPLETE
    form_class = forms.CompletedForm
    title = "Noter les éléments reçus"
    lead = "La demande reprend à l’étape où elle s’était arrêtée."
    submit = "Enregistrer"
    done = "Éléments notés."

    def perform(self, form: Any) -> None:
        intake.complete(self.support_request, self.actor, text=form.cleaned_data["text"])


class Qualify(ActView):
    ability = Ability.QUALIFY
    form_class = forms.QualificationForm
    title = "Notre lecture"
    lead = (
        "Les mots de la collectivité ne changent pas. Une nouvelle proposition est calculée à partir de votre lecture."
    )
    submit = "Enregistrer"
    done = "Lecture enregistrée. La proposition est recalculée."
    template_name = "requests/triage/qualify.html"

    def get_initial(self) -> dict[str, Any]:
        row = self.support_request
        return {
            "subject": row.subject.code,
            "themes": row.themes,
            "competence": row.competence,
            "phase": row.phase or PHASES.get(row.progress, ""),
            "services": row.services,
            "engineering_types": row.engineering_types,
            "complexity_signs": row.complexity_signs,
        }

    def perform(self, form: Any) -> None:
        triage.qualify(self.support_request, self.actor, form.qualification())


class Decide(ActView):
    """Offers to mobilise or motives of a referral; both buttons stand under the reasons (PRACTICE 3.3)."""

    ability = Ability.DECIDE
    form_class = forms.DecisionForm
    title = "Décider"
    lead = "Aide au repérage ; la décision vous appartient."
    template_name = "requests/triage/decide.html"

    @cached_property
    def offers(self) -> list[Offer]:
        """Every published offer that meets the territory: the candidates, and those that one may prefer to them."""
        found = Offer.objects.published().meeting(areas_of(self.support_request.collectivity))
        return list(found.select_related("provider").order_by("provider__name", "title"))

    def form_kwargs(self) -> dict[str, Any]:
        return {"offers": self.offers}

    def get_context(self) -> dict[str, Any]:
        proposal = proposal_of(self.support_request.assessment)
        live = self._live_offers()
        answer = self.support_request.national_answers.select_related("offer__provider", "note").last()
        named = str(answer.offer.uuid) if answer and answer.offer else ""  # the agency sends back to this offer
        proposed = (
            {named} if named else {row.uuid for row in proposal.candidates if row.recommended} if proposal else set()
        )
        ticked = set(self.request.POST.getlist("offers")) if self.request.method == "POST" else proposed
        candidates: list[dict[str, Any]] = [
            {
                "row": candidate,
                "ticked": candidate.uuid in ticked,
                "rank": self.request.POST.get(f"rank_{candidate.uuid}", rank),
                "live": candidate.uuid in live,
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
                "why": why.get(offer.pk, []),
            }
            for offer in self.offers
            if str(offer.uuid) not in known
        ]
        nearest = list(why)  # the nearest misses come first
        others.sort(key=lambda other: nearest.index(other["row"].pk) if other["row"].pk in why else len(nearest))
        return {
            "proposal": proposal,
            "sent_back": answer if named else None,
            "candidates": candidates,
            "others": others,
            "others_open": any(other["ticked"] for other in others),
            "local": DecisionKind.LOCAL,
            "refer": DecisionKind.REFER,
        }

    def is_undoable(self) -> bool:
        return self.request.POST.get("kind") != DecisionKind.REFER  # a referral opened is told to nobody

    def _live_offers(self) -> set[str]:
        """Offers already asked or accepted: mobilising them again would ask nothing."""
        rows = self.support_request.solicitations.filter(state__in=["asked", "accepted"])
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
            self.support_request, self.actor, offers, message=answers["message"], reason=answers["reason"]
        )
        self.done = "Décision prise : les prestataires sont sollicités."


class Redirect(ActView):
    ability = Action.REDIRECT
    form_class = forms.RedirectForm
    title = "Réorienter"
    lead = "La collectivité reçoit ce texte. Elle peut reprendre sa demande en un clic."
    submit = "Réorienter la demande"
    done = "Demande réorientée."
    words = "text"
    template_name = "requests/triage/redirect.html"

    def get_initial(self) -> dict[str, Any]:
        found = ELSEWHERE.get(self.request.GET.get("vers", ""))
        if found is None:
            return {}
        desk = getattr(self.support_request.department, "desk", None)
        phone = f"\n\nPour en parler : {desk.telephone}." if desk and desk.telephone else ""
        return {"reason": found.reason, "target": found.target, "url": found.url, "text": f"{found.text}{phone}"}

    def get_context(self) -> dict[str, Any]:
        return {"elsewhere": ELSEWHERE.items()}

    def perform(self, form: Any) -> None:
        answers = form.cleaned_data
        triage.redirect(
            self.support_request,
            self.actor,
            reason=answers["reason"],
            target=answers["target"],
            text=answers["text"],
            url=answers["url"],
        )


class Attach(ActView):
    ability = Action.ATTACH
    form_class = forms.AttachForm
    title = "Rattacher à une autre demande"
    lead = "Les deux collectivités sont prévenues. La demande rattachée garde son histoire et peut être détachée."
    submit = "Rattacher"
    done = "Demande rattachée."

    def hosts(self) -> QuerySet[SupportRequest]:
        """Live requests of the grouping that one sees, in the same department."""
        ended = [state.value for state in TERMINAL]
        return (
            SupportRequest.objects.visible_to(self.actor)
            .filter(collectivity=self.support_request.grouping_id, department=self.support_request.department_id)
            .exclude(state__in=ended)
            .select_related("collectivity")
            .order_by("-submitted_at")
        )

    def form_kwargs(self) -> dict[str, Any]:
        return {"hosts": self.hosts()}

    def get_context(self) -> dict[str, Any]:
        if self.hosts().exists():
            return {}
        body = self.support_request.grouping
        name = body.name if body else "aucune intercommunalité"
        return {
            "lead": f"Aucune demande en cours de l’intercommunalité de cette collectivité ({name}) : rien à rattacher."
        }

    def perform(self, form: Any) -> None:
        triage.attach(
            self.support_request, self.actor, host=form.cleaned_data["host"], reason=form.cleaned_data["reason"]
        )


class Detach(NamesSomebody):
    ability = Action.DETACH
    form_class = forms.DetachForm
    title = "Détacher"
    lead = "La demande reprend son propre chemin, en qualification."
    submit = "Détacher"
    done = "Demande détachée."

    def perform(self, form: Any) -> None:
        triage.detach(
            self.support_request, self.actor, contact=form.cleaned_data["person"], reason=form.cleaned_data["reason"]
        )


class Transfer(ActView):
    ability = Action.TRANSFER
    form_class = forms.TransferForm
    title = "Transmettre à un autre département"
    lead = "Le guichet choisi instruit la demande. Le vôtre continue à la voir."
    submit = "Transmettre"
    done = "Demande transmise à l’autre guichet."

    def form_kwargs(self) -> dict[str, Any]:
        concerned = self.support_request.concerned_departments.values("department")
        return {"departments": Department.objects.filter(pk__in=concerned).order_by("code")}

    def get_context(self) -> dict[str, Any]:
        if self.form_kwargs()["departments"].exists():
            return {}
        return {"lead": "La collectivité n’a de territoire que dans ce département : il n’y a pas d’autre guichet."}

    def perform(self, form: Any) -> None:
        triage.transfer(
            self.support_request,
            self.actor,
            department=form.cleaned_data["department"],
            reason=form.cleaned_data["reason"],
        )


class Drop(ActView):
    ability = Action.DROP
    form_class = forms.ReasonForm
    title = "Fermer sans suite"
    lead = "La collectivité reçoit ce texte et peut reprendre sa demande en un clic."
    submit = "Fermer sans suite"
    done = "Demande fermée sans suite."
    words = "reason"

    def perform(self, form: Any) -> None:
        triage.drop(self.support_request, self.actor, reason=form.cleaned_data["reason"])


class Withdraw(ActView):
    ability = Action.WITHDRAW
    form_class = forms.ReasonForm
    title = "Noter un retrait"
    lead = "La collectivité a dit qu’elle retire sa demande : notez ce qu’elle a dit."
    submit = "Retirer la demande"
    done = "Demande retirée."

    def perform(self, form: Any) -> None:
        intake.withdraw(self.support_request, self.actor, reason=form.cleaned_data["reason"])


class TakeBack(ActView):
    ability = Action.TAKE_BACK
    form_class = forms.ReasonForm
    title = "Reprendre la demande"
    lead = "La demande repart du début : rien n’est perdu, son histoire reste."
    submit = "Reprendre"
    done = "Demande reprise."

    def perform(self, form: Any) -> None:
        intake.take_back(self.support_request, self.actor, reason=form.cleaned_data["reason"])


class Hide(ActView):
    ability = Ability.ASSIGN
    form_class = forms.HideForm
    title = "Masquer jusqu’à une date"
    lead = "La demande quitte la file jusqu’à cette date. Personne n’est prévenu, aucune échéance ne change."
    submit = "Enregistrer"
    done = "File mise à jour."

    def get_initial(self) -> dict[str, Any]:
        return {"until": self.support_request.hidden_until}

    def perform(self, form: Any) -> None:
        triage.hide_until(self.support_request, self.actor, until=form.cleaned_data["until"])


class Assign(NamesSomebody):
    ability = Ability.ASSIGN
    kind = AssignmentKind.LOCAL_REFERENT  # the widest list: the service says who may not hold a title
    form_class = forms.AssignForm
    title = "Affecter"
    lead = "La personne nommée est prévenue par courriel. L’ancienne reste dans l’histoire de la demande."
    submit = "Affecter"
    done = "Demande affectée."

    def perform(self, form: Any) -> None:
        assignments.assign(
            self.support_request, AssignmentKind(form.cleaned_data["kind"]), form.cleaned_data["person"], self.actor
        )


class Grant(ActView):
    ability = Ability.GRANT
    form_class = forms.GrantForm
    title = "Autoriser un collègue"
    lead = "Cette personne lira la demande et ses notes internes, et pourra y écrire. Elle n’accomplira aucun acte."
    submit = "Enregistrer"
    done = "Autorisation mise à jour."
    template_name = "requests/triage/grant.html"

    def get_context(self) -> dict[str, Any]:
        rows = self.support_request.named_grants.select_related("user").order_by("user__last_name")
        return {"granted": [row.user for row in rows]}

    def perform(self, form: Any) -> None:
        person = User.objects.filter(email=form.cleaned_data["email"].strip().lower()).first()
        if person is None:
            raise Invalid("Personne n’a de compte à cette adresse sur le portail.", field="email")
        act = grants.revoke if form.cleaned_data["revoke"] else grants.grant
        act(self.support_request, self.actor, person)

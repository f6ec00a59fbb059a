"""The desk's acts before any help is found; each is a page of its own, which works without JavaScript."""

from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property

from accounts.models import User
from common.errors import Invalid
from operators.models import Redirection
from requests.enums import AssignmentKind
from requests.forms import triage as forms
from requests.models import SupportRequest
from requests.permissions import Ability
from requests.services import assignments, grants, intake, triage
from requests.services.routing import PHASES
from requests.views.acts import ActView
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
            "communes_count": row.communes_count,
            "partners_count": row.partners_count,
        }

    def perform(self, form: Any) -> None:
        triage.qualify(self.support_request, self.actor, form.qualification())


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
        wanted = self.request.GET.get("vers", "")
        found = next((one for one, _, _ in self.elsewhere if one.code == wanted), None)
        if found is None:
            return {}
        desk = getattr(self.support_request.department, "desk", None)
        phone = f"\n\nPour en parler : {desk.telephone}." if desk and desk.telephone else ""
        address = self.address_of(found)
        return {"reason": found.reason, "target": found.target, "url": address, "text": f"{found.text}{phone}"}

    def get_context(self) -> dict[str, Any]:
        return {"elsewhere": self.elsewhere}

    @cached_property
    def elsewhere(self) -> list[tuple[Redirection, str, bool]]:
        """Each with its link for this body and this subject, and whether it must be verified again."""
        rows = Redirection.objects.active()
        return [(row, self.address_of(row), row.is_stale(self.actor.on)) for row in rows]

    def address_of(self, found: Redirection) -> str:
        row = self.support_request
        return found.address(row.collectivity, row.subject, department=row.department_id)

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

"""The desk's pages of the national way: the referral's form, its letter, its signature, the CMT's opinion."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import CharField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import localize
from django.utils.functional import cached_property

from accounts.models import Mandate
from common import clock
from common.actor import DESK_ROLES, Matter, Role
from common.errors import Conflict, Invalid
from operators.names import names_in
from requests import deadlines
from requests.enums import AssignmentKind, Motive, ReferralState
from requests.forms import referral as forms
from requests.models import Referral, SupportRequest
from requests.permissions import Ability
from requests.services import letters, referral, routing, shown, signatures, sought, transitions
from requests.views.acts import ActView, RequestView
from requests.views.read_first import ReadFirst
from requests.workflow import Action


def desk_agents(support_request: SupportRequest) -> list[Mandate]:
    """Those who may be named on a file: agents of its desk, in office today."""
    mandates = Mandate.objects.in_force(clock.today()).filter(
        department_id=support_request.department_id, role__in=DESK_ROLES, confirmed_at__isnull=False
    )
    return list(mandates.select_related("user", "organisation", "department__desk"))


def desk_signatories(support_request: SupportRequest, matter: Matter) -> list[Mandate]:
    today = transitions.local_date(support_request, clock.now())
    return signatures.signatories(support_request.department_id, matter, today)


def commitments(today: dt.date) -> dict[str, Any]:
    """Until when what leaves today is committed, and whether the current year is closed already."""
    closing = deadlines.commitments_close(today)
    return {"closing": closing, "is_next_year": closing.year > today.year}


def signatories_ever(support_request: SupportRequest) -> list[Mandate]:
    """Who may have signed on paper, at whatever date: the delegates and deputies of the department, past ones too."""
    mandates = Mandate.objects.filter(
        department_id=support_request.department_id, role__in=[Role.DELEGATE, Role.DEPUTY], confirmed_at__isnull=False
    )
    return list(mandates.select_related("user"))


class ReferralView(ReadFirst):
    """« Transmettre à l’Agence (saisine) »: what was looked for, motives with their facts, what is asked, who signs."""

    ability = Ability.EDIT_REFERRAL
    title = "Transmettre à l’Agence (saisine)"
    lead = "L’Agence intervient là où l’offre locale fait défaut. Dites en quoi, pour chaque motif coché."
    submit = "Enregistrer"
    form_class = forms.ReferralForm
    template_name = "requests/referral/form.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if referral.live_referral(self.support_request) is None:
            if not self.may_ever():
                raise PermissionDenied(self.refusal())
            return self.gone()
        return super().post(request, *args, **kwargs)

    @cached_property
    def prepared(self) -> Referral:
        found = referral.live_referral(self.support_request)
        if found is None:
            raise Http404("Aucune saisine n’est en préparation.")
        return found

    def form_kwargs(self) -> dict[str, Any]:
        return {
            "agents": desk_agents(self.support_request),
            "signatories": desk_signatories(self.support_request, Matter.REFERRAL),
        }

    def get_initial(self) -> dict[str, Any]:
        row = self.prepared
        people = {one.kind: one for one in self.support_request.assignments.filter(until=None)}
        named = people.get(AssignmentKind.LOCAL_REFERENT) or people.get(AssignmentKind.CONTACT)
        agents = {mandate.user_id: mandate for mandate in desk_agents(self.support_request)}
        motives = {motive.motive: motive.justification for motive in row.motives.all()}
        return {
            **{name: getattr(row, name) for name in referral.EDITABLE},
            "motives": list(motives),
            **{f"justification_{motive}": text for motive, text in motives.items()},
            "referent": str(agents[named.person_id].uuid) if named and named.person_id in agents else "",
            "to_sign_by": str(row.to_sign_by.uuid) if row.to_sign_by else "",
        }

    def gone(self) -> HttpResponse:
        """Sent or given up meanwhile: what was typed is given back."""
        context = {
            "support_request": self.support_request,
            "state": self.support_request.get_state_display(),
            "typed": [
                (field.label, text)
                for name, field in forms.ReferralForm.base_fields.items()
                if isinstance(field, CharField) and (text := self.request.POST.get(name, "").strip())
            ],
        }
        return render(self.request, "requests/referral/gone.html", context, status=409)

    def perform(self, form: forms.ReferralForm) -> None:
        data = form.cleaned_data
        try:
            referral.edit(
                self.support_request,
                self.actor,
                motives=form.motives_given(),
                referent=data["referent"],
                values={name: data[name] for name in referral.EDITABLE},
                seen=data["seen"] or None,
            )
        except Conflict as error:
            if error.code == "changed_since_read":
                self.kept = self.compared(form)
            raise

    #: When somebody else wrote since the page was read: what, by field.
    kept: Sequence[tuple[str, str]] = ()

    def shown(self) -> str:
        return shown.of_preparation(self.prepared)

    def render(self, form: Any, status: int = 200) -> HttpResponse:
        if status == 409:
            self.__dict__.pop("prepared", None)
            if referral.live_referral(self.support_request) is None:
                return self.gone()
        return super().render(form, status)

    def compared(self, form: Any) -> list[tuple[str, str]]:
        """What stands now in each field where something else was typed, by its label."""
        self.__dict__.pop("prepared", None)
        form.initial = self.get_initial()
        found = []
        for name in form.changed_data:
            if name != "seen":
                field, value = form.fields[name], form.initial.get(name)
                known = {str(key): str(label) for key, label in getattr(field, "choices", ())}
                several = value if isinstance(value, list) else [value] if value not in (None, "") else []
                words = [known.get(str(one)) or str(localize(one)) for one in several]
                found.append((str(field.label), ", ".join(words) or "rien"))
        return found

    done = "La saisine est enregistrée."

    def get_success_url(self) -> str:
        to_sign = self.request.POST.get("then") == "sign" and self.may_sign()
        page = "requests:referral-sign" if to_sign else "requests:referral"
        return reverse(page, args=[self.support_request.reference])

    def may_sign(self) -> bool:
        return Action.REFER in self.abilities and self.actor.may_sign(Matter.REFERRAL)

    def get_context(self) -> dict[str, Any]:
        row, support_request = self.prepared, self.support_request
        assessment = support_request.assessment
        names = names_in(assessment.document["evidence"]) if assessment else {}
        evidence = sought.readable(sought.evidence(support_request))
        facts = {motive: routing.motive_sentences(support_request, motive, names) for motive in Motive.values}
        facts[Motive.INSUFFICIENT_RESOURCES] += sought.lines(evidence)
        return {
            "referral": row,
            "evidence": evidence,
            "motive_facts": [(Motive(motive), lines) for motive, lines in facts.items()],
            "funding": list(support_request.funding_tests.select_related("rule")),
            **commitments(self.actor.on),
            "page_back": reverse("requests:file", args=[support_request.reference]),
            "may_sign": self.may_sign(),
            "more_asked": row.state == ReferralState.MORE_ASKED,
            "kept": self.kept,
        }


class LetterPreview(RequestView):
    """The letter as it would leave, made on the spot and kept nowhere."""

    def get(self, request: HttpRequest, reference: str) -> HttpResponse:
        if Ability.VIEW_INTERNAL not in self.abilities:
            raise PermissionDenied("Vous consultez cette demande, mais pas la saisine en préparation.")
        row = referral.live_referral(self.support_request)
        if row is None:
            raise Http404("Aucune saisine n’est en préparation.")
        response = HttpResponse(letters.preview_referral(self.support_request, row), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="saisine-{reference}.pdf"'
        return response


class ReferralAct(ReadFirst):
    """A signature of the referral in preparation: all that is signed stands above the button."""

    ability = Action.REFER
    template_name = "requests/referral/sign.html"

    @cached_property
    def prepared(self) -> Referral | None:
        return referral.live_referral(self.support_request)

    def shown(self) -> str:
        return shown.of_referral(self.prepared) if self.prepared else ""

    def get_context(self) -> dict[str, Any]:
        row = self.prepared
        return {
            "referral": row,
            "motives": list(row.motives.all()) if row else [],
            "evidence": sought.readable(sought.evidence(self.support_request)),
            "referent": self.support_request.assignments.filter(kind=AssignmentKind.LOCAL_REFERENT, until=None)
            .select_related("person")
            .first(),
            **commitments(self.actor.on),
        }


class SignView(ReferralAct):
    """The signature sends the referral. The button stands under the reasons (PRACTICE 3.3)."""

    title = "Signer et transmettre à l’Agence"
    lead = "La signature envoie la saisine. L’Agence et la collectivité sont averties aussitôt."
    submit = "Signer et transmettre"
    done = "La saisine est signée et transmise à l’Agence."
    form_class = forms.SignForm

    def check_role(self) -> None:
        """An agent whose act does not cover a referral reads why, by its number and its end."""
        super().check_role()
        if self.actor.role in DESK_ROLES and not self.actor.may_sign(Matter.REFERRAL):
            today = transitions.local_date(self.support_request, clock.now())
            try:
                signatures.covering_act(self.signatory, Matter.REFERRAL, today)
            except Invalid as error:
                raise PermissionDenied(error.message) from error

    @cached_property
    def signatory(self) -> Mandate:
        return Mandate.objects.select_related("user").get(pk=self.actor.mandate_id or 0)

    def perform(self, form: forms.SignForm) -> None:
        referral.send(self.support_request, self.actor, signatory=self.signatory, seen=form.cleaned_data["seen"])


class PaperSignatureView(ReferralAct):
    """« Enregistrer une signature donnée hors du portail »: the act in force on its date is looked up."""

    title = "Enregistrer une signature donnée hors du portail"
    lead = "La saisine part dès l’enregistrement, sous l’acte en vigueur à la date de la signature."
    submit = "Enregistrer et transmettre"
    done = "La signature est enregistrée et la saisine transmise à l’Agence."
    form_class = forms.PaperSignatureForm

    def form_kwargs(self) -> dict[str, Any]:
        return {"signatories": signatories_ever(self.support_request)}

    def perform(self, form: forms.PaperSignatureForm) -> None:
        scan = form.cleaned_data["scan"]
        referral.send(
            self.support_request,
            self.actor,
            signatory=form.cleaned_data["signatory"],
            signed_on=form.cleaned_data["signed_on"],
            on_paper=True,
            seen=form.cleaned_data["seen"],
            scan=(scan.name, scan) if scan else None,
        )


class AbandonReferralView(ActView):
    ability = Action.ABANDON_REFERRAL
    title = "Abandonner la transmission"
    lead = "La recherche locale reprend. Rien n’est envoyé à l’Agence."
    submit = "Abandonner la transmission"
    done = "La transmission est abandonnée : la recherche locale reprend."
    form_class = forms.ReasonForm

    def perform(self, form: forms.ReasonForm) -> None:
        referral.abandon(self.support_request, self.actor, reason=form.cleaned_data["text"])


class AskOpinionView(ActView):
    ability = Ability.EDIT_REFERRAL
    title = "Demander l’avis du chargé de mission territorial"
    lead = "Un courriel part au chargé de mission territorial de l’Agence pour votre région."
    submit = "Demander l’avis"
    done = "L’avis est demandé."

    def perform(self, form: Any) -> None:
        referral.ask_opinion(self.support_request, self.actor)

    def get_success_url(self) -> str:
        return reverse("requests:referral", args=[self.support_request.reference])


class GiveOpinionView(ActView):
    ability = Ability.GIVE_OPINION
    title = "Donner mon avis sur la saisine"
    submit = "Enregistrer mon avis"
    done = "Votre avis est enregistré."
    form_class = forms.OpinionForm

    def perform(self, form: forms.OpinionForm) -> None:
        referral.give_opinion(
            self.support_request,
            self.actor,
            opinion=form.cleaned_data["opinion"],
            text=form.cleaned_data["text"],
        )

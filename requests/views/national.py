"""The agency's pages: its queue, the file, its five answers, the agreement's commitment and order."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property

from accounts.enums import OrganisationKind
from accounts.models import Mandate, Organisation
from common import clock
from common.actor import NATIONAL_ROLES, Role
from common.errors import Conflict
from common.readonly import writes
from operators.enums import ProviderKind
from operators.models import Offer, Provider
from operators.territory_facts import areas_of
from requests.enums import AssignmentKind, Route
from requests.forms import referral as forms
from requests.models import Agreement, Assignment, Referral, SupportRequest
from requests.permissions import Ability
from requests.queue import bounded_counts
from requests.services import agreement, national, shown
from requests.views.actions import Offered
from requests.views.acts import ActView, SignedInView
from requests.views.file import FileView
from requests.views.read_first import ReadFirst
from requests.views.referral import signatories_ever
from requests.workflow import Action, State

PAGE_SIZE = 50

#: Tabs of the national queue: address → (label, states). The first one is shown unless told; to whoever commits the
#: funds, the agreements.
TABS: dict[str, tuple[str, tuple[State, ...]]] = {
    "a-prendre": ("À prendre en charge", (State.REFERRED,)),
    "instruction": ("En instruction", (State.NATIONAL_REVIEW,)),
    "operateurs": ("Réponse d’un opérateur attendue", (State.DELEGATED,)),
    "conventions": ("Conventions", (State.CONTRACTING,)),
    "accompagnements": ("Accompagnements", (State.NATIONAL_SUPPORT, State.SUSPENDED)),
    "complements": ("Compléments demandés", (State.REFERRAL_PREPARATION,)),
}
#: A file once referred is in a tab, whatever became of it since.
TABS["terminees"] = (
    "Rendues ou terminées",
    tuple(state for state in State if not any(state in held for _, held in TABS.values())),
)


class NationalQueue(SignedInView):
    """The referrals the agency holds, oldest first, with the closing of the year's commitments in view."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.actor.role not in NATIONAL_ROLES | {Role.CMT}:
            raise PermissionDenied("Cette page est celle de l’Agence et de ses chargés de mission territoriaux.")
        visible = SupportRequest.objects.visible_to(self.actor).filter(referred_at__isnull=False)
        tab = request.GET.get("vue", "")
        if tab not in TABS:
            tab = "conventions" if self.actor.role is Role.DIRECTOR_GENERAL else next(iter(TABS))
        label, states = TABS[tab]
        latest = Referral.objects.filter(support_request=OuterRef("pk")).order_by("-opened_at")
        # chosen by their own columns, before anything else is read about them
        chosen = visible.filter(state__in=states).order_by("referred_at", "pk").values_list("pk", flat=True)
        page: Page[Any] = Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page"))
        page.object_list = list(
            visible.filter(pk__in=list(page.object_list))
            .select_related("collectivity", "collectivity__department", "subject")
            .annotate(
                sent_at=Subquery(latest.values("sent_at")[:1]),
                closes_on=Subquery(latest.values("commitments_close_on")[:1]),
                instructor=Subquery(
                    Assignment.objects.filter(
                        support_request=OuterRef("pk"), kind=AssignmentKind.NATIONAL_INSTRUCTOR, until=None
                    ).values("person__last_name")[:1]
                ),
            )
            .order_by("referred_at", "pk")
        )
        counts = bounded_counts({name: visible.filter(state__in=held) for name, (_, held) in TABS.items()})
        tabs = [(name, title, counts[name]) for name, (title, _) in TABS.items()]
        context = {"tabs": tabs, "tab": tab, "label": label, "page": page, "today": clock.today()}
        return render(request, "requests/national/queue.html", context)


@writes("access log: who opened a file is recorded before the page is built")
class NationalFile(FileView):
    """The same file, with the agency's acts."""

    origin = "requests:national"
    origin_label = "Saisines"

    def get_context(self) -> dict[str, Any]:
        context = super().get_context()
        row = self.support_request
        if self.actor.role in NATIONAL_ROLES and (row.step is State.CONTRACTING or row.route == Route.MARKET):
            found = live_agreement(row)
            if found is not None and found.committed_on is not None and not found.order_number:
                order = Offered(
                    "Enregistrer le bon de commande", reverse("requests:national-order", args=[row.reference])
                )
                context["other_acts"] = [*context["other_acts"], order]
        return context


def instructors() -> list[Mandate]:
    mandates = Mandate.objects.in_force(clock.today()).filter(role__in=NATIONAL_ROLES, confirmed_at__isnull=False)
    return list(mandates.select_related("user", "organisation"))


class TakeUpView(ActView):
    ability = Action.TAKE_UP
    title = "Prendre en charge la saisine"
    lead = "La préfecture et la collectivité voient que la demande est à l’étude à l’Agence."
    submit = "Prendre en charge"
    done = "La saisine est prise en charge."
    form_class = forms.PersonForm

    def form_kwargs(self) -> dict[str, Any]:
        return {"people": instructors()}

    def get_initial(self) -> dict[str, Any]:
        mine = next((mandate for mandate in instructors() if mandate.pk == self.actor.mandate_id), None)
        return {"person": str(mine.uuid) if mine else ""}

    def perform(self, form: forms.PersonForm) -> None:
        national.take_up(self.support_request, self.actor, instructor=form.cleaned_data["person"])


class AskMoreView(ActView):
    ability = Action.ASK_MORE
    title = "Demander des compléments"
    lead = "La saisine revient à la préfecture, qui la complète et la signe de nouveau."
    submit = "Demander des compléments"
    done = "Les compléments sont demandés à la préfecture."
    form_class = forms.ReasonForm

    def perform(self, form: forms.ReasonForm) -> None:
        national.ask_more(self.support_request, self.actor, text=form.cleaned_data["text"])


class SendBackView(ActView):
    ability = Action.SEND_BACK
    title = "Une offre locale existe"
    lead = "La demande revient à la préfecture avec la référence de l’offre."
    submit = "Renvoyer vers cette offre"
    done = "La demande est renvoyée à la préfecture avec la référence de l’offre."
    form_class = forms.SendBackForm

    def form_kwargs(self) -> dict[str, Any]:
        local = Offer.objects.published().meeting(areas_of(self.support_request.collectivity))
        kinds = [ProviderKind.OPERATOR, ProviderKind.AGENCY]
        return {"offers": local.exclude(provider__kind__in=kinds).select_related("provider")}

    def perform(self, form: forms.SendBackForm) -> None:
        national.send_back(
            self.support_request, self.actor, offer=form.cleaned_data["offer"], text=form.cleaned_data["text"]
        )


class NotRetainView(ActView):
    ability = Action.NOT_RETAIN
    title = "Ne pas retenir la demande"
    lead = "La préfecture reçoit votre réponse et la transmet à la collectivité."
    submit = "Ne pas retenir"
    done = "La réponse est transmise à la préfecture."
    form_class = forms.NotRetainForm

    def perform(self, form: forms.NotRetainForm) -> None:
        national.not_retain(
            self.support_request, self.actor, reason=form.cleaned_data["reason"], text=form.cleaned_data["text"]
        )


class DelegateView(ActView):
    ability = Action.DELEGATE
    title = "Confier à un ou plusieurs opérateurs"
    lead = "Chaque opérateur reçoit sa mission et répond pour lui-même."
    submit = "Confier la mission"
    done = "La mission est confiée : la réponse est attendue."
    form_class = forms.DelegateForm

    def form_kwargs(self) -> dict[str, Any]:
        return {"operators": Provider.objects.filter(kind=ProviderKind.OPERATOR).order_by("name")}

    def perform(self, form: forms.DelegateForm) -> None:
        data = form.cleaned_data
        national.delegate(
            self.support_request,
            self.actor,
            [
                national.Mission(
                    operator=operator, text=data[f"mission_{operator.code}"], expected_on=data["expected_on"]
                )
                for operator in data["chosen"]
            ],
        )


class ReturnView(ActView):
    """After the last refusal the file comes back by itself; this act serves when an operator never answers."""

    roles = NATIONAL_ROLES
    ability = Action.RETURN_DELEGATION
    title = "Reprendre la demande"
    lead = "L’opérateur n’a pas répondu : la demande revient à l’étude à l’Agence, qui peut la confier ailleurs."
    submit = "Reprendre"
    done = "La demande est de nouveau à l’étude à l’Agence."
    form_class = forms.ReasonForm

    def perform(self, form: forms.ReasonForm) -> None:
        national.take_back_delegation(self.support_request, self.actor, reason=form.cleaned_data["text"])


class AssignServiceView(ActView):
    ability = Action.ASSIGN_SERVICE
    title = "Confier à un service de l’Agence"
    lead = "L’accompagnement commence aussitôt ; la collectivité lit votre texte."
    submit = "Confier au service"
    done = "Le service de l’Agence accompagne la collectivité."
    form_class = forms.ServiceForm

    def perform(self, form: forms.ServiceForm) -> None:
        national.assign_service(
            self.support_request, self.actor, service=form.cleaned_data["service"], text=form.cleaned_data["text"]
        )


class ContractView(ActView):
    ability = Action.CONTRACT
    title = "Mobiliser le marché d’ingénierie"
    lead = "La convention attend ensuite trois dates : préfet, collectivité, engagement."
    submit = "Ouvrir la convention"
    done = "La convention est ouverte : préfet et collectivité sont avertis."
    form_class = forms.MarketForm
    template_name = "requests/national/contract.html"

    def get_initial(self) -> dict[str, Any]:
        row = self.support_request.referrals.first()
        test = self.support_request.funding_tests.last()
        return {
            "outside_reason": row.outside_reason if row else "",
            "mission": row.service_asked if row else "",
            "amount_excl_tax": row.cost_excl_tax if row else None,
            "agency_share": 100 if test and test.fully_funded else None,
        }

    def get_context(self) -> dict[str, Any]:
        return {
            "funding": list(self.support_request.funding_tests.select_related("rule")),
            "tax_rate": agreement.tax_rate(self.support_request.department_id),
        }

    def perform(self, form: forms.MarketForm) -> None:
        agreement.contract(self.support_request, self.actor, agreement.Market(**form.cleaned_data))


class CancelContractView(ActView):
    ability = Action.CANCEL_CONTRACT
    title = "Annuler la convention"
    lead = "La demande revient à l’étude à l’Agence."
    submit = "Annuler la convention"
    done = "La convention est annulée."
    form_class = forms.ReasonForm

    def perform(self, form: forms.ReasonForm) -> None:
        agreement.cancel_contract(self.support_request, self.actor, reason=form.cleaned_data["text"])


class CommitView(ActView):
    """R1232-12: the director general's commitment, after the two signatures."""

    ability = Ability.COMMIT
    title = "Prendre la décision d’engagement"
    lead = "L’engagement est la dernière des trois dates. L’accompagnement commence ensuite."
    submit = "Engager"
    done = "L’engagement est enregistré."
    form_class = forms.CommitForm
    template_name = "requests/national/agreement.html"

    def get_initial(self) -> dict[str, Any]:
        return {"committed_on": clock.today()}

    def get_context(self) -> dict[str, Any]:
        return {"agreement": live_agreement(self.support_request)}

    def perform(self, form: forms.CommitForm) -> None:
        agreement.commit(self.support_request, self.actor, **form.cleaned_data)


class StartView(ActView):
    ability = Action.START_SUPPORT
    title = "Démarrer l’accompagnement"
    lead = "La collectivité est avertie que son accompagnement commence."
    submit = "Démarrer"
    done = "L’accompagnement est démarré."

    def perform(self, form: Any) -> None:
        national.start_support(self.support_request, self.actor)


class OrderView(ActView):
    """As soon as the commitment is taken, be the start of support yet to come."""

    roles = NATIONAL_ROLES
    ability = Ability.VIEW
    title = "Enregistrer le bon de commande"
    lead = "Le titulaire est nommé à la collectivité une fois la commande passée, jamais avant."
    submit = "Enregistrer"
    done = "Le bon de commande est enregistré."
    form_class = forms.OrderForm

    def setup_check(self) -> None:
        super().setup_check()
        found = live_agreement(self.support_request)
        if found is None or found.committed_on is None:
            raise PermissionDenied("Le bon de commande suit l’engagement.")

    def form_kwargs(self) -> dict[str, Any]:
        return {"contractors": Organisation.objects.filter(kind=OrganisationKind.CONTRACTOR)}

    def perform(self, form: forms.OrderForm) -> None:
        found = live_agreement(self.support_request)
        if found is None:
            raise Conflict("Aucune convention n’est en cours.", code="state_changed")
        agreement.order(
            found,
            self.actor,
            number=form.cleaned_data["number"],
            contractor=form.cleaned_data["contractor"],
        )


class AgreementAct(ReadFirst):
    """A signature of the agreement, which stands above the button."""

    ability = Ability.SIGN_FOR_BODY
    template_name = "requests/national/agreement.html"

    @cached_property
    def agreement(self) -> Agreement | None:
        return live_agreement(self.support_request)

    def shown(self) -> str:
        return shown.of_agreement(self.agreement) if self.agreement else ""

    def get_context(self) -> dict[str, Any]:
        return {"agreement": self.agreement}


class SignAgreementView(AgreementAct):
    """The prefect's signature, or whoever holds his delegation for that amount; a paper one is recorded here too."""

    title = "Signer la convention pour le préfet"
    submit = "Enregistrer la signature"
    done = "La signature du préfet est enregistrée."
    form_class = forms.AgreementDateForm

    def form_kwargs(self) -> dict[str, Any]:
        return {"signatories": signatories_ever(self.support_request)}

    def get_initial(self) -> dict[str, Any]:
        mine = Mandate.objects.filter(pk=self.actor.mandate_id or 0).first()
        return {"signed_on": clock.today(), "signatory": str(mine.uuid) if mine else ""}

    def perform(self, form: forms.AgreementDateForm) -> None:
        agreement.sign_for_prefect(self.support_request, self.actor, **form.cleaned_data)


class BodySignatureView(AgreementAct):
    """The desk notes that the collectivity signed, and on the strength of which deliberation."""

    title = "Noter la signature de la collectivité"
    submit = "Enregistrer la signature"
    done = "La signature de la collectivité est enregistrée."
    form_class = forms.BodySignatureForm

    def perform(self, form: forms.BodySignatureForm) -> None:
        agreement.sign_for_body(self.support_request, self.actor, **form.cleaned_data)


def live_agreement(support_request: SupportRequest) -> Agreement | None:
    return support_request.agreements.filter(cancelled_at__isnull=True).first()

"""« La carte du silence » and its visits: the State's own, each on his territory."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode

from accounts.access import AdmittedMixin
from common import clock
from common.actor import DESK_ROLES, NATIONAL_ROLES, Actor, Role
from common.errors import Conflict, Invalid, ServiceError
from common.french import day, plural
from requests import silence_page, visits_page
from requests.forms.silence import SilenceForm, VisitForm
from requests.models import Visit
from requests.services import visits
from requests.silence import Silence, communes_of, first_filing
from requests.views.acts import SignedInView, refuse
from territories.models import Department

READERS = DESK_ROLES | NATIONAL_ROLES | {Role.SUB_PREFECT, Role.CMT, Role.REGION}


class StateView(AdmittedMixin, SignedInView):
    """A page of the State's services, of one of the departments that its reader answers for."""

    refusal = "Cette page est celle des services de l’État."

    def admits(self, actor: Actor) -> bool:
        return actor.role in READERS and actor.mandate_confirmed

    @cached_property
    def departments(self) -> Sequence[Department]:
        rows = Department.objects.filter(is_current=True).order_by("code")
        if self.actor.role is Role.SUB_PREFECT:
            return list(rows.filter(arrondissements__in=self.actor.arrondissements).distinct())
        if self.actor.role in NATIONAL_ROLES:
            return list(rows)
        return list(rows.filter(code__in=self.actor.departments))

    @cached_property
    def department(self) -> Department | None:
        """The one asked, or the first; none for the agency, which has all of them, until it chooses."""
        wanted = self.request.GET.get("departement", "")
        if wanted:
            found = next((one for one in self.departments if one.code == wanted), None)
            if found is None:
                raise Http404("Ce département n’est pas de ceux de votre mandat.")
            return found
        return None if self.actor.role in NATIONAL_ROLES else next(iter(self.departments), None)

    def show(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        department = self.department
        here = urlencode({"departement": department.code}) if department and len(self.departments) > 1 else ""
        context |= {
            "department": department,
            "departments": self.departments,
            "here": here,
            "keeps": visits.keeps(self.actor),
        }
        return render(self.request, template, context, status=status)

    def list_address(self) -> str:
        query = self.request.GET.get("departement", "")
        return reverse("requests:visits") + (f"?{urlencode({'departement': query})}" if query else "")


class SilenceView(StateView):
    """``/guichet/silence/``: GET shows, and exports by ``format=csv``; POST puts the ticked communes on the list."""

    def get(self, request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponseBase:
        department = self.department
        if department is None:
            return self.show("requests/silence/choose.html", {"address": reverse("requests:silence")})
        on = clock.today(department.zone_info)
        communes = communes_of(self.actor, department, on)
        form = SilenceForm(request.GET, arrondissements=silence_page.arrondissements(communes))
        if not form.is_valid():
            return self.show("requests/silence/page.html", {"form": form, "silence": None, "problem": problem}, 200)
        asked = form.cleaned_data
        if asked["arrondissement"]:
            communes = [one for one in communes if one.body.arrondissement_id == asked["arrondissement"]]
        silence = Silence(communes, on=on, years=asked["annees"], at_least=asked["faits"])
        if request.GET.get("format") == "csv":
            return silence_page.export(silence, f"silence-{department.code}")
        kept = request.GET.copy()
        kept["format"] = "csv"
        context = {
            "form": form,
            "problem": problem,
            "silence": silence,
            "headline": silence_page.headline(silence),
            "details": silence_page.details(silence),
            "unsure": silence_page.unsure(silence),
            "sections": silence_page.sections(silence, ticks=visits.keeps(self.actor)),
            "map": silence_page.map_of(silence),
            "first": first_filing(department),
            "export": f"?{kept.urlencode()}",
        }
        return self.show("requests/silence/page.html", context, status)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        try:
            new, there = visits.add(self.actor, request.POST.getlist("commune"))
        except Invalid as error:
            return self.get(request, problem=error.message, status=422)
        except ServiceError as error:
            raise PermissionDenied(error.message) from error
        said = [f"{plural(new, 'commune ajoutée', 'communes ajoutées')} à la liste des visites."] if new else []
        if there:
            said.append(f"{plural(there, 'commune y était déjà', 'communes y étaient déjà')}.")
        messages.success(request, " ".join(said))
        return redirect(self.list_address())


class VisitsView(StateView):
    """``/guichet/silence/visites/``: those to come, by arrondissement, as they are printed; those made, and what came
    of them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        department = self.department
        if department is None:
            return self.show("requests/silence/choose.html", {"address": reverse("requests:visits")})
        on = clock.today(department.zone_info)
        rows = visits_page.visits_of(self.actor, department, on)
        made = visits_page.made(self.actor, rows, department)
        context = {
            "groups": visits_page.to_come(rows, communes_of(self.actor, department, on) if rows else []),
            "count": sum(row.visited_on is None for row in rows),
            "made": made,
            "followed": sum(one.filed_on is not None for one in made),
            "today": on,
            "file_page": "requests:national-file" if self.actor.role in NATIONAL_ROLES else "requests:file",
        }
        return self.show("requests/silence/visits.html", context)


class VisitView(StateView):
    """One visit: planned, made, or taken off the list."""

    @cached_property
    def visit(self) -> Visit | None:
        rows = Visit.objects.visible_to(self.actor).select_related("commune", "added_by", "changed_by")
        return rows.filter(uuid=self.kwargs["uuid"]).first()

    def page(self, form: VisitForm, status: int = 200) -> HttpResponse:
        return self.show(
            "requests/silence/visit.html", {"visit": self.visit, "form": form, "back": self.back()}, status
        )

    def back(self) -> str:
        assert self.visit is not None
        return f"{reverse('requests:visits')}?{urlencode({'departement': self.visit.commune.department_id})}"

    def get(self, request: HttpRequest, uuid: Any) -> HttpResponse:
        if self.visit is None:
            raise Http404("Cette visite n’est pas, ou n’est plus, dans votre liste.")
        names = ("planned_on", "visitor", "visited_on", "note", "version")
        return self.page(VisitForm(initial={name: getattr(self.visit, name) for name in names}))

    def post(self, request: HttpRequest, uuid: Any) -> HttpResponse:
        if not visits.keeps(self.actor):
            raise PermissionDenied("La liste des visites est tenue par le guichet et les sous-préfectures.")
        removes = request.POST.get("acte") == "retirer"
        if self.visit is None and removes:  # twice the same click
            messages.info(request, "Cette visite n’est plus dans la liste.")
            return redirect("requests:visits")
        if self.visit is None:
            raise Http404("Cette visite n’est pas, ou n’est plus, dans votre liste.")
        commune = self.visit.commune
        form = VisitForm(request.POST)
        try:
            if removes:
                visits.remove(self.actor, self.visit.pk)
                messages.success(request, f"{commune.name} ne figure plus dans la liste des visites.")
                return redirect(self.back())
            if not form.is_valid():
                return self.page(form, 422)
            visit = visits.record(self.actor, self.visit.pk, form.said(), version=form.cleaned_data["version"])
        except Conflict as error:
            form.is_valid()
            return self.page(form, refuse(form, error))
        except ServiceError as error:
            return self.page(form, refuse(form, error))
        if visit.visited_on:
            messages.success(request, f"Visite de {commune.name} notée au {day(visit.visited_on)}.")
        else:
            messages.success(request, f"Visite de {commune.name} enregistrée.")
        return redirect(self.back())

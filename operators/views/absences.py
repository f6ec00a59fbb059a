"""A provider's absences: declared and ended by itself, or by the desk of its department, told by telephone."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.generic import View

from accounts.access import AdmittedMixin
from accounts.forms.fields import DayField, email_field
from common import clock
from common.actor import DESK_ROLES, Actor
from common.errors import ServiceError, refuse
from operators.models import Provider, ProviderAbsence
from operators.permissions import OWN_ROLES, ProviderAbility, provider_abilities
from operators.services import absences

SHOWN = 20


class AbsenceForm(forms.Form):
    first_day = DayField(label="Premier jour d’absence")
    last_day = DayField(label="Dernier jour d’absence", help_text="Compris.")
    deputy_name = forms.CharField(
        label="Qui répond pendant ce temps",
        max_length=120,
        required=False,
        help_text="Le nom d’un ou d’une collègue, ou celui d’un service.",
    )
    deputy_email = email_field(
        label="Son adresse électronique",
        required=False,
        help_text="Une adresse de votre organisme. Elle reçoit les sollicitations et les relances.",
    )
    note = forms.CharField(
        label="Une phrase pour le guichet",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Par exemple : l’agence est fermée, la permanence répond le mardi.",
    )


class AbsencesView(AdmittedMixin, View):
    refusal = "Cette page est celle des prestataires et du guichet de leur département."

    def admits(self, actor: Actor) -> bool:
        return actor.role in DESK_ROLES | OWN_ROLES

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.page(self.provider(code), AbsenceForm())

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        provider = self.provider(code)
        if "fin" in request.POST:
            return self.end(provider)
        form = AbsenceForm(request.POST)
        if not form.is_valid():
            return self.page(provider, form, status=422)
        try:
            absences.declare(provider, self.actor, **form.cleaned_data)
        except ServiceError as error:
            return self.page(provider, form, status=refuse(form, error))
        messages.success(request, "Absence enregistrée : les guichets la voient avant de vous solliciter.")
        return redirect(request.path)

    def end(self, provider: Provider) -> HttpResponse:
        key = self.request.POST["fin"]
        found = provider.absences.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
        if found is None:
            messages.error(self.request, "Cette absence n’est pas de celles de ce prestataire.")
        else:
            absences.end(found, self.actor)
            messages.success(self.request, "Fin de l’absence enregistrée.")
        return redirect(self.request.path)

    def provider(self, code: str) -> Provider:
        """Raises ``Http404`` when it is hidden, ``PermissionDenied`` when it is somebody else's."""
        rows = Provider.objects.visible_to(self.actor).select_related("organisation")
        found = get_object_or_404(rows, code=code)
        if ProviderAbility.DECLARE_ABSENCE not in provider_abilities(self.actor, found):
            raise PermissionDenied("Cette page est celle de ce prestataire et du guichet de son département.")
        return found

    def page(self, provider: Provider, form: AbsenceForm, status: int = 200) -> HttpResponse:
        rows = ProviderAbsence.objects.visible_to(self.actor).filter(provider=provider)
        context = {"provider": provider, "form": form, "absences": list(rows[:SHOWN]), "today": clock.today()}
        return render(self.request, "operators/absences.html", context, status=status)

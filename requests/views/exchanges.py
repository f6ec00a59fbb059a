"""Messages and documents, for every audience: who takes part in a conversation reads and writes it, and nobody else."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme

from common.actor import COLLECTIVITY_ROLES, DESK_ROLES, NATIONAL_ROLES, Actor, Role
from common.errors import Invalid, NotAllowed, ServiceError
from common.readonly import writes
from files.views import serve
from notifications.hold import holding
from requests.enums import ConversationChannel
from requests.forms.exchanges import AttachForm, MessageForm
from requests.models import Document, Solicitation, SupportRequest
from requests.permissions import Ability, abilities, may_answer_solicitation
from requests.services import exchanges, triage
from requests.views.acts import SignedInView, page_of, refuse, retained


def may_read(actor: Actor, document: Document) -> bool:
    """Public documents: whoever sees the file. Internal: the State's side. A solicitation's: that provider and the
    desk."""
    if document.channel == ConversationChannel.SOLICITATION:
        return document.solicitation is not None and may_answer_solicitation(actor, document.solicitation)
    needed = Ability.VIEW if document.channel == ConversationChannel.PUBLIC else Ability.VIEW_INTERNAL
    return needed in abilities(actor, document.support_request)


@writes("access log of a file: whoever reads its documents reads it")
class DocumentView(SignedInView):
    """``documents/<uuid>/``: a document, for whoever reads its conversation; for the others it does not exist."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        document = (
            Document.objects.filter(support_request__reference=kwargs["reference"], uuid=kwargs["uuid"])
            .select_related("support_request", "file", "solicitation__provider", "solicitation__support_request")
            .first()
        )
        if document is None or not may_read(self.actor, document):
            raise Http404("Ce document n’existe pas parmi ceux que vous pouvez lire.")
        if document.file is None:
            messages.info(request, "Ce document est en cours de préparation. Réessayez dans une minute.")
            return redirect(page_of(self.actor, document.support_request.reference))
        # a provider reads what was put to his body, not the file
        if document.channel != ConversationChannel.SOLICITATION and self.actor.role not in COLLECTIVITY_ROLES:
            triage.log_reading(document.support_request, self.actor)
        try:
            return serve(document.file, inline="voir" in request.GET)
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error


class ConversationView(SignedInView):
    """What writing in a conversation needs: the file that the person sees, or the solicitation put to his body."""

    @cached_property
    def support_request(self) -> SupportRequest:
        reference = self.kwargs["reference"]
        rows = SupportRequest.objects.select_related("collectivity", "department").filter(reference=reference)
        found = rows.visible_to(self.actor).first()
        if found is None and self.solicitation is not None:
            found = rows.filter(pk=self.solicitation.support_request_id).first()
        if found is None:
            raise Http404("Aucune demande ne porte cette référence parmi celles que vous pouvez voir.")
        return found

    @cached_property
    def solicitation(self) -> Solicitation | None:
        asked = self.request.POST.get("solicitation", "")
        if not asked:
            return None
        try:
            key = uuid.UUID(asked)
        except ValueError:
            return None
        rows = Solicitation.objects.visible_to(self.actor).select_related("provider", "support_request")
        return rows.filter(uuid=key, support_request__reference=self.kwargs["reference"]).first()

    def back(self) -> str:
        asked = self.request.POST.get("retour", "")
        if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, {self.request.get_host()}):
            return asked
        if self.solicitation is not None and self.actor.role in {Role.PROVIDER, Role.OPERATOR}:
            return reverse("requests:solicitation", args=[self.solicitation.uuid])
        return page_of(self.actor, self.support_request.reference)

    def show(self, form: Any, title: str, submit: str, status: int) -> HttpResponse:
        context = {
            "support_request": self.support_request,
            "form": form,
            "title": title,
            "lead": "",
            "submit": submit,
            "back": self.back(),
        }
        return render(self.request, "requests/exchanges/write.html", context, status=status)


class MessageView(ConversationView):
    """``messages/``: posts a message. The same form sent twice makes one message."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        support_request = self.support_request
        form = MessageForm(request.POST)
        if not form.is_valid():
            return self.show(form, "Votre message", "Envoyer le message", 422)
        given = form.cleaned_data
        told = self.actor.role in DESK_ROLES | NATIONAL_ROLES and given["channel"] != ConversationChannel.INTERNAL
        try:
            with holding(retained() if told else None):
                exchanges.post(
                    support_request,
                    self.actor,
                    channel=given["channel"],
                    text=given["text"],
                    solicitation=self.solicitation,
                    key=given["key"],
                )
        except ServiceError as error:
            return self.show(form, "Votre message", "Envoyer le message", refuse(form, error))
        return redirect(f"{self.back()}#echanges")


class AttachView(ConversationView):
    """``documents/``: joins files. Each refused one is named with its cure; the others are kept."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        support_request = self.support_request
        form = AttachForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.show(form, "Joindre des documents", "Joindre", 422)
        refused = attach_all(
            support_request,
            self.actor,
            form.cleaned_data["files"],
            channel=form.cleaned_data["channel"],
            solicitation=self.solicitation,
        )
        if refused:
            for message in refused:
                form.add_error("files", message)
            return self.show(form, "Joindre des documents", "Joindre", 422)
        return redirect(f"{self.back()}#documents")


def attach_all(support_request: SupportRequest, actor: Actor, files: Any, **options: Any) -> list[str]:
    """Joins each file that can be; returns why each of the others can't. Raises ``PermissionDenied``."""
    try:
        found = exchanges.attach_files(
            support_request, actor, [(upload.name or "document", upload.file) for upload in files], **options
        )
    except NotAllowed as error:
        raise PermissionDenied(error.message) from error
    return [
        f"« {upload.name} » : {kept.message}"
        for upload, kept in zip(files, found, strict=True)
        if isinstance(kept, Invalid)
    ]

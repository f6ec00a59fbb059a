"""What an official takes away: a draft délibération to be finished, and the whole request in one archive."""

import contextlib
import tempfile
import zipfile
import zoneinfo
from collections.abc import Iterator
from typing import IO, Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header

from common.actor import COLLECTIVITY_ROLES
from common.french import NBSP, day, euros, hour
from common.odt import MIME, odt
from files.services import read
from operators.enums import LegalMode
from requests.enums import OFFICIAL_STATES, ConversationChannel, SolutionState
from requests.models import Agreement, Document, Message, SolutionLine, SupportRequest
from requests.views.acts import RequestView
from requests.workflow import State
from territories.enums import CollectivityKind

#: What the deliberative body votes before the help begins, by mode of recourse; the others need no vote.
VOTED: dict[str, str] = {
    LegalMode.MEMBERSHIP: "APPROUVE l’adhésion de la collectivité à {provider}, pour l’aide « {offer} ».",
    LegalMode.SHAREHOLDING: "APPROUVE la prise de participation au capital de {provider}, pour l’aide « {offer} ».",
    LegalMode.DEPARTMENT_AGREEMENT: "APPROUVE la convention à conclure avec {provider}, pour l’aide « {offer} ».",
    LegalMode.OPERATOR_AGREEMENT: "APPROUVE la convention à conclure avec {provider}, pour l’aide « {offer} ».",
}
#: « À compléter », as printed forms leave it.
BLANK = "…………"


class OwnPaper(RequestView):
    """A paper prepared for the collectivity of the request: for anybody else it does not exist."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        actor = self.actor
        if not actor.is_authenticated:
            return super().dispatch(request, *args, **kwargs)
        support_request = self.support_request
        if actor.role not in COLLECTIVITY_ROLES or actor.collectivity_id != support_request.collectivity_id:
            raise Http404("Ce document est préparé pour la collectivité.")
        with timezone.override(zoneinfo.ZoneInfo(support_request.department.time_zone)):
            return super().dispatch(request, *args, **kwargs)


class DraftDeliberation(OwnPaper):
    """``/demandes/<reference>/deliberation/``: an editable draft (ODT), for the proposal or for the agreement."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        support_request = self.support_request
        about, considered, articles = self.matter(support_request)
        response = HttpResponse(
            odt("Projet de délibération", _deliberation(support_request, about, considered, articles)),
            content_type=MIME,
        )
        name = f"deliberation-{support_request.reference}.odt"
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
        return response

    def matter(self, support_request: SupportRequest) -> tuple[str, str, list[str]]:
        """What is voted, what is considered, and the articles. Raises ``Http404`` when nothing is to be voted."""
        if support_request.step is State.CONTRACTING:
            return _agreement_matter(support_request)
        lines = SolutionLine.objects.filter(
            solution__support_request=support_request,
            solution__state__in=[SolutionState.PROPOSED, SolutionState.ACCEPTED],
            offer__legal_mode__in=VOTED,
        )
        voted = list(lines.select_related("solution", "provider", "offer"))
        if not voted:
            raise Http404("Aucune délibération n’est à prendre pour l’instant.")
        solution = voted[0].solution
        articles = [
            VOTED[line.offer.legal_mode].format(provider=line.provider, offer=line.offer.title) for line in voted
        ]
        articles.append(f"PREND ACTE du prix indiqué : {solution.price}")
        return (
            "aide proposée par la préfecture au titre du guichet unique de l’ingénierie",
            f"l’aide proposée par la préfecture le {day(timezone.localdate(solution.proposed_at))} : {solution.text}",
            articles,
        )


def _agreement_matter(support_request: SupportRequest) -> tuple[str, str, list[str]]:
    agreement = Agreement.objects.filter(support_request=support_request, cancelled_at__isnull=True).first()
    if agreement is None:
        raise Http404("Aucune convention n’est à signer pour l’instant.")
    share = agreement.agency_share
    amount = f"{euros(agreement.amount_excl_tax)} HT, {euros(agreement.amount_incl_tax)} TTC"
    parties = "l’État et l’Agence nationale de la cohésion des territoires"
    articles = [f"APPROUVE la convention à conclure avec {parties}, pour un montant de {amount}."]
    if share < 100:
        own = f"{(100 - share).normalize():f}{NBSP}%"
        articles.append(f"DIT que la part de la collectivité, soit {own} de ce montant, sera inscrite au budget.")
    return (
        "convention pour une prestation d’ingénierie du marché de l’Agence nationale de la cohésion des territoires",
        f"la prestation prévue : {agreement.mission or agreement.lot}",
        articles,
    )


def _deliberation(support_request: SupportRequest, about: str, considered: str, articles: list[str]) -> Iterator[str]:
    body = support_request.collectivity
    council = {
        CollectivityKind.COMMUNE: "Le conseil municipal",
        CollectivityKind.EPCI: "Le conseil communautaire",
    }.get(CollectivityKind(body.kind), "L’assemblée délibérante")
    yield f"Collectivité : {body.name}\nSéance du {BLANK}\nMembres présents : {BLANK}    Votants : {BLANK}"
    yield f"Objet : {about}"
    yield f"{council},"
    yield "Vu le code général des collectivités territoriales ;"
    reference = f"demande n°{NBSP}{support_request.reference}"
    yield f"Considérant le besoin de la collectivité : {support_request.title} ({reference}) ;"
    yield f"Considérant {considered}"
    yield f"Après en avoir délibéré, par {BLANK} voix pour, {BLANK} contre, {BLANK} abstentions :"
    signing = "AUTORISE l’exécutif de la collectivité à signer tout acte nécessaire à l’exécution de la présente."
    for number, article in enumerate([*articles, signing], start=1):
        yield f"Article {number}. {article}"
    yield f"Fait à {BLANK}, le {BLANK}"
    yield (
        "Ce texte est un projet, préparé par le portail à partir de votre demande. Relisez-le, complétez-le et "
        "supprimez ces deux phrases avant le vote."
    )


class Everything(OwnPaper):
    """``/demandes/<reference>/tout/``: the request, its steps, its messages and its documents in one archive."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        support_request = self.support_request
        with contextlib.ExitStack() as unfinished:
            # on disk: ten files of 10 MB do not stand in memory together
            stream = unfinished.enter_context(tempfile.TemporaryFile())
            _pack(stream, support_request)
            stream.seek(0)
            unfinished.pop_all()  # the response closes it
        return FileResponse(stream, as_attachment=True, filename=f"demande-{support_request.reference}.zip")


def _pack(stream: IO[bytes], support_request: SupportRequest) -> None:
    documents = (
        Document.objects.filter(support_request=support_request, channel=ConversationChannel.PUBLIC)
        .select_related("file")
        .order_by("at", "pk")
    )
    missing = []
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, document in enumerate(documents, start=1):
            if document.file is None or not document.file.is_servable:
                missing.append(document.title)
                continue
            archive.writestr(f"documents/{number:02d} {_safe(document.file.name)}", read(document.file))
        archive.writestr("demande.txt", "\r\n".join(_story(support_request, missing)))


def _safe(name: str) -> str:
    """A name that stays in its folder, on every system."""
    return "".join("-" if character in '/\\:*?"<>|' or character < " " else character for character in name)[-120:]


def _story(support_request: SupportRequest, missing: list[str]) -> Iterator[str]:
    """The request as a plain text: what was asked, the steps, the public messages. Nothing internal."""
    yield f"{support_request.title}\r\n{support_request.reference}, {support_request.collectivity.name}"
    yield f"Extrait du {_moment(timezone.now())}\r\n"
    yield f"VOTRE BESOIN\r\n{support_request.need}\r\n"
    yield "LES ÉTAPES"
    for step in support_request.transitions.standing().select_related("note"):
        yield f"{_moment(step.at)} : {OFFICIAL_STATES[State(step.to_state)]}"
        if step.note is not None and step.note.is_public:
            yield f"    {step.note.text}"
    yield "\r\nLES MESSAGES"
    messages = Message.objects.filter(support_request=support_request, channel=ConversationChannel.PUBLIC)
    for message in messages:
        yield f"{_moment(message.at)}, {message.author_label} :\r\n{message.text}\r\n"
    if missing:
        yield "\r\nDOCUMENTS QUI NE SONT PAS ENCORE PRÊTS OU PAS ENCORE ANALYSÉS"
        yield from missing


def _moment(at: Any) -> str:
    local = timezone.localtime(at)
    return f"{day(local.date())} à {hour(local)}"

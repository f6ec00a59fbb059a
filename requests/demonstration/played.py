"""Playing the generated lives through the services, each at its dates, each in one transaction.

A life is made once: its key is its submission key, so that an interrupted seed goes on where it stopped. What it told
is marked as told, in the same transaction: nobody is written to about the past.

Letters of long ago are not kept: two thousand PDFs that nobody waits for would keep the workers busy for an hour. An
open request has those of its last two months, like any other.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence

from django.db import transaction
from django.db.models import Q

from accounts.models import Mandate
from common import clock
from common.actor import Role
from notifications.models import OutboxEvent
from operators.enums import Level, ProviderKind
from operators.models import Offer, Provider, Redirection
from requests.demonstration import lives, rhythm
from requests.demonstration.case import Case, file, settle
from requests.demonstration.lives import Body, Life, Offered
from requests.demonstration.quotas import VOLUMES
from requests.demonstration.stage import DOMAIN, Stage, key, moment
from requests.demonstration.steps import Step
from requests.demonstration.words import Words, load
from requests.enums import Progress, SurveyMoment
from requests.models import Document, SupportRequest
from requests.services import followup, intake, national, triage
from territories.enums import CollectivityKind
from territories.models import Collectivity, CollectivityDepartment, FlatMembership

Report = Callable[[str], None]

#: Bodies made by staff, as a syndicate is: in no official file, with a SIREN of the range 999, marked fictitious.
SYNDICATES: dict[str, tuple[str, str]] = {
    "04": ("999000104", "Syndicat mixte des Trois Torrents"),
    "90": ("999000190", "Syndicat mixte des Deux Rivières"),
    "48": ("999000148", "Syndicat mixte des Hauts Plateaux"),
    "12": ("999000112", "Syndicat mixte des Quatre Vallons"),
    "71": ("999000171", "Syndicat mixte des Sept Étangs"),
}
#: Offers left to the stories told by hand, which say since when they exist.
RESERVED = frozenset({"atd-commerce-71"})
#: For how long an open request keeps its letters.
KEPT = dt.timedelta(days=60)
#: Verbs that leave work: an assessment, a decision to carry out.
WORKING = frozenset({"qualify", "solicit", "prepare"})
PROGRESS = (Progress.IDEA, Progress.IDEA, Progress.TO_SPECIFY, Progress.STUDIES)


def sow(report: Report) -> int:
    """Makes every life of the plan that this installation does not hold yet; returns how many it made."""
    make_syndicates()
    words = load()
    return live(lives.plan(bodies(), offers(), words), words, Stage(), report)


def live(planned: Sequence[Life], words: Words, stage: Stage, report: Report = lambda line: None) -> int:
    """Plays those of these lives that stand not yet; returns how many."""
    keys = [key(life.key) for life in planned]
    held = set(SupportRequest.objects.filter(submission_key__in=keys).values_list("submission_key", flat=True))
    wanted = [life for life in planned if key(life.key) not in held]
    began = clock.instant()
    for rank, life in enumerate(wanted, start=1):
        with transaction.atomic():
            Player(stage, life, words).play()
        if rank % 50 == 0:
            left = (clock.instant() - began) / rank * (len(wanted) - rank)
            report(f"{rank} demandes sur {len(wanted)}, encore {round(left.total_seconds())} s")
    return len(wanted)


def bodies() -> list[Body]:
    """Those who may file: real places, but those of the stories told by hand, whose own page stays theirs."""
    rows = (
        Collectivity.objects.current()
        .filter(department_id__in=VOLUMES, population__gt=0, kind__in=["commune", "epci", "syndicate", "department"])
        .exclude(code__in=lives.TOLD)
        .order_by("code")
    )
    areas: dict[str, set[tuple[str, str]]] = defaultdict(set)
    groupings = FlatMembership.objects.filter(member__in=rows, ancestor__kind=CollectivityKind.EPCI)
    for code, grouping in groupings.values_list("member__code", "ancestor__code"):
        areas[code].add((Level.EPCI, grouping))
    places = CollectivityDepartment.objects.filter(collectivity__in=rows)
    for code, department, region in places.values_list("collectivity__code", "department", "department__region"):
        areas[code] |= {(Level.DEPARTMENT, department), (Level.REGION, region)}
    for row in rows:
        own = Level.EPCI if row.kind == CollectivityKind.EPCI else Level.COMMUNE
        areas[row.code] |= {(own, row.code), (Level.ARRONDISSEMENT, row.arrondissement_id or "")}
    return [
        Body(row.code, row.kind, row.department_id, row.name, row.population or 0, frozenset(areas[row.code]))
        for row in rows
    ]


def offers() -> list[Offered]:
    """The catalogue's local offers, and those of operators."""
    rows = (
        Offer.objects.published()
        .exclude(provider__kind=ProviderKind.AGENCY)
        .prefetch_related("subjects", "coverage")
        .select_related("provider")
        .order_by("code")
    )
    return [
        Offered(
            code=offer.code,
            provider=offer.provider.code,
            national=offer.provider.kind == ProviderKind.OPERATOR,
            subjects=frozenset(subject.code for subject in offer.subjects.all()),
            kinds=frozenset(offer.body_kinds),
            phases=frozenset(offer.phases),
            covers=frozenset((line.level, line.code) for line in offer.coverage.all() if not line.excluded),
            excepts=frozenset((line.level, line.code) for line in offer.coverage.all() if line.excluded),
            least=offer.population_min or 0,
            most=offer.population_max or 10**9,
            is_open=not (offer.programmes_required or offer.zonings_required or offer.valid_to)
            and offer.capacity_left != 0
            and offer.code not in RESERVED,
        )
        for offer in rows
    ]


@transaction.atomic
def make_syndicates() -> None:
    """The syndicates that file: no official file holds them."""
    for department, (code, name) in SYNDICATES.items():
        body, created = Collectivity.objects.get_or_create(
            code=code,
            defaults={
                "kind": CollectivityKind.SYNDICATE,
                "name": name,
                "siren": code,
                "legal_form": "Syndicat mixte",
                "population": 18742,
                "population_vintage": 2023,
                "population_column": "population",
                "department_id": department,
                "fictitious": True,
            },
        )
        if created:
            CollectivityDepartment.objects.create(collectivity=body, department_id=department, is_lead=True)


def _date(at: dt.datetime | dt.date) -> str:
    return at.isoformat(" ", "minutes") if isinstance(at, dt.datetime) else at.isoformat()


class Player:
    """Plays one life: a method for each verb of the plan."""

    def __init__(self, stage: Stage, life: Life, words: Words) -> None:
        self.stage, self.life, self.words = stage, life, words
        self.mayor = self._executive()
        self.case: Case

    def play(self) -> None:
        """Everything, in the caller's transaction."""
        #: The assessment asked at the filing gives way to the one that the qualification asks, when there is one.
        working = WORKING | ({"file"} if all(step.verb != "qualify" for step in self.life.steps) else set())
        for step in self.life.steps:
            getattr(self, step.verb)(step)
            if step.verb in working:
                with clock.at(moment(_date(step.at), self.case.zone)):
                    settle(self.case.row)
        row = self.case.row
        asked = list(row.solicitations.values_list("offer", flat=True))  # declined twice, an offer is asked about
        told = OutboxEvent.objects.undone().filter(Q(payload__request_id=row.pk) | Q(payload__offer_id__in=asked))
        told.update(done_at=clock.instant())
        letters = Document.objects.undone().filter(support_request=row, file=None)
        if not self.life.is_ended:
            letters = letters.filter(at__lt=moment(_date(rhythm.TODAY - KEPT), self.case.zone))
        letters.delete()

    # --- people

    def _executive(self) -> Mandate:
        """Whoever heads the body already, or a new one with the name of a plant."""
        body = Collectivity.objects.get(code=self.life.body.code)
        found = Mandate.objects.in_force(self.life.filed_at.date()).proven()
        held = found.filter(collectivity=body, role=Role.OFFICIAL).select_related("user", "collectivity").first()
        if held is not None:
            return held
        feminine = self.life.mayor.startswith("Mme")
        head = "présidente" if feminine else "président"
        function = {"commune": "maire", "department": f"{head} du conseil départemental"}.get(self.life.body.kind, head)
        return self.stage.official(body.code, self.life.mayor, function, starts_on=self.life.since)

    def _officer(self) -> Mandate:
        """One of the two follow-up officers of the department."""
        department = self.life.department
        name = f"suivi{'2' if self.life.key[-1] in '02468' else ''}-{department.lower()}"
        if name == "suivi-04":
            return self.stage.account("suivi")
        found = Mandate.objects.select_related("user").filter(user__email=f"{name}@{DOMAIN}").first()
        person = self.words.person(name)
        return found or self.stage.engage(name, person, Role.FOLLOW_UP_OFFICER, "suivi", department=department)

    def _by(self, who: str) -> Mandate:
        if who == "officer":
            return self._officer()
        return self.stage.account("anct" if who == "agency" else self.operator_code())

    def operator_code(self) -> str:
        return next(str(step.given["operator"]) for step in self.life.steps if step.verb == "delegate")

    # --- verbs

    def file(self, step: Step) -> None:
        life, channel = self.life, step.given["channel"]
        instructor, _ = self.stage.desk(life.department)
        filed = file(
            self.stage,
            life.key,
            _date(step.at),
            self.mayor if channel == "web" else instructor,
            life.body.code,
            subject=life.need.subject,
            need=life.need.text,
            title=life.need.title,
            progress=PROGRESS[len(life.need.text) % len(PROGRESS)],
            channel=channel,
            department=life.department,
            settled=False,
        )
        if filed is None:
            raise RuntimeError(f"{life.key} stands already")
        self.case = filed
        self.case.careful = False

    def confirm(self, step: Step) -> None:
        with self.case.on(_date(step.at), self.mayor) as actor:
            intake.confirm_filing(self.case.row, actor)

    def acknowledge(self, step: Step) -> None:
        self.case.acknowledge(_date(step.at))

    def ask_completion(self, step: Step) -> None:
        self.case.ask_completion(_date(step.at), step.given["items"])

    def complete(self, step: Step) -> None:
        self.case.complete(_date(step.at), self.mayor, step.given["text"])

    def qualify(self, step: Step) -> None:
        competence = {"commune": "commune", "epci": "grouping", "syndicate": "syndicate"}
        self.case.qualify(
            _date(step.at),
            competence=competence.get(self.life.body.kind, "to_check"),
            phase=step.given["phase"],
        )

    def solicit(self, step: Step) -> None:
        self.case.solicit(
            _date(step.at), *step.given["codes"], reason="Offre connue du guichet, disponible à cette date."
        )

    def answer(self, step: Step) -> None:
        given = dict(step.given)
        self.case.answer(_date(step.at), given.pop("code"), **given)

    def propose(self, step: Step) -> None:
        codes = step.given["codes"]
        price = Offer.objects.get(code=codes[0]).price_label
        self.case.propose(_date(step.at), *codes, text=step.given["text"], price=price)

    def accept(self, step: Step) -> None:
        self.case.accept(_date(step.at), self.mayor)

    def designate(self, step: Step) -> None:
        self.case.designate(_date(step.at), self._officer())

    def redirect(self, step: Step) -> None:
        there = Redirection.objects.get(code=step.given["key"])
        url = there.address(self.case.row.collectivity, self.case.row.subject)
        self.case.redirect(_date(step.at), reason=there.reason, target=there.target, url=url, text=there.text)

    def withdraw(self, step: Step) -> None:
        with self.case.on(_date(step.at), self.mayor) as actor:
            intake.withdraw(self.case.row, actor, reason=step.given["reason"])

    def drop(self, step: Step) -> None:
        with self.case.on(_date(step.at), self.case.deputy) as actor:
            triage.drop(self.case.row, actor, reason=step.given["reason"])

    # --- the national way

    def prepare(self, step: Step) -> None:
        with self.case.on(_date(step.at), self.case.deputy) as actor:
            triage.decide_refer(
                self.case.row, actor, step.given["motives"], reason="Les réponses locales ne suffisent pas."
            )

    def refer(self, step: Step) -> None:
        self.case.edit_referral(
            _date(step.at),
            motives=step.given["motives"],
            service=f"Étude\N{NO-BREAK SPACE}: {self.life.need.title}"[:300],
            cost=step.given["amount"],
            proposed="market" if step.given["market"] else "operators",
            outside="Aucun opérateur ne réunit ces métiers." if step.given["market"] else "",
        )
        self.case.send_referral(_date(step.at))

    def take_up(self, step: Step) -> None:
        self.case.take_up(_date(step.at))

    def delegate(self, step: Step) -> None:
        operator = step.given["operator"]
        self.case.delegate(_date(step.at), operator, self.words.texts["missions"][operator])

    def operator(self, step: Step) -> None:
        self.case.operator(_date(step.at), step.given["operator"], text="Équipe constituée, première réunion à venir.")

    def assign_service(self, step: Step) -> None:
        with self.case.on(_date(step.at), self.stage.account("anct")) as actor:
            service = Provider.objects.get(code=step.given["service"])
            national.assign_service(self.case.row, actor, service=service, text="Le service de l’Agence prend contact.")

    def market(self, step: Step) -> None:
        given = step.given
        self.case.market(
            _date(given["chosen"]),
            amount=given["amount"],
            share=given["share"],
            outside=given["outside"],
            mission=f"{self.life.need.title}\N{NO-BREAK SPACE}: scénarios, coûts, calendrier.",
            days=given["days"],
            deliberated=_date(given["deliberated"]),
            prefect=_date(given["prefect"]),
            body=_date(given["body"]),
            by=self.mayor,
            committed=_date(given["committed"]),
            starts=_date(step.at.date()),
        )

    # --- follow-up

    def log(self, step: Step) -> None:
        self.case.log(_date(step.at), self._by(step.given["by"]), step.given["text"], step.given["kind"])

    def suspend(self, step: Step) -> None:
        with self.case.on(_date(step.at), self._by(step.given["by"])) as actor:
            followup.suspend(self.case.row, actor, reason=step.given["reason"])

    def propose_closing(self, step: Step) -> None:
        by = self._by(step.given["by"])
        self.case.propose_closing(_date(step.at), by, step.given["summary"], step.given["result"])

    def close(self, step: Step) -> None:
        self.case.close(_date(step.at))

    def survey(self, step: Step) -> None:
        survey = self.case.row.surveys.get(moment=SurveyMoment.CLOSING)
        with self.case.on(_date(step.at), self.mayor) as actor:
            followup.answer_survey(survey, actor, **step.given)

    def later_survey(self, step: Step) -> None:
        survey = self.case.row.surveys.get(moment=SurveyMoment.SIX_MONTHS)
        with self.case.on(_date(step.at), self.mayor) as actor:
            followup.ask(survey, at=clock.now())
            if step.given["answered"]:
                followup.answer_survey(survey, actor, useful=True)

    def read(self, step: Step) -> None:
        """Those at work have read what came last: nothing of these lives is new in this morning's queue."""
        verbs = {known.verb for known in self.life.steps}
        readers = [self.case.instructor, self.case.deputy]
        readers += [self._officer()] if "designate" in verbs else []
        readers += [self.stage.account("anct")] if "refer" in verbs else []
        for mandate in readers:
            with self.case.on(_date(step.at), mandate) as actor:
                triage.log_reading(self.case.row, actor)

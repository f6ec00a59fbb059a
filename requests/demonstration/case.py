"""One file of a story: each verb takes its date, and calls the service of that name."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Mandate, Organisation
from common import clock, jobs
from common.actor import Actor, Role
from operators.models import Offer, Provider, Subject
from requests.demonstration.stage import Stage, key, moment
from requests.enums import AnswerChannel, AssignmentKind, Channel, EntryKind, Part, Progress
from requests.models import Dispatch, RoutingJob, Solicitation, SupportRequest
from requests.services import (
    agreement,
    assignments,
    exchanges,
    followup,
    intake,
    national,
    referral,
    solution,
    triage,
)
from territories.models import Collectivity, Department


def settle(row: SupportRequest) -> None:
    """Does what the file's own rows left to do, at the date of the story; the work of others is left to the workers."""
    for pk in RoutingJob.objects.undone().filter(support_request=row).values_list("pk", flat=True):
        jobs.get("requests.routing").perform(pk)
    for pk in Dispatch.objects.undone().filter(decision__support_request=row).values_list("pk", flat=True):
        if not jobs.get("requests.dispatch").perform(pk):
            raise RuntimeError(f"{row.reference}: {Dispatch.objects.get(pk=pk).last_error}")


class Case:
    """One file of the demonstration. Each verb takes its date, and calls the service of that name."""

    #: Whether each act is followed by the work that it leaves and by a fresh reading of the row.
    careful = True

    def __init__(self, stage: Stage, support_request: SupportRequest) -> None:
        self.stage = stage
        self.row = support_request
        self.zone = ZoneInfo(support_request.department.time_zone)
        self.instructor, self.deputy = stage.desk(support_request.department_id)

    @contextmanager
    def on(self, date: str, mandate: Mandate) -> Iterator[Actor]:
        """« 2026-05-05 21:40 », or a day alone: ten in the morning, local time."""
        with clock.at(moment(date, self.zone)):
            yield self.stage.actor(mandate)
            if self.careful:
                settle(self.row)
        if self.careful:
            self.row.refresh_from_db()

    # triage

    def acknowledge(self, date: str) -> None:
        with self.on(date, self.instructor) as actor:
            triage.acknowledge(self.row, actor, contact=self.instructor)

    def ask_completion(self, date: str, items: str) -> None:
        with self.on(date, self.instructor) as actor:
            triage.ask_completion(self.row, actor, items=items)

    def complete(self, date: str, by: Mandate, text: str) -> None:
        with self.on(date, by) as actor:
            intake.complete(self.row, actor, text=text)

    def qualify(
        self,
        date: str,
        *,
        competence: str = "commune",
        phase: str = "framing",
        signs: Sequence[str] = (),
        themes: Sequence[str] = (),
        services: Sequence[str] = (),
        subject: str = "",
    ) -> None:
        read = Subject.objects.get(code=subject) if subject else self.row.subject
        with self.on(date, self.instructor) as actor:
            triage.qualify(
                self.row,
                actor,
                triage.Qualification(
                    subject=read,
                    themes=tuple(themes) or (read.theme or "",),
                    competence=competence,
                    phase=phase,
                    services=tuple(services),
                    complexity_signs=tuple(signs),
                ),
            )

    def briefing(self) -> str:
        """What the desk tells providers: its own words, never the applicant's (docs/adr/0008)."""
        asking = "cherche un appui sur ce sujet. Pouvez-vous intervenir, et à partir de quand ?"
        return f"{self.row.collectivity.name} {asking}"

    def solicit(
        self, date: str, *codes: str, message: str = "", reason: str = "Choix du guichet.", question: str = ""
    ) -> None:
        """Decides to mobilise these offers; the dispatch solicits their providers, and asks each the question."""
        offers = [Offer.objects.get(code=code) for code in codes]
        asked = {str(offer.uuid): question for offer in offers}
        with self.on(date, self.deputy) as actor:
            triage.decide_local(
                self.row, actor, offers, message=message or self.briefing(), reason=reason, questions=asked
            )

    def answer(self, date: str, code: str, *, accepted: bool = True, **given: Any) -> None:
        """The provider's answer, noted by the desk unless the provider has an account of its own."""
        with self.on(date, self.instructor) as actor:
            solicitation = self.row.solicitations.get(offer__code=code, state="asked")
            given.setdefault("channel", AnswerChannel.MAIL)
            given.setdefault("answered_by", solicitation.provider.name)
            solution.answer_solicitation(solicitation, actor, accepted=accepted, **given)

    def propose(
        self,
        date: str,
        *codes: str,
        text: str,
        price: str,
        conditions: str = "",
        calendar: str = "",
        council: str = "",
    ) -> None:
        """The first offer is the pilot's."""
        with self.on(date, self.instructor) as actor:
            solution.propose(
                self.row,
                actor,
                lines=[
                    solution.Line(
                        offer=accepted.offer,
                        solicitation=accepted,
                        part=Part.PILOT if rank == 0 else Part.SUPPORT,
                        price=accepted.offer.price_label,
                    )
                    for rank, accepted in enumerate(self._accepted(code) for code in codes)
                ],
                text=text,
                price=price,
                conditions=conditions,
                calendar=calendar,
                council_on=dt.date.fromisoformat(council) if council else None,
            )

    def _accepted(self, code: str) -> Solicitation:
        return self.row.solicitations.select_related("offer__provider").get(offer__code=code, state="accepted")

    def accept(self, date: str, by: Mandate, note: str = "") -> None:
        with self.on(date, by) as actor:
            solution.accept_proposal(self.row, actor, note=note)

    def designate(self, date: str, officer: Mandate) -> None:
        with self.on(date, self.deputy) as actor:
            solution.designate(self.row, actor, officer=officer)

    def redirect(self, date: str, **given: Any) -> None:
        with self.on(date, self.deputy) as actor:
            triage.redirect(self.row, actor, **given)

    # referral

    def refer(
        self,
        date: str,
        *,
        prepared: str,
        motives: dict[str, str],
        service: str,
        cost: int | None = None,
        opinion: str = "",
        opinion_text: str = "",
        proposed: str = "operators",
        outside: str = "",
    ) -> None:
        """Decides on ``prepared``, fills the form, gets the opinion when there is one, signs on ``date``."""
        with self.on(prepared, self.deputy) as actor:
            triage.decide_refer(self.row, actor, list(motives), reason="Les offres locales ne suffisent pas.")
        self.edit_referral(
            prepared,
            motives=motives,
            service=service,
            cost=cost,
            proposed=proposed,
            outside=outside,
            asked=bool(opinion),
        )
        if opinion:
            liaison = self.stage.engage(
                f"cmt-{self.row.department.region_id}",
                f"Mme Fanny Ormeau-{self.row.department.region_id}",
                Role.CMT,
                "mission territoriale",
                organisation=Organisation.objects.get(code="anct"),
                departments=list(Department.objects.filter(region=self.row.department.region)),
            )
            with self.on(opinion, liaison) as actor:
                referral.give_opinion(self.row, actor, opinion="favourable", text=opinion_text)
        self.send_referral(date)

    def edit_referral(
        self,
        date: str,
        *,
        motives: dict[str, str],
        service: str,
        cost: int | None = None,
        proposed: str = "operators",
        outside: str = "",
        asked: bool = False,
    ) -> None:
        """Fills the form, and asks for the opinion when ``asked``."""
        amount = Decimal(cost) if cost else None
        rate = agreement.tax_rate(self.row.department_id)
        with self.on(date, self.instructor) as actor:
            referral.edit(
                self.row,
                actor,
                motives=motives,
                referent=self.instructor,
                values={
                    "service_asked": service,
                    "cost_excl_tax": amount,
                    "cost_incl_tax": amount * (100 + rate) / 100 if amount else None,
                    "proposed_answer": proposed,
                    "outside_reason": outside,
                    "to_sign_by": self.deputy,
                },
            )
            if asked:
                referral.ask_opinion(self.row, actor)

    def send_referral(self, date: str) -> None:
        with self.on(date, self.deputy) as actor:
            referral.send(self.row, actor, signatory=self.deputy)

    def take_up(self, date: str) -> None:
        with self.on(date, self.stage.account("anct")) as actor:
            national.take_up(self.row, actor, instructor=self.stage.account("anct"))

    def delegate(self, date: str, operator: str, mission: str) -> None:
        with self.on(date, self.stage.account("anct")) as actor:
            found = Provider.objects.get(code=operator)
            national.delegate(self.row, actor, [national.Mission(operator=found, text=mission)])

    def operator(self, date: str, operator: str, *, accepted: bool = True, starts: str = "", **given: Any) -> None:
        with self.on(date, self.stage.account(operator)) as actor:
            delegation = self.row.delegations.get(operator__code=operator, state="asked")
            national.answer_delegation(
                delegation,
                actor,
                accepted=accepted,
                starts_on=dt.date.fromisoformat(starts) if starts else None,
                **given,
            )

    def start(self, date: str, by: str) -> None:
        with self.on(date, self.stage.account(by)) as actor:
            national.start_support(self.row, actor)

    def market(
        self,
        date: str,
        *,
        amount: int,
        share: int,
        outside: str,
        mission: str,
        days: int,
        deliberated: str,
        prefect: str,
        body: str,
        by: Mandate,
        committed: str = "",
        starts: str = "",
    ) -> None:
        with self.on(date, self.stage.account("anct")) as actor:
            agreement.contract(
                self.row,
                actor,
                agreement.Market(
                    lot="Lot 3 – stratégie et programmation",
                    outside_reason=outside,
                    mission=mission,
                    days=days,
                    amount_excl_tax=Decimal(amount),
                    agency_share=Decimal(share),
                ),
            )
        with self.on(prefect, self.deputy) as actor:
            agreement.sign_for_prefect(self.row, actor, signatory=self.deputy)
        with self.on(body, by) as actor:
            agreement.sign_for_body(self.row, actor, deliberated_on=dt.date.fromisoformat(deliberated))
        if committed:
            with self.on(committed, self.stage.account("dg")) as actor:
                agreement.commit(self.row, actor, starts_on=dt.date.fromisoformat(starts) if starts else None)
            if starts:
                self.start(starts, "anct")

    # follow-up

    def log(self, date: str, by: Mandate, text: str, kind: str = EntryKind.STEP, *, public: bool = True) -> None:
        with self.on(date, by) as actor:
            followup.log(self.row, actor, kind=kind, text=text, is_public=public)

    def note(self, date: str, by: Mandate, text: str, channel: str = "internal") -> None:
        with self.on(date, by) as actor:
            exchanges.post(self.row, actor, channel=channel, text=text, key=key(f"{self.row.reference}{date}{text}"))

    def propose_closing(
        self, date: str, by: Mandate, summary: str, result: str = "done", recommendations: Sequence[str] = ()
    ) -> None:
        with self.on(date, by) as actor:
            followup.propose_closing(
                self.row,
                actor,
                result=result,
                summary=summary,
                finished_on=dt.date.fromisoformat(date[:10]),
                recommendations=recommendations,
            )

    def close(self, date: str) -> None:
        with self.on(date, self.deputy) as actor:
            followup.close(self.row, actor)

    def assign(self, date: str, kind: AssignmentKind, mandate: Mandate) -> None:
        with self.on(date, self.deputy) as actor:
            assignments.assign(self.row, kind, mandate, actor)


def file(
    stage: Stage,
    name: str,
    date: str,
    by: Mandate,
    code: str,
    *,
    subject: str,
    need: str,
    title: str,
    progress: str = Progress.IDEA,
    channel: str = Channel.WEB,
    department: str = "",
    council: str = "",
    settled: bool = True,
    **given: Any,
) -> Case | None:
    """Files a request at its date and returns its case; None when this installation already holds it.

    ``settled``: its assessment is made at once.
    """
    if SupportRequest.objects.filter(submission_key=key(name)).exists():
        return None
    body = Collectivity.objects.get(code=code)
    lead = Department.objects.get(code=department) if department else body.department
    zone = ZoneInfo(lead.time_zone)
    at = moment(date, zone)
    contact: dict[str, Any] = intake.contact_of(by.user) if by.role in {Role.OFFICIAL, Role.SECRETARY} else {}
    with clock.at(at):
        actor = stage.actor(by)
        application = intake.Application(
            collectivity=body,
            subject=Subject.objects.get(code=subject),
            need=need,
            title=title,
            public_title=given.pop("public_title", title),
            progress=progress,
            next_council_on=dt.date.fromisoformat(council) if council else None,
            **{**contact, **given},
        )
        row = intake.submit(application, actor, key=key(name), at=at, channel=channel, department=lead)
        if settled:
            settle(row)
    row.refresh_from_db()
    return Case(stage, row)

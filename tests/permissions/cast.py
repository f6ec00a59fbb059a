"""Who asks, and about which files: the demonstration's people, around one commune of its department 04.

La Motte-du-Caire has a file in each state, made by the services; every person of the cast stands to all of them as his
role says. The near misses stand as close as one can without the right.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.enums import MandateStatus, OrganisationKind
from accounts.models import Mandate, Organisation, SignatureAct, User
from accounts.services.people import ensure_organisation
from accounts.services.signatures import ActText, ensure_act
from common.actor import Matter, Role
from operators.models import Offer, Provider
from operators.services import loads
from requests.demonstration.case import Case, file
from requests.demonstration.stage import Stage
from requests.enums import AssignmentKind
from requests.models import Draft, SupportRequest, Visit
from requests.services import agreement, followup, intake, national, referral, triage, visits
from territories.models import Collectivity
from tests.requests.simulating import computed, financing

#: The town hall of every file, its grouping, and a commune beside.
COMMUNE, NEIGHBOUR = "04134", "04022"
TODAY = "2026-11-24 10:00"

#: Columns of the table, in order: heading → where the mandate comes from.
ACTORS = (
    "anon", "offi", "secr", "epci", "prov", "inst", "subp", "depu", "dele", "suiv", "cmt", "anct", "dg", "oper", "clct",
    "admi", "OFFI", "INST", "DEPU", "PROV", "OPER",
)  # fmt: skip

JUSTIFICATION = (
    "La commune n’a aucun agent pour conduire cette étude et le prestataire sollicité répond qu’elle sort de ses "
    "missions. Les offres du département ont été examinées une à une : aucune ne couvre ce besoin, dont l’échéance est "
    "proche et les conséquences sur le village sont connues."
)


@dataclass
class Cast:
    """Mandates by heading of the table, and what addresses name: references and identifiers by scene."""

    mandates: dict[str, Mandate] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)


def people(stage: Stage) -> dict[str, Mandate]:
    commune = Collectivity.objects.get(code=COMMUNE)
    desk = {"department": "04", "organisation": Organisation.objects.get(code="guichet-04")}
    grouping = commune.epci
    former = stage.engage(
        "ancien-adjoint", "M. Gilles Robinier", Role.DEPUTY, "directeur adjoint", starts_on=dt.date(2022, 1, 3), **desk
    )
    dead = ensure_act(
        delegating=Mandate.objects.get(role=Role.DELEGATE, department="04", user__last_name="Tremble"),
        signatory=former,
        text=ActText(
            number="2023-240-009",
            gazette="RAA n° 04-2023-190",
            signed_on=dt.date(2023, 8, 25),
            published_on=dt.date(2023, 8, 28),
            starts_on=dt.date(2023, 8, 28),
            quality_block="le directeur départemental adjoint",
            matters=tuple(Matter),
        ),
    )
    SignatureAct.objects.filter(pk=dead.pk).update(ends_on=dt.date(2026, 9, 2))
    sibling = ensure_organisation(
        "caue-04", OrganisationKind.PROVIDER, "Conseil d’architecture (04)", department_id="04"
    )
    Provider.objects.filter(offers__code="caue-bourg-04").update(organisation=sibling)
    return {
        "offi": Mandate.objects.get(user__email=f"elu-{COMMUNE}@demo.example"),
        "secr": stage.engage("secretaire-motte", "M. Noé Fusain", Role.SECRETARY, "secrétaire", collectivity=commune),
        "epci": stage.engage("elu-epci-motte", "Mme Ana Cade", Role.OFFICIAL, "présidente", collectivity=grouping),
        "prov": stage.account("offreur"),
        "inst": stage.account("instructeur"),
        "subp": stage.account("sousprefet"),
        "depu": stage.account("adjoint"),
        "dele": stage.account("delegue"),
        "suiv": stage.account("suivi"),
        "cmt": stage.account("cmt"),
        "anct": stage.account("anct"),
        "dg": stage.account("dg"),
        "oper": stage.account("cerema"),
        "clct": stage.account("clct"),
        "admi": stage.account("admin"),
        "OFFI": Mandate.objects.get(user__email=f"elu-{NEIGHBOUR}@demo.example"),
        "INST": stage.account("instructeur2"),
        "DEPU": former,
        "PROV": stage.engage("offreur-caue", "Mme Ève Alisier-Nain", Role.PROVIDER, "directrice", organisation=sibling),
        "OPER": stage.account("ademe"),
    }


class Scenes:
    """Files of the commune, each brought to one state; every verb is the service of that name."""

    def __init__(self, stage: Stage, mandates: dict[str, Mandate]) -> None:
        self.stage, self.mandates = stage, mandates

    def submitted(self, name: str, **given: Any) -> Case:
        case = file(
            self.stage,
            f"matrix-{name}",
            "2026-11-02",
            given.pop("by", self.mandates["offi"]),
            COMMUNE,
            subject="patrimoine",
            title=f"Dossier {name}",
            need=f"Le besoin du dossier {name}, avec les mots de la commune.",
            shared_with_grouping=True,
            **given,
        )
        assert case is not None
        return case

    def qualification(self, name: str) -> Case:
        case = self.submitted(name)
        case.acknowledge("2026-11-03")
        case.assign("2026-11-03 10:30", AssignmentKind.LOCAL_REFERENT, self.mandates["suiv"])
        case.qualify("2026-11-03 11:00")
        return case

    def search(self, name: str) -> Case:
        case = self.qualification(name)
        case.solicit("2026-11-04", "atd-batiment-04", reason="Avis du guichet.")
        return case

    def answered(self, name: str) -> Case:
        case = self.search(name)
        case.answer("2026-11-05", "atd-batiment-04", text="Accord.")
        return case

    def proposed(self, name: str) -> Case:
        case = self.answered(name)
        case.propose("2026-11-06", "atd-batiment-04", text="Une étude du bâtiment.", price="Compris dans l’adhésion.")
        return case

    def accepted(self, name: str) -> Case:
        case = self.proposed(name)
        case.accept("2026-11-09", self.mandates["offi"])
        return case

    def support(self, name: str) -> Case:
        case = self.accepted(name)
        case.designate("2026-11-10", self.mandates["suiv"])
        return case

    def suspended(self, name: str) -> Case:
        case = self.support(name)
        with case.on("2026-11-12", case.instructor) as actor:
            followup.suspend(case.row, actor, reason="Travaux sur la route.")
        return case

    def closing(self, name: str) -> Case:
        case = self.support(name)
        case.propose_closing("2026-11-16", self.mandates["suiv"], "Étude remise.", recommendations=("Consulter",))
        return case

    def closed(self, name: str) -> Case:
        case = self.closing(name)
        case.close("2026-11-17")
        with case.on("2026-11-17 11:00", case.instructor):
            followup.ask_due_surveys()
        return case

    def preparation(self, name: str) -> Case:
        case = self.search(name)
        case.answer("2026-11-05", "atd-batiment-04", accepted=False, reason="out_of_mission", text="Hors mission.")
        with case.on("2026-11-06", case.deputy) as actor:
            triage.decide_refer(case.row, actor, ["complexity"], reason="Aucune offre.")
        with case.on("2026-11-06 11:00", case.instructor) as actor:
            referral.edit(
                case.row,
                actor,
                motives={"complexity": JUSTIFICATION},
                referent=case.instructor,
                values={"service_asked": "Étude", "cost_excl_tax": Decimal(12000), "cost_incl_tax": Decimal(14400)},
            )
        return case

    def referred(self, name: str) -> Case:
        case = self.preparation(name)
        with case.on("2026-11-09", case.deputy) as actor:
            referral.send(case.row, actor, signatory=case.deputy)
        return case

    def review(self, name: str) -> Case:
        case = self.referred(name)
        case.take_up("2026-11-10")
        return case

    def delegated(self, name: str) -> Case:
        """Two operators asked; one of them has declined."""
        case = self.review(name)
        with case.on("2026-11-12", self.mandates["anct"]) as actor:
            missions = [
                national.Mission(operator=Provider.objects.get(code=code), text="Étude du site.")
                for code in ("cerema", "ademe")
            ]
            national.delegate(case.row, actor, missions)
        case.operator("2026-11-13", "ademe", accepted=False, reason="calendar", text="Pas avant mars.")
        return case

    def returning(self, name: str) -> Case:
        """An operator accepted for a date to come: support waits for it."""
        case = self.delegated(name)
        case.operator("2026-11-16", "cerema", starts="2026-12-07", text="Équipe prête en décembre.")
        return case

    def national_support(self, name: str) -> Case:
        case = self.delegated(name)
        case.operator("2026-11-16", "cerema", text="Équipe prête.")
        return case

    def contracting(self, name: str) -> Case:
        case = self.review(name)
        with case.on("2026-11-12", self.mandates["anct"]) as actor:
            agreement.contract(
                case.row,
                actor,
                agreement.Market(
                    lot="Lot 3",
                    outside_reason="Équipe pluridisciplinaire.",
                    amount_excl_tax=Decimal(12000),
                    agency_share=Decimal(100),
                ),
            )
        return case

    def signed(self, name: str) -> Case:
        """Both signatures are given: the commitment is awaited."""
        case = self.contracting(name)
        with case.on("2026-11-16", case.deputy) as actor:
            agreement.sign_for_prefect(case.row, actor, signatory=case.deputy)
        with case.on("2026-11-17", self.mandates["offi"]) as actor:
            agreement.sign_for_body(case.row, actor, deliberated_on=dt.date(2026, 11, 13))
        return case

    def committed(self, name: str) -> Case:
        case = self.signed(name)
        with case.on("2026-11-18", self.mandates["dg"]) as actor:
            agreement.commit(case.row, actor, starts_on=dt.date(2026, 12, 7))
        return case

    def incomplete(self, name: str) -> Case:
        case = self.submitted(name)
        case.ask_completion("2026-11-03", "Le plan du bâtiment.")
        return case

    def redirected(self, name: str) -> Case:
        case = self.qualification(name)
        case.redirect("2026-11-05", reason="grant", target="La préfecture", text="Le guichet ne verse pas d’aide.")
        return case

    def attached(self, name: str) -> Case:
        host = file(
            self.stage,
            "matrix-host",
            "2026-11-02",
            self.mandates["epci"],
            self.mandates["epci"].collectivity.code,
            subject="patrimoine",
            title="Dossier de l’intercommunalité",
            need="Le même besoin, pour toutes les communes.",
            department="04",
        )
        assert host is not None
        case = self.submitted(name)
        with case.on("2026-11-04", case.instructor) as actor:
            triage.attach(case.row, actor, host=host.row)
        return case

    def recorded(self, name: str) -> Case:
        """Filed by the desk in the executive's name, who has not confirmed yet."""
        return self.submitted(name, by=self.mandates["inst"], channel="letter")


#: Scene of the table → the method that makes it.
SCENES: tuple[str, ...] = (
    "recorded", "submitted", "incomplete", "qualification", "search", "answered", "proposed", "accepted", "support",
    "suspended",
    "closing", "closed", "attached", "redirected", "preparation", "referred", "review", "delegated", "returning",
    "contracting", "signed", "committed", "national_support",
)  # fmt: skip


def build() -> Cast:
    """Engages the cast, brings a file to each state and notes the identifiers that addresses carry."""
    stage = Stage()
    cast = Cast(mandates=people(stage))
    scenes = Scenes(stage, cast.mandates)
    rows: dict[str, SupportRequest] = {}
    for name in SCENES:
        make: Callable[[str], Case] = getattr(scenes, name)
        rows[name] = make(name).row
        cast.references[name] = rows[name].reference
    sibling = scenes.qualification("sibling")
    sibling.solicit("2026-11-04", "caue-bourg-04", reason="Avis du guichet.")
    receipt = rows["search"].documents.get(kind="receipt")
    draft = intake.start_draft(
        stage.actor(cast.mandates["offi"]),
        answers={"collectivity": COMMUNE, "subject": "patrimoine", "need": "Un autre besoin.", "progress": "idea"},
    )
    Draft.objects.filter(pk=draft.pk).update(collectivity=cast.mandates["offi"].collectivity)
    claim = Mandate.objects.create(
        user=User.objects.create_user("candidate@demo.example", first_name="Léa", last_name="Prunier"),
        role=Role.SECRETARY,
        collectivity=cast.mandates["OFFI"].collectivity,
        department_id="04",
        function="secrétaire",
        starts_on=dt.date(2026, 11, 1),
        status=MandateStatus.CLAIMED,
    )
    sheet = loads.deposit(
        "carte.csv", b"Code;Prestataire\n", stage.actor(cast.mandates["inst"]), department="04", key=uuid.uuid4()
    )
    visits.add(stage.actor(cast.mandates["inst"]), [COMMUNE])
    cast.keys = {
        "sheet": str(sheet.uuid),
        "visit": str(Visit.objects.get(commune__code=COMMUNE).uuid),
        "receipt": str(receipt.uuid),
        "letter": str(rows["referred"].documents.get(kind="referral").uuid),
        "solicitation": str(rows["search"].solicitations.get().uuid),
        "delegation": str(rows["delegated"].delegations.get(operator__code="cerema").uuid),
        "draft": str(draft.pk),
        "claim": str(claim.uuid),
        "suivi": str(cast.mandates["suiv"].uuid),
        "instructor": str(cast.mandates["inst"].uuid),
        "deputy": str(cast.mandates["depu"].uuid),
        "agent": str(cast.mandates["anct"].uuid),
        "host": SupportRequest.objects.get(title="Dossier de l’intercommunalité").reference,
        "agency_service": str(Provider.objects.get(code="immobilier-commercial").pk),
        "local_offer": str(Offer.objects.get(code="chambre-commerce-04").pk),
        "own": str(cast.mandates["offi"].uuid),
        "act": str(SignatureAct.objects.get(number="2026-257-003").uuid),
        "contractor": str(ensure_organisation("bureau", OrganisationKind.CONTRACTOR, "Bureau d’études").pk),
        "offer": str(Offer.objects.get(code="atd-batiment-04").uuid),
        "other_offer": str(Offer.objects.get(code="caue-bourg-04").uuid),
        "simulation": str(computed(stage.actor(cast.mandates["anct"]), financing()).uuid),
    }
    return cast

"""Stories that end otherwise (D06, D12, D13, D14), and the files of this morning's queue."""

import datetime as dt
from zoneinfo import ZoneInfo

from common import clock
from common.actor import Role
from operators.models import Subject
from requests.demonstration.case import file
from requests.demonstration.stage import Stage, moment
from requests.enums import Channel, EntryKind, Progress
from requests.models import Draft
from requests.services import intake, triage
from territories.models import Collectivity, Department


def d06(stage: Stage) -> None:
    mayor = stage.official("56058", "M. Gwénaël Prunelle")
    case = file(
        stage,
        "D06",
        "2026-09-08 20:10",
        mayor,
        "56058",
        subject="internet-telephone",
        title="Pas de réseau au bourg de Trébréan",
        need="Pas de réseau au bourg de Trébréan, ni pour les habitants ni pour les pompiers.",
    )
    if case is None:
        return
    case.acknowledge("2026-09-10")
    case.redirect(
        "2026-09-11",
        reason="other_service",
        target="Toutes et tous connecté·e·s",
        url="https://toutesettousconnectes.anct.gouv.fr/",
        text=(
            "Le signalement d’une zone sans réseau se fait sur cette plateforme, ouverte aux élus. L’équipe projet du "
            "département l’examine et vous rappelle."
        ),
    )


def d12(stage: Stage) -> None:
    former = stage.official("58145", "Mme Reine Fougère", ends_on=dt.date(2026, 3, 22))
    mayor = stage.official("58145", "M. Hector Chardon", suffix="2", starts_on=dt.date(2026, 3, 22))
    case = file(
        stage,
        "D12",
        "2025-11-25 21:25",
        former,
        "58145",
        subject="projet-territoire",
        title="Préparer le projet de mandat",
        need="Nous voulons écrire un projet de mandat avec les habitants et ne savons pas comment nous y prendre.",
    )
    if case is None:
        return
    case.acknowledge("2025-11-28")
    case.qualify("2025-12-04", phase="emergence")
    with case.on("2025-12-05", case.instructor) as actor:
        triage.hide_until(case.row, actor, until=dt.date(2026, 3, 23))
    with case.on("2026-05-19", mayor) as actor:
        intake.withdraw(case.row, actor, reason="Nouvelle équipe, autre projet. Nous reviendrons à l’automne.")


def d13(stage: Stage) -> None:
    mayor = stage.official("36207", "M. Lucien Sureau-Noir")
    case = file(
        stage,
        "D13",
        "2026-10-06 18:40",
        mayor,
        "36207",
        subject="patrimoine",
        title="Le toit de l’église",
        need="Il nous manque 40 000 € pour le toit de l’église.",
        progress=Progress.WORKS_READY,
    )
    if case is None:
        return
    case.acknowledge("2026-10-07")
    case.redirect(
        "2026-10-08",
        reason="grant",
        target="La préfecture (DETR), la direction régionale des affaires culturelles et la Fondation du patrimoine",
        text=(
            "Le guichet ne verse pas de subvention. Les demandes de DETR se déposent à la préfecture aux dates du "
            "département ; si l’église est protégée, la direction régionale des affaires culturelles peut aider, et la "
            "Fondation du patrimoine peut ouvrir une souscription. Si vous cherchez comment conduire ces travaux, "
            "rouvrez cette demande : là, nous pouvons vous aider."
        ),
    )


def d14(stage: Stage) -> None:
    mayor = stage.official("70526", "M. Roland Sorbaria")
    case = file(
        stage,
        "D14",
        "2025-07-22 20:05",
        mayor,
        "70526",
        subject="logements-vacants",
        title="Une maison vide au centre du village",
        need="Une grande maison vide au centre du village se dégrade. La commune peut-elle la reprendre ?",
    )
    if case is None:
        return
    case.ask_completion("2025-07-25", "L’adresse du bâtiment et, si vous le connaissez, le nom de son notaire.")
    case.note("2025-08-25", case.instructor, "Relance envoyée à la commune.")
    case.note("2025-09-09", case.instructor, "Appel téléphonique : la mairie rappellera.")
    leader = stage.engage(
        "va-70", "Mme Élise Cornouillère", Role.FOLLOW_UP_OFFICER, "cheffe de projet Villages d’avenir", department="70"
    )
    case.note("2025-09-22", case.instructor, f"Relance. Avis de {leader.user.display_name} : le projet reste utile.")
    with case.on("2025-10-10", case.deputy) as actor:
        triage.drop(
            case.row,
            actor,
            reason=(
                "Sans réponse de votre part, nous fermons cette demande. Un clic suffit à la reprendre, rien n’est "
                "perdu."
            ),
        )


# --- this morning's queue --------------------------------------------------------------------------------------------


def precheur(stage: Stage) -> None:
    mayor = stage.official("97219", "M. Édouard Balisier")
    file(
        stage,
        "Q-precheur",
        "2026-11-20 18:30",
        mayor,
        "97219",
        subject="risques",
        title="La mer avance vers les maisons",
        need="La mer a pris quatre mètres en deux ans devant le bourg. Que peut-on encore construire, et où ?",
    )


def barreme(stage: Stage) -> None:
    mayor = stage.official("04022", "Mme Mireille Thym")
    case = file(
        stage,
        "Q-barreme",
        "2026-10-12 20:30",
        mayor,
        "04022",
        subject="participation",
        title="Que faire de la place de la gare",
        need="La place de la gare est à refaire. Nous voulons en parler avec les habitants avant de dessiner.",
        council="2026-12-04",
    )
    if case is None:
        return
    case.acknowledge("2026-10-16")
    case.qualify("2026-10-21")
    case.solicit("2026-10-21 15:00", "caue-concertation-04")
    case.answer("2026-11-04", "caue-concertation-04", text="Trois ateliers possibles en janvier.")
    case.propose(
        "2026-11-09",
        "caue-concertation-04",
        text="Le conseil d’architecture prépare et anime trois ateliers avec les habitants.",
        price="Sans frais pour vous.",
        council="2026-12-04",
    )


def anjoutey(stage: Stage) -> None:
    mayor = stage.official("90003", "M. Alban Érablière")
    case = file(
        stage,
        "Q-anjoutey",
        "2026-10-26 21:00",
        mayor,
        "90003",
        subject="tourisme",
        title="L’ancienne école en gîte d’étape",
        need="L’ancienne école est vide. Un gîte d’étape sur le sentier, est-ce raisonnable ?",
    )
    if case is None:
        return
    case.acknowledge("2026-10-30")
    case.qualify("2026-11-05")
    case.solicit(
        "2026-11-10", "urbanisme-reconversion-90", question="Une visite du bâtiment est-elle possible avant Noël ?"
    )


def sarre_union(stage: Stage) -> None:
    mayor = stage.official("67434", "Mme Doris Aspérule")
    case = file(
        stage,
        "Q-sarre-union",
        "2026-11-16 19:45",
        mayor,
        "67434",
        subject="zone-activite",
        title="Trois hectares vides dans la zone d’activité",
        need="Trois hectares restent vides dans la zone d’activité. À qui les proposer, et avec quels services ?",
    )
    if case is not None:
        case.acknowledge("2026-11-19")
        case.qualify("2026-11-19 16:00")
        case.solicit("2026-11-20", "chambre-activite-67", question="Connaissez-vous des entreprises qui cherchent ?")


def chirongui(stage: Stage) -> None:
    mayor = stage.official("97606", "M. Soulé Jacquier")
    case = file(
        stage,
        "Q-chirongui",
        "2026-11-03 19:30",
        mayor,
        "97606",
        subject="eau",
        title="L’eau un jour sur trois",
        need="L’eau arrive un jour sur trois dans les hauts. Quelles réserves, où, et qui les gère ?",
    )
    if case is not None:
        case.ask_completion("2026-11-12", "La carte des réservoirs et les débits relevés cet été.")


def venaco(stage: Stage) -> None:
    mayor = stage.official("2B341", "M. Ors-Anton Lentisque")
    file(
        stage,
        "Q-venaco",
        "2026-11-02 22:10",
        mayor,
        "2B341",
        subject="risques",
        title="Protéger le village du feu",
        need="Le feu s’est arrêté à trois cents mètres du village. Par où commencer avant l’été ?",
    )


def serre_poncon(stage: Stage) -> None:
    president = stage.official("200067320", "M. Félicien Alisier-Blanc", "président")
    case = file(
        stage,
        "Q-serre-poncon",
        "2026-11-17 20:25",
        president,
        "200067320",
        subject="logement-aines-actifs",
        title="Loger les saisonniers du lac",
        need="Nos restaurants ne trouvent plus de saisonniers, faute de logements. Que peut faire l’intercommunalité ?",
        department="04",
    )
    if case is not None:
        with case.on("2026-11-18", case.instructor) as actor:
            triage.transfer(
                case.row,
                actor,
                department=Department.objects.get(code="05"),
                reason="La plus grande part de la communauté de communes est dans les Hautes-Alpes.",
            )


def lavelanet(stage: Stage) -> None:
    mayor = stage.official("09160", "Mme Victoire Garance")
    case = file(
        stage,
        "Q-lavelanet",
        "2025-09-16 20:15",
        mayor,
        "09160",
        subject="zone-activite",
        title="Un atelier partagé pour le textile",
        need="Quatre petites entreprises du textile cherchent un atelier à partager. La ville a une halle.",
        progress=Progress.TO_SPECIFY,
    )
    if case is None:
        return
    case.acknowledge("2025-09-19")
    case.qualify("2025-09-24")
    case.solicit("2025-09-24 15:00", "chambre-activite-09")
    case.answer("2025-10-02", "chambre-activite-09", text="Étude des besoins possible en octobre.")
    case.propose(
        "2025-10-06",
        "chambre-activite-09",
        text="La chambre étudie les besoins des quatre entreprises et l’aménagement de la halle.",
        price="Sans frais pour vous.",
    )
    case.accept("2025-10-14", mayor)
    officer = stage.engage("suivi-09", "M. Guilhem Pastel", Role.FOLLOW_UP_OFFICER, "suivi", department="09")
    case.designate("2025-10-16", officer)
    case.log("2026-02-12", officer, "Étude remise.", EntryKind.DELIVERABLE)
    case.propose_closing("2026-02-19", officer, "La halle accueille l’atelier partagé ; le bail est signé.")
    case.close("2026-02-24")


def simiane(stage: Stage) -> None:
    file(
        stage,
        "Q-simiane",
        "2026-11-12 11:00",
        stage.account("instructeur"),
        "04208",
        subject="centre-bourg",
        title="La traversée du village",
        need="Courrier du 10 novembre : la commune demande comment ralentir les voitures et refaire les trottoirs.",
        channel=Channel.LETTER,
    )
    stage.official("04208", "M. Basile Marjolaine")


def draft_of_mezel(stage: Stage) -> None:
    """A second project of Mézel, not sent: nobody but Mézel sees it."""
    mayor = stage.account("maire")
    at = moment("2026-11-18 22:05", ZoneInfo("Europe/Paris"))
    if not Draft.objects.filter(person=mayor.user).exists():
        with clock.at(at):
            actor = stage.actor(mayor)
            intake.start_draft(
                actor,
                answers={
                    "collectivity": "04121",
                    "subject": Subject.objects.get(code="urbanisme").code,
                    "need": "Le cimetière sera plein dans trois ans. Agrandir, ou ouvrir un second terrain ?",
                    "progress": "idea",
                },
            )
        Draft.objects.filter(person=mayor.user).update(collectivity=Collectivity.objects.get(code="04121"))


STORIES = {"D06": d06, "D12": d12, "D13": d13, "D14": d14}
QUEUE = (
    precheur, barreme, anjoutey, sarre_union, chirongui, venaco, serre_poncon, lavelanet, simiane, draft_of_mezel
)  # fmt: skip

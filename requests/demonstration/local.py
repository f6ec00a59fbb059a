"""Stories that end, or go on, by help found near home: D01, D04, D11, D15, D16, D18, D20."""

from accounts.models import Mandate
from common.actor import Role
from operators.models import Offer
from requests.demonstration.case import Case, file
from requests.demonstration.stage import Stage, moment
from requests.enums import Channel, EntryKind, Progress
from requests.services import followup, intake, national


def d01(stage: Stage) -> None:
    mayor, officer = stage.account("maire"), stage.account("suivi")
    case = file(
        stage,
        "D01",
        "2026-05-05 21:40",
        mayor,
        "04121",
        subject="commerce",
        title="Garder une épicerie-café au village",
        public_title="Reprise du dernier commerce",
        need=(
            "Notre épicerie-café ferme le 30 juin, c’est la dernière. La commune possède l’ancien presbytère en face. "
            "Que peut-on y faire, et qui le tiendrait ?"
        ),
        progress=Progress.IDEA,
        council="2026-06-12",
    )
    if case is None:
        return
    case.acknowledge("2026-05-11")
    case.qualify("2026-05-13", phase="framing", themes=("COM", "LOG"))
    case.solicit(
        "2026-05-13 14:10",
        "atd-batiment-04",
        "chambre-commerce-04",
        "caue-bourg-04",
        message="Dernier commerce du village, ancien presbytère communal en face : usage, exploitant, coût.",
        reason="Le conseil d’architecture peut éclairer l’usage du presbytère, bien que son offre vise autre chose.",
    )
    case.answer("2026-05-21", "chambre-commerce-04", text="Nous étudions la reprise et cherchons un exploitant.")
    case.answer(
        "2026-05-26",
        "atd-batiment-04",
        text="Accord pour l’assistance sur le bâtiment.",
        condition="si la commune adhère",
    )
    case.answer(
        "2026-05-27",
        "caue-bourg-04",
        accepted=False,
        reason="workload",
        text="Plan de charge plein jusqu’en octobre.",
    )
    case.propose(
        "2026-05-28",
        "atd-batiment-04",
        "chambre-commerce-04",
        text=(
            "Ingénierie et territoires 04 étudie l’usage du presbytère et son coût ; la chambre consulaire cherche "
            "qui pourrait tenir le commerce."
        ),
        price="Compris dans l’adhésion à Ingénierie et territoires 04 ; sans frais pour vous du côté de la chambre.",
        conditions="Adhésion votée par votre conseil : un projet de délibération est joint.",
        calendar="Première visite début juillet, esquisse en septembre.",
        council="2026-06-12",
    )
    case.accept("2026-06-15", mayor, note="Le conseil a voté l’adhésion le 12 juin.")
    case.designate("2026-06-17 10:12", officer)
    case.log("2026-07-02", officer, "Visite du presbytère avec la maire et la chambre.", EntryKind.VISIT)
    case.log("2026-09-10", officer, "Esquisse : épicerie au rez-de-chaussée, un logement à l’étage.", EntryKind.STEP)
    case.log("2026-10-15", officer, "Rapport remis : coût, calendrier, trois candidats.", EntryKind.DELIVERABLE)
    case.propose_closing(
        "2026-10-29",
        officer,
        "Le conseil sait quoi faire du presbytère et qui peut tenir le commerce. Le fonds pour les commerces ruraux "
        "peut être sollicité par ailleurs.",
        recommendations=("Consulter un architecte pour le rez-de-chaussée", "Signer avec l’exploitante retenue"),
    )
    case.close("2026-11-03")
    _survey(case, "2026-11-05", mayor, useful=True, quick=True)


def _survey(case: Case, date: str, by: Mandate, *, useful: bool, quick: bool) -> None:
    with case.on(date, by) as actor:
        followup.ask_due_surveys(at=moment(date, case.zone))
        followup.answer_survey(case.row.surveys.get(moment="closing"), actor, useful=useful, quick=quick)


def d04(stage: Stage) -> None:
    mayor = stage.official("43112", "Mme Agnès Myosotis")
    case = file(
        stage,
        "D04",
        "2026-06-02 20:50",
        mayor,
        "43112",
        subject="commerce",
        title="Douze vitrines vides rue du Commerce",
        need="Douze vitrines vides rue du Commerce, dont six au même propriétaire. Par où commencer ?",
        progress=Progress.TO_SPECIFY,
    )
    if case is None:
        return
    case.acknowledge("2026-06-05")
    case.qualify("2026-06-10", phase="framing")
    case.solicit("2026-06-11", "bdt-pvd", reason="Petite ville de demain : l’offre de l’opérateur répond directement.")
    case.answer("2026-06-16", "bdt-pvd", text="Mission possible dans le cadre du programme.")
    case.propose(
        "2026-06-18",
        "bdt-pvd",
        text="La Banque des Territoires finance un appui au management de votre projet de centre-ville.",
        price="Sans frais pour vous dans le cadre du programme Petites villes de demain.",
        calendar="Offre valable jusqu’au 31 décembre 2026.",
    )
    case.accept("2026-06-30", mayor)
    leader = stage.engage(
        "pvd-43112",
        "M. Loïc Noisetier",
        Role.PROJECT_LEADER,
        "chef de projet Petites villes de demain",
        department="43",
    )
    case.designate("2026-07-02", leader)
    case.log("2026-09-18", leader, "Relevé des locaux fait avec la commerçante référente.", EntryKind.STEP)


def d11(stage: Stage) -> None:
    mayor = stage.official("97421", "M. Yvon Tamaya")
    case = file(
        stage,
        "D11",
        "2026-03-31 20:15",
        mayor,
        "97421",
        subject="tourisme",
        title="Six cases créoles vides sur le sentier",
        need="Six cases créoles communales vides sur le sentier. En faire des gîtes, ou les louer à l’année ?",
    )
    if case is None:
        return
    case.acknowledge("2026-04-03")
    case.qualify("2026-04-08", phase="framing")
    case.solicit("2026-04-08 15:00", "caue-hauts-974")
    case.answer("2026-04-14", "caue-hauts-974", text="Nous pouvons visiter les six cases en mai.")
    case.propose(
        "2026-04-16",
        "caue-hauts-974",
        text="Le conseil d’architecture visite les six cases et propose un usage pour chacune.",
        price="Sans frais pour vous.",
    )
    case.accept("2026-04-28", mayor)
    officer = stage.engage(
        "suivi-974", "Mme Julie Vacoa", Role.FOLLOW_UP_OFFICER, "suivi des projets", department="974"
    )
    case.designate("2026-04-30", officer)
    case.log("2026-06-11", officer, "Visite des six cases.", EntryKind.VISIT)
    case.log("2026-11-10", officer, "Rapport remis au conseil municipal.", EntryKind.DELIVERABLE)
    case.propose_closing(
        "2026-11-10 16:00",
        officer,
        "Quatre cases en gîtes, deux en location à l’année : rapport remis.",
        recommendations=("Chiffrer la remise en état des quatre gîtes",),
    )


def d15(stage: Stage) -> None:
    mayor = stage.official("71176", "M. André Lierre", ends_on=None)
    case = file(
        stage,
        "D15",
        "2025-02-04 21:05",
        mayor,
        "71176",
        subject="commerce",
        title="Le marché couvert perd ses étals",
        need="Le marché couvert perd ses étals et les boutiques autour ferment. Que faire du bâtiment et de la place ?",
    )
    if case is None:
        return
    case.acknowledge("2025-02-07")
    case.qualify("2025-02-12")
    case.solicit("2025-02-14", "atd-voirie-71", reason="Seul prestataire connu du catalogue à cette date.")
    case.answer(
        "2025-02-27",
        "atd-voirie-71",
        accepted=False,
        reason="out_of_mission",
        text="Le commerce de centre-ville sort de cette offre.",
    )
    case.refer(
        "2025-03-25",
        prepared="2025-03-18",
        motives={
            "insufficient_resources": (
                "L’agence technique répond que le commerce de centre-ville sort de l’offre que le catalogue lui "
                "connaît, et la chambre n’en publie pas. La commune n’a pas d’agent pour "
                "conduire cette étude et les bâtiments à reprendre sont nombreux autour de la place du marché."
            )
        },
        service="Étude de programmation commerciale du marché couvert",
        cost=18000,
    )
    case.take_up("2025-03-31")
    with case.on("2025-04-08", stage.account("anct")) as actor:
        national.send_back(
            case.row,
            actor,
            offer=Offer.objects.get(code="atd-commerce-71"),
            text="Offre de l’agence technique départementale, ouverte le 1er mars.",
        )
    case.solicit("2025-04-09", "atd-commerce-71")
    case.answer("2025-04-17", "atd-commerce-71", text="Mission possible dès juin.")
    case.propose(
        "2025-04-22",
        "atd-commerce-71",
        text="L’agence technique départementale étudie le marché couvert et ses abords.",
        price="Compris dans l’adhésion.",
    )
    case.accept("2025-05-06", mayor)
    officer = stage.engage("suivi-71", "M. Éric Saule-Marsault", Role.FOLLOW_UP_OFFICER, "suivi", department="71")
    case.designate("2025-05-13", officer)
    case.log("2025-10-02", officer, "Scénario retenu par le conseil.", EntryKind.STEP)
    case.propose_closing("2026-01-16", officer, "Le conseil a choisi un scénario et lancé la consultation.")
    case.close("2026-01-20")


def d16(stage: Stage) -> None:
    sub_prefect, leader = stage.account("sousprefet"), stage.account("chefprojet")
    mayor = stage.official("04134", "Mme Solange Lavande")
    case = file(
        stage,
        "D16",
        "2026-09-17 16:30",
        sub_prefect,
        "04134",
        subject="petite-enfance",
        title="Une maison d’assistantes maternelles",
        need="Deux assistantes maternelles arrêtent en juin. La mairie a un logement libre : une maison commune ?",
        channel=Channel.VISIT,
    )
    if case is None:
        return
    with case.on("2026-09-22", mayor) as actor:
        intake.confirm_filing(case.row, actor)
    case.acknowledge("2026-09-24")
    case.qualify("2026-10-01")
    case.solicit("2026-10-01 15:00", "atd-batiment-04")
    case.answer("2026-10-14", "atd-batiment-04", text="Accord, visite possible en novembre.")
    case.propose(
        "2026-10-20",
        "atd-batiment-04",
        text="Ingénierie et territoires 04 étudie le logement communal et les règles d’accueil des enfants.",
        price="Compris dans l’adhésion.",
    )
    case.accept("2026-10-30", mayor)
    case.designate("2026-11-04", leader)
    case.log("2026-11-13", leader, "Visite du logement avec les deux assistantes maternelles.", EntryKind.VISIT)


def d18(stage: Stage) -> None:
    mayor = stage.official("15117", "M. Fernand Gentiane")
    case = file(
        stage,
        "D18",
        "2026-01-13 20:30",
        mayor,
        "15117",
        subject="outils-numeriques",
        title="Quatre logiciels, trois mots de passe perdus",
        need=(
            "Quatre logiciels, trois mots de passe perdus, une secrétaire générale de mairie vingt heures par semaine. "
            "Comment simplifier ?"
        ),
    )
    if case is None:
        return
    case.acknowledge("2026-01-16")
    case.qualify("2026-01-20", phase="emergence")
    case.solicit("2026-01-20 15:00", "agence-incubateur", reason="Aucune offre locale sur ce sujet.")
    case.answer("2026-01-26", "agence-incubateur", text="Diagnostic possible en mars.")
    case.propose(
        "2026-01-27",
        "agence-incubateur",
        text="L’Incubateur des territoires fait le diagnostic des outils de la mairie et recommande la suite.",
        price="Pris en charge par l’Agence.",
    )
    case.accept("2026-02-03", mayor)
    officer = stage.engage(
        "suivi-15", "Mme Lucie Genêt-des-Teinturiers", Role.FOLLOW_UP_OFFICER, "suivi", department="15"
    )
    case.designate("2026-02-05", officer)
    case.log("2026-03-31", officer, "Diagnostic fait en mairie.", EntryKind.VISIT)
    case.log("2026-05-12", officer, "Cinq recommandations remises.", EntryKind.DELIVERABLE)
    case.propose_closing(
        "2026-05-28",
        officer,
        "Cinq recommandations remises et expliquées.",
        recommendations=(
            "Un seul gestionnaire de mots de passe",
            "Sauvegarde quotidienne hors de la mairie",
            "Deux logiciels au lieu de quatre",
            "Une adresse de messagerie par fonction",
            "Une demi-journée de formation",
        ),
    )
    case.close("2026-06-02")


def d20(stage: Stage) -> None:
    mayor = stage.official("29155", "Mme Enora Bruyère-Cendrée")
    case = file(
        stage,
        "D20",
        "2025-02-18 21:20",
        mayor,
        "29155",
        subject="logement-aines-actifs",
        title="Loger à l’année deux familles",
        need="Deux familles partent parce qu’on ne trouve rien hors saison. Une maison est à vendre au bourg.",
    )
    if case is None:
        return
    case.acknowledge("2025-02-21")
    case.qualify("2025-02-26")
    case.solicit("2025-02-26 15:00", "epf-portage-29", "adil-logement-29")
    case.answer("2025-03-11", "epf-portage-29", text="Portage possible après avis de notre conseil.")
    case.answer("2025-03-13", "adil-logement-29", text="Appui sur le montage et les règles de location.")
    case.propose(
        "2025-03-25",
        "epf-portage-29",
        "adil-logement-29",
        text="L’établissement foncier achète et porte la maison ; l’agence du logement aide au montage.",
        price="Portage par convention ; conseil sans frais pour vous.",
    )
    case.accept("2025-04-08", mayor)
    officer = stage.engage("suivi-29", "M. Ronan Ajonc-Nain", Role.FOLLOW_UP_OFFICER, "suivi", department="29")
    case.designate("2025-04-10", officer)
    case.log("2025-09-25", officer, "Compromis signé.", EntryKind.STEP)
    case.propose_closing("2025-12-11", officer, "Compromis signé, montage prêt : la commune peut louer à l’année.")
    case.close("2025-12-16")
    with case.on("2026-06-09", case.deputy) as actor:
        followup.reopen(case.row, actor, reason="Le vendeur s’est retiré.")


STORIES = {"D01": d01, "D04": d04, "D11": d11, "D15": d15, "D16": d16, "D18": d18, "D20": d20}

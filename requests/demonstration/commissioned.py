"""Stories that the agency answers by its market or a service of its own: D05, D10, D17, D19."""

import datetime as dt

from operators.models import Provider
from requests.demonstration.case import file
from requests.demonstration.stage import Stage
from requests.enums import EntryKind, Progress
from requests.services import followup, national


def d05(stage: Stage) -> None:
    mayor = stage.official("38061", "M. Bruno Frênaie", starts_on=dt.date(2026, 3, 22))
    case = file(
        stage,
        "D05",
        "2026-04-14 20:20",
        mayor,
        "38061",
        subject="ecole",
        title="Regrouper l’école, la cantine et le gymnase",
        need="École, cantine et gymnase sont sur trois sites. Faut-il regrouper, et où ?",
        progress=Progress.TO_SPECIFY,
    )
    if case is None:
        return
    case.acknowledge("2026-04-17")
    case.ask_completion("2026-04-20", "Le plan des parcelles communales autour des trois sites.")
    case.complete("2026-04-29", mayor, "Le plan des parcelles est joint.")
    case.qualify("2026-04-30", phase="programming", themes=("JES", "LOG", "TER"), signs=("legal_setup",))
    case.solicit("2026-05-04", "caue-ecole-38", reason="À solliciter pour un premier avis.")
    case.answer(
        "2026-05-20",
        "caue-ecole-38",
        accepted=False,
        reason="partial",
        text="Deux jours de conseil possibles, pas la programmation.",
    )
    case.refer(
        "2026-06-09",
        prepared="2026-05-28",
        motives={
            "complexity": (
                "Trois sites, trois propriétaires, un plan local d’urbanisme intercommunal en révision et une école à "
                "tenir ouverte pendant les travaux : la programmation demande des compétences d’urbanisme, de bâtiment "
                "et de finances que ni la commune ni les offres du département ne réunissent."
            )
        },
        service="Programmation du regroupement scolaire",
        cost=38400,
        proposed="market",
        outside="La programmation exige une équipe pluridisciplinaire qu’aucun opérateur ne propose.",
    )
    case.take_up("2026-06-12")
    case.market(
        "2026-07-07",
        amount=38400,
        share=60,
        days=40,
        outside="La programmation exige une équipe pluridisciplinaire qu’aucun opérateur ne propose.",
        mission="Programmation du regroupement : trois scénarios, un coût, un calendrier.",
        deliberated="2026-07-10",
        prefect="2026-07-21",
        body="2026-07-23",
        by=mayor,
        committed="2026-07-31",
        starts="2026-09-14",
    )
    case.log(
        "2026-09-14 16:00", case.instructor, "Réunion de lancement ; rapport attendu le 29 janvier 2027.", "meeting"
    )


def d10(stage: Stage) -> None:
    former = stage.official("97353", "M. Joseph Wapa", ends_on=dt.date(2026, 3, 22))
    mayor = stage.official("97353", "Mme Line Comou", suffix="2", starts_on=dt.date(2026, 3, 22))
    case = file(
        stage,
        "D10",
        "2025-05-27 21:10",
        former,
        "97353",
        subject="france-services",
        title="Un point d’accueil par pirogue",
        need=(
            "Pour un rendez-vous à la préfecture, c’est l’avion. Un point d’accueil par pirogue est-il possible dans "
            "les écarts ?"
        ),
    )
    if case is None:
        return
    case.acknowledge("2025-06-06")
    case.qualify("2025-06-17", phase="feasibility")
    outside = "Aucun prestataire ni opérateur n’est présent sur le fleuve."
    case.refer(
        "2025-07-08",
        prepared="2025-06-24",
        motives={
            "insufficient_resources": (
                "Le catalogue de la Guyane ne compte aucun prestataire sur l’accès aux droits pour ce territoire : le "
                "certificat est joint. La commune, sans route, n’a pas d’agent pour conduire l’étude, et les écarts du "
                "fleuve ne sont desservis que par pirogue, selon des saisons à connaître pour bâtir un service."
            )
        },
        service="Étude de faisabilité d’un point d’accueil itinérant",
        cost=32000,
        proposed="market",
        outside=outside,
    )
    case.take_up("2025-07-16")
    case.market(
        "2025-08-19",
        amount=32000,
        share=100,
        days=35,
        outside=outside,
        mission="Faisabilité d’un point d’accueil itinérant sur le fleuve.",
        deliberated="2025-08-28",
        prefect="2025-09-09",
        body="2025-09-16",
        by=former,
        committed="2025-09-30",
        starts="2025-10-06",
    )
    with case.on("2025-10-20", case.instructor) as actor:
        followup.suspend(
            case.row,
            actor,
            reason="Étiage du Maroni : les écarts sont inaccessibles.",
            expected_until=dt.date(2026, 1, 12),
        )
    with case.on("2026-01-12", case.instructor) as actor:
        followup.resume(case.row, actor, note="Le fleuve est de nouveau navigable.")
    case.log("2026-05-12", case.instructor, "Rapport remis : trois recommandations.", EntryKind.DELIVERABLE)
    case.propose_closing(
        "2026-05-20",
        case.instructor,
        "Trois recommandations remises à la nouvelle équipe municipale.",
        recommendations=(
            "Une tournée mensuelle en pirogue",
            "Un agent formé dans chaque écart",
            "Un local à Maripasoula pour l’arrière-saison",
        ),
    )
    case.close("2026-05-26")
    case.note("2026-05-27", mayor, "Merci : nous présentons le rapport au conseil de juin.", "public")


def d17(stage: Stage) -> None:
    president = stage.official("200006930", "Mme Odette Genévrière", "présidente", starts_on=dt.date(2026, 4, 10))
    case = file(
        stage,
        "D17",
        "2026-06-16 20:35",
        president,
        "200006930",
        subject="projet-territoire",
        title="Un projet pour six ans",
        need="Nouvelle équipe, dix communes, un agent. Il nous faut un projet pour six ans.",
    )
    if case is None:
        return
    case.acknowledge("2026-06-19")
    case.qualify("2026-06-30", competence="grouping", phase="emergence")
    outside = "Le département n’a pas d’offre, et aucun opérateur ne conduit de projet de territoire à cette échelle."
    case.refer(
        "2026-09-08",
        prepared="2026-08-25",
        motives={
            "insufficient_resources": (
                "Le catalogue de la Lozère ne compte aucune offre sur le projet de territoire. La communauté de "
                "communes n’a qu’un agent, déjà chargé du budget et des écoles. Les services de l’État peuvent relire "
                "un projet, pas l’écrire avec dix communes nouvellement élues, pendant les six mois que cela demande."
            )
        },
        service="Élaboration du projet de territoire",
        cost=24600,
        proposed="market",
        outside=outside,
    )
    case.take_up("2026-09-11")
    case.market(
        "2026-10-09",
        amount=24600,
        share=100,
        days=28,
        outside=outside,
        mission="Projet de territoire avec les dix communes : diagnostic partagé, axes, actions.",
        deliberated="2026-10-22",
        prefect="2026-11-03",
        body="2026-11-10",
        by=president,
    )


def d19(stage: Stage) -> None:
    mayor = stage.official("23030", "M. Urbain Houx-Fragon")
    case = file(
        stage,
        "D19",
        "2025-01-21 21:30",
        mayor,
        "23030",
        subject="commerce",
        title="Trois rez-de-chaussée murés sur la place",
        need="Trois rez-de-chaussée murés sur la place, aucun investisseur. Qui peut porter les travaux ?",
        progress=Progress.STUDIES,
    )
    if case is None:
        return
    case.acknowledge("2025-01-24")
    case.qualify("2025-01-30", phase="feasibility")
    case.refer(
        "2025-03-11",
        prepared="2025-02-25",
        motives={
            "fragility": (
                "La commune est classée en zone France ruralités revitalisation renforcée et perd ses commerces depuis "
                "dix ans. Aucun investisseur ne s’est présenté après deux consultations, et la ville ne peut pas "
                "emprunter assez pour porter seule l’îlot, que le pacte territorial de la Creuse retient pourtant."
            )
        },
        service="Maîtrise d’ouvrage de la restructuration de l’îlot",
        proposed="agency_service",
    )
    case.take_up("2025-03-14")
    with case.on("2025-05-06", stage.account("anct")) as actor:
        national.assign_service(
            case.row,
            actor,
            service=Provider.objects.get(code="immobilier-commercial"),
            text="L’Agence étudie l’îlot comme maître d’ouvrage.",
        )
    steps = (
        ("2025-05-20", "Visite de l’îlot avec le maire."),
        ("2025-06-12", "Relevé des trois rez-de-chaussée."),
        ("2025-07-03", "Accord de principe des deux propriétaires."),
        ("2025-09-11", "Étude de marché lancée."),
        ("2025-10-16", "Étude de marché remise : une boulangerie, un cabinet partagé."),
        ("2025-11-20", "Réunion publique."),
        ("2025-12-11", "Esquisses présentées au conseil."),
        ("2026-01-15", "Estimation du service des domaines reçue."),
        ("2026-02-05", "Compromis signé sur le premier local."),
        ("2026-03-05", "Compromis signé sur le deuxième local."),
        ("2026-04-16", "Rencontre avec la nouvelle équipe."),
        ("2026-05-07", "Permis déposé."),
        ("2026-06-04", "Consultation des entreprises."),
        ("2026-07-09", "Permis accordé."),
        ("2026-08-27", "Marché de travaux attribué."),
        ("2026-09-17", "Ouverture du chantier."),
        ("2026-10-15", "Premier local : gros œuvre fini."),
        ("2026-11-12", "Bail signé avec la boulangère."),
    )
    for date, text in steps:
        case.log(date, stage.account("anct"), text)


STORIES = {"D05": d05, "D10": d10, "D17": d17, "D19": d19}

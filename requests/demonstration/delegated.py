"""Stories that the agency entrusts to an operator: D02, D03, D07, D08, D09."""

from common.actor import Role
from requests.demonstration.case import file
from requests.demonstration.stage import Stage
from requests.enums import EntryKind, Progress
from requests.services import triage
from territories.enums import CollectivityKind
from territories.models import Collectivity, CollectivityDepartment
from territories.services import graph


def d02(stage: Stage) -> None:
    president = stage.official("200069060", "M. Étienne Osier", "président")
    case = file(
        stage,
        "D02",
        "2025-06-17 20:40",
        president,
        "200069060",
        subject="risques",
        title="Penser les crues à l’échelle du bassin",
        need=(
            "Trois crues en deux ans dans la vallée. Chaque village fait ses travaux, "
            "personne ne voit le bassin entier."
        ),
        progress=Progress.TO_SPECIFY,
    )
    if case is None:
        return
    case.acknowledge("2025-06-20")
    commune = file(
        stage,
        "D02-Giromagny",
        "2025-06-24 21:10",
        stage.account("maire2"),
        "90052",
        subject="risques",
        title="La rivière déborde à chaque orage",
        need="La Savoureuse déborde à chaque orage sur le bas du bourg. Faut-il curer, élargir, ou autre chose ?",
    )
    if commune is not None:
        with commune.on("2025-06-26", commune.instructor) as actor:
            triage.attach(
                commune.row,
                actor,
                host=case.row,
                reason="La prévention des inondations relève de la communauté de communes depuis 2018.",
            )
    case.qualify("2025-06-27", competence="grouping", phase="framing", signs=("risks",))
    case.solicit("2025-06-30", "urbanisme-risques-90")
    case.answer(
        "2025-07-18",
        "urbanisme-risques-90",
        accepted=False,
        reason="partial",
        text="Nous pouvons décrire le risque sur une partie de la vallée, pas conduire l’étude du bassin.",
    )
    case.refer(
        "2025-09-15",
        prepared="2025-09-01",
        motives={
            "complexity": (
                "L’étude porte sur un bassin de vingt-deux communes, avec des ouvrages privés, deux syndicats et des "
                "travaux déjà engagés village par village. Elle croise hydrologie, urbanisme et gouvernance : aucune "
                "équipe du département ne réunit ces compétences. L’agence d’urbanisme n’en couvre qu’une partie."
            )
        },
        service="Étude hydraulique et schéma d’aménagement du bassin",
        cost=42000,
        opinion="2025-09-09",
        opinion_text="Sujet prioritaire des orientations départementales.",
    )
    case.take_up("2025-09-18")
    case.delegate("2025-10-06", "cerema", "Étude du bassin et schéma d’aménagement partagé, en douze mois.")
    case.operator("2025-10-15", "cerema", starts="2025-11-03", text="Équipe constituée, démarrage le 3 novembre.")
    case.start("2025-11-03", "cerema")
    officer = stage.account("cerema")
    case.log("2026-09-24", officer, "Rapport remis : trois scénarios, un schéma.", EntryKind.DELIVERABLE)
    case.propose_closing(
        "2026-10-06",
        officer,
        "Schéma du bassin remis et présenté aux vingt-deux communes.",
        recommendations=("Créer deux zones d’expansion de crue", "Installer trois échelles de mesure"),
    )
    case.close("2026-10-12")


def d03(stage: Stage) -> None:
    president = stage.official("200070332", "Mme Céline Coudrier", "présidente")
    body = Collectivity.objects.get(code="200070332")
    held = body.population, body.population_vintage
    # the population in force in 2025: the file freezes it, and the new one changes the side of the threshold
    Collectivity.objects.filter(pk=body.pk).update(population=15054, population_vintage=2022)
    try:
        case = file(
            stage,
            "D03",
            "2025-10-14 21:00",
            president,
            "200070332",
            subject="logements-vacants",
            title="Trop de maisons vides dans nos bourgs",
            need=(
                "Trop de maisons vides dans nos bourgs. Les propriétaires sont de deux départements, les aides aussi."
            ),
            progress=Progress.TO_SPECIFY,
            department="52",
        )
        if case is None:
            return
        case.acknowledge("2025-10-17")
        case.qualify("2025-10-23", competence="grouping", phase="framing", themes=("LOG",))
        case.solicit("2025-10-23 15:00", "atd-batiment-70", reason="Son offre touche au logement : il faut sa réponse.")
        case.answer(
            "2025-11-06",
            "atd-batiment-70",
            accepted=False,
            reason="out_of_mission",
            text="Nous suivons des bâtiments publics, pas l’habitat privé.",
        )
        case.refer(
            "2025-12-04",
            prepared="2025-11-20",
            motives={
                "insufficient_resources": (
                    "Le catalogue de la Haute-Marne et celui de la Haute-Saône, consultés ensemble, ne comptent aucune "
                    "offre sur les logements vacants. L’intercommunalité n’a qu’un agent pour l’habitat, et soixante-"
                    "trois communes de deux départements et de deux régions à accompagner."
                )
            },
            service="Préparation d’une opération programmée d’amélioration de l’habitat",
            cost=36000,
        )
    finally:
        Collectivity.objects.filter(pk=body.pk).update(population=held[0], population_vintage=held[1])
    case.take_up("2025-12-09")
    case.delegate("2026-01-14", "anah", "Étude pré-opérationnelle sur les deux départements.")
    case.operator("2026-01-23", "anah", starts="2026-02-16", text="Les deux délégations locales sont saisies.")
    case.start("2026-02-16", "anah")
    case.log("2026-06-18", stage.account("anah"), "Repérage terrain : 412 logements vacants vus.", EntryKind.STEP)


def d07(stage: Stage) -> None:
    petr = _petr_lauragais()
    president = stage.engage(
        "elu-petr-lauragais", "M. Gaston Micocoulis", Role.OFFICIAL, "président", collectivity=petr
    )
    case = file(
        stage,
        "D07",
        "2025-09-02 20:45",
        president,
        petr.code,
        subject="energie",
        title="Vingt petites chaufferies bois",
        need="Vingt petites chaufferies bois possibles, aucune assez grande pour un dossier. Comment les regrouper ?",
        progress=Progress.TO_SPECIFY,
    )
    if case is None:
        return
    case.acknowledge("2025-09-09")
    case.qualify("2025-09-16", competence="syndicate", phase="framing")
    case.solicit(
        "2025-09-17",
        "sde-energie-31",
        "sde-energie-11",
        reason="Leur offre vise les communes ; il faut leur réponse pour un groupement.",
    )
    case.answer("2025-09-30", "sde-energie-31", accepted=False, reason="out_of_mission", text="Hors de nos missions.")
    case.answer("2025-10-03", "sde-energie-11", accepted=False, reason="out_of_mission", text="Hors de nos missions.")
    case.refer(
        "2025-10-21",
        prepared="2025-10-08",
        motives={
            "insufficient_resources": (
                "Les deux syndicats d’énergie sollicités répondent que le regroupement de chaufferies d’un pôle "
                "territorial sort de leurs missions, qui visent les communes une à une. Aucun autre prestataire des "
                "trois départements n’a d’offre sur ce sujet ; le pôle n’a pas de technicien de l’énergie."
            ),
            "complexity": (
                "Vingt sites dans trois départements, des propriétaires publics différents, une ressource en bois à "
                "partager et un seuil d’aide qui ne s’atteint qu’ensemble : il faut un montage juridique et technique "
                "commun, que personne ne porte aujourd’hui sur le territoire, et une même personne pour le conduire."
            ),
        },
        service="Étude d’un contrat d’objectif de chaleur renouvelable",
        cost=30000,
    )
    case.take_up("2025-10-24")
    case.delegate("2025-11-12", "ademe", "Étude de préfiguration d’un contrat d’objectif territorial.")
    case.operator("2025-11-25", "ademe", text="Direction régionale saisie, première réunion en décembre.")
    case.log("2026-05-20", stage.account("ademe"), "Onze sites retenus dans le premier groupe.", EntryKind.STEP)


def _petr_lauragais() -> Collectivity:
    """A body made by staff, since the official files hold none: its SIREN is fictitious and marked so."""
    petr, created = Collectivity.objects.get_or_create(
        code="999000017",
        defaults={
            "kind": CollectivityKind.PETR,
            "name": "PETR du Pays Lauragais",
            "siren": "999000017",
            "legal_form": "Pôle d’équilibre territorial et rural",
            "population": 108521,
            "population_vintage": 2023,
            "population_column": "population",
            "department_id": "31",
            "fictitious": True,
        },
    )
    if created:
        for code in ("31", "11", "81"):
            CollectivityDepartment.objects.create(collectivity=petr, department_id=code, is_lead=code == "31")
        names = ("CC des Terres du Lauragais", "CC Castelnaudary Lauragais Audois", "CC Piège Lauragais Malepère")
        for member in Collectivity.objects.filter(kind=CollectivityKind.EPCI, name__in=names):
            graph.join(member, petr)
    return petr


def d08(stage: Stage) -> None:
    mayor = stage.official("12089", "M. Régis Bouleau-Verruqueux")
    case = file(
        stage,
        "D08",
        "2025-04-15 20:55",
        mayor,
        "12089",
        subject="friche",
        title="L’ancien atelier coupe la ville en deux",
        need="L’ancien atelier coupe la ville en deux. Trois repreneurs sont partis à cause du sol.",
        progress=Progress.STUDIES,
    )
    if case is None:
        return
    case.acknowledge("2025-04-18")
    case.qualify("2025-04-24", phase="feasibility", signs=("polluted_land",))
    case.refer(
        "2025-06-03",
        prepared="2025-05-20",
        motives={
            "fragility": (
                "La commune est classée en zone France ruralités revitalisation renforcée. Le taux de chômage de la "
                "zone d’emploi atteint 7,0 % et le revenu médian 19 440 euros. La ville perd des habitants et ne peut "
                "porter seule l’étude du sol, dont le coût a déjà fait renoncer trois repreneurs de l’atelier."
            )
        },
        service="Étude préalable à la dépollution et scénarios d’usage",
        cost=45000,
    )
    case.take_up("2025-06-06")
    case.delegate("2025-06-20", "ademe", "Étude préalable à la dépollution de l’ancien atelier.")
    case.operator(
        "2025-07-07",
        "ademe",
        accepted=False,
        reason="calendar",
        text=("La prochaine relève de l’appel à projets n’ouvre qu’en février ; l’étude préalable ne peut attendre."),
        public_answer="L’Ademe ne peut pas intervenir avant février ; l’Agence cherche un autre opérateur.",
    )
    case.delegate("2025-07-21", "cerema", "Première expertise du site et conduite des sondages.")
    case.operator("2025-08-01", "cerema", starts="2025-09-15", text="Équipe friches disponible en septembre.")
    case.start("2025-09-15", "cerema")
    officer = stage.account("cerema")
    case.log("2026-05-28", officer, "Rapport remis ; un sondage n’a pas pu être fait.", EntryKind.DELIVERABLE)
    case.propose_closing(
        "2026-06-04",
        officer,
        "Étude remise ; le propriétaire a refusé un sondage.",
        "partial",
        recommendations=("Obtenir l’accord du propriétaire pour le dernier sondage",),
    )
    case.close("2026-06-09")


def d09(stage: Stage) -> None:
    mayor = stage.official("08409", "Mme Irma Charmoie")
    case = file(
        stage,
        "D09",
        "2025-11-18 21:15",
        mayor,
        "08409",
        subject="participation",
        title="Associer les habitants au projet du centre commercial",
        need=(
            "Le centre commercial du quartier va changer. Comment associer les habitants pour de bon, et pas une fois "
            "de plus ?"
        ),
        progress=Progress.TO_SPECIFY,
    )
    if case is None:
        return
    case.acknowledge("2025-11-24")
    case.qualify("2025-12-02", phase="framing", themes=("PAR", "COM", "LOG"))
    case.solicit("2025-12-03", "chambre-commerce-08", reason="Le commerce est une part du sujet : il faut sa réponse.")
    case.answer(
        "2025-12-15",
        "chambre-commerce-08",
        accepted=False,
        reason="partial",
        text="Nous pouvons rencontrer les commerçants, pas conduire la concertation.",
    )
    case.refer(
        "2026-01-20",
        prepared="2026-01-06",
        motives={
            "complexity": (
                "Le projet touche à la fois au commerce, au logement et à l’espace public d’un quartier prioritaire, "
                "avec un bailleur, un exploitant privé et deux associations d’habitants. La concertation engage le "
                "pacte territorial des Ardennes : elle demande une expertise que le département ne réunit pas."
            )
        },
        service="Méthode et conduite d’une concertation de quartier",
    )
    case.take_up("2026-01-23")
    case.delegate("2026-02-10", "anru", "Expertise de la concertation et appui à sa conduite.")
    case.operator("2026-02-19", "anru", starts="2026-03-30", text="Démarrage après les élections municipales.")
    case.start("2026-03-30", "anru")
    case.log("2026-06-25", stage.account("anru"), "Premier atelier : soixante habitants.", EntryKind.MEETING)


STORIES = {"D02": d02, "D03": d03, "D07": d07, "D08": d08, "D09": d09}

"""The desk of every department and overseas collectivity, as long as nobody described the real one."""

from django.db import transaction

from territories.enums import AreaKind
from territories.models import Collectivity, Department, Desk
from territories.models.desk import GENERIC_LABEL

#: Labels under which communes know their desk, when it has a name of its own.
LABELS = {"04": "Guichet unique projets complexes"}

_DDT = ("Direction départementale des territoires", "DDT")
_DDTM = ("Direction départementale des territoires et de la mer", "DDTM")
_DEAL = ("Direction de l’environnement, de l’aménagement et du logement", "DEAL")
_UD_DRIEAT = (
    "Unité départementale de la direction régionale de l’environnement, de l’aménagement et des transports",
    "UD-DRIEAT",
)
#: The Eure by the estuary of the Seine.
_COASTAL = "06 11 13 14 17 2A 2B 22 27 29 30 33 34 35 40 44 50 56 59 62 64 66 76 80 83 85"
#: State service that keeps the desk, by department; elsewhere the DDT (PRACTICE 2.4: never said in a template).
SERVICES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_COASTAL.split(), _DDTM),
    **dict.fromkeys(("75", "92", "93", "94"), _UD_DRIEAT),
    **dict.fromkeys(("971", "972", "974"), _DEAL),
    "973": ("Direction générale des territoires et de la mer", "DGTM"),
    "975": ("Direction des territoires, de l’alimentation et de la mer", "DTAM"),
    "976": ("Direction de l’environnement, de l’aménagement, du logement et de la mer", "DEALM"),
}

#: Numbers that the numbering plan (Arcep) keeps for fiction, by geographic zone.
_FICTION = {"01": "0199 00", "02": "0261 91", "03": "0353 01", "04": "0465 71", "05": "0536 49", "": "0639 98"}
_REGIONS_OF_ZONE = {"01": "11", "02": "24 28 52 53", "03": "27 32 44", "04": "84 93 94", "05": "75 76"}
_ZONE_OF_REGION = {region: zone for zone, regions in _REGIONS_OF_ZONE.items() for region in regions.split()}
_ZONE_OF_DEPARTMENT = dict.fromkeys(("11", "30", "34", "48", "66"), "04")  # the east of Occitanie

_HOURS = "Du lundi au vendredi, de 9\u00a0h à 12\u00a0h et de 14\u00a0h à 16\u00a0h\u00a030"
_OVERSEAS_HOURS = "Du lundi au vendredi, de 7\u00a0h\u00a030 à 12\u00a0h\u00a030"


def service_of(department: Department) -> tuple[str, str]:
    """Name in full and acronym; of an overseas collectivity, the State's representative unless a service is known."""
    if department.code in SERVICES:
        return SERVICES[department.code]
    if department.kind == AreaKind.OVERSEAS_COLLECTIVITY:
        return department.prefecture_name, ""
    return _DDT


def fictional_telephone(department: Department, rank: int) -> str:
    zone = _ZONE_OF_DEPARTMENT.get(department.code) or _ZONE_OF_REGION.get(department.region_id or "", "")
    return f"{_FICTION[zone].replace(' ', '')}{rank:04d}"


@transaction.atomic
def open_missing_desks() -> int:
    """Creates the desk of each area that has none, with contact details that are marked as examples; returns how many.

    An existing desk is never touched: its agents know better.
    """
    areas = list(Department.objects.filter(is_current=True).order_by("code"))
    missing = set(Department.objects.filter(desk=None).values_list("code", flat=True))
    chief_towns = Collectivity.objects.filter(insee_code__in=[area.chief_town_code for area in areas])
    towns = dict(chief_towns.values_list("insee_code", "postal_codes"))
    desks = []
    for rank, area in enumerate(areas, 1):
        if area.code not in missing:
            continue
        name, acronym = service_of(area)
        postal_codes = towns.get(area.chief_town_code) or [""]
        desks.append(
            Desk(
                department=area,
                label=LABELS.get(area.code, GENERIC_LABEL),
                service_name=name,
                service_acronym=acronym,
                address=f"{area.prefecture_name}\n{postal_codes[0]} {area.chief_town}".replace("\n ", "\n"),
                telephone=fictional_telephone(area, rank),
                email=f"guichet-{area.code.lower()}@demo.example",
                opening_hours=_HOURS if area.zone == "metro" else _OVERSEAS_HOURS,
                illustrative=True,
            )
        )
    return len(Desk.objects.bulk_create(desks))

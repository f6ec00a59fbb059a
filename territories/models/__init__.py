"""The territories: areas, collectivities and their membership graph, facts about them, and the State's desks."""

from territories.models.areas import Arrondissement, Department, Region
from territories.models.collectivity import Collectivity, CollectivityDepartment, FormerCode
from territories.models.desk import Desk, DeskClosing
from territories.models.load import ReferenceLoad
from territories.models.membership import FlatMembership, Membership
from territories.models.zoning import Zoning, ZoningValue

__all__ = [
    "Arrondissement",
    "Collectivity",
    "CollectivityDepartment",
    "Department",
    "Desk",
    "DeskClosing",
    "FlatMembership",
    "FormerCode",
    "Membership",
    "ReferenceLoad",
    "Region",
    "Zoning",
    "ZoningValue",
]

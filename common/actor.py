"""The one value on whose behalf anything is done: who, under which mandate, where, and on which day.

Built only by ``accounts`` (``accounts.actors``); every permission, list and service takes it. It holds plain values,
so a permission can be tested without a database.
"""

import datetime as dt
import enum
from dataclasses import dataclass, field


class Role(enum.StrEnum):
    """What a mandate makes of a person (DOMAIN 1.2, PRACTICE 2.2). Values are an API contract."""

    ANONYMOUS = "anonymous"
    OFFICIAL = "official"  # maire, président: files and signs for a collectivity
    SECRETARY = "secretary"  # secrétaire général de mairie, DGS: prepares for the official
    PROVIDER = "provider"  # local engineering provider
    INSTRUCTOR = "instructor"  # agent of the department's desk
    SUB_PREFECT = "sub_prefect"  # his arrondissement
    DEPUTY = "deputy"  # territorial delegate's deputy: signs what his act covers
    DELEGATE = "delegate"  # the prefect, territorial delegate
    FOLLOW_UP_OFFICER = "follow_up_officer"  # chargé de suivi: the files he is designated on
    PROJECT_LEADER = "project_leader"  # chef de projet of a programme: its communes
    REGION = "region"  # préfet de région, SGAR: reads
    CMT = "cmt"  # chargé de mission territorial: his departments
    NATIONAL = "national"  # ANCT instructor
    DIRECTOR_GENERAL = "director_general"
    OPERATOR = "operator"  # correspondent of one of the five operators
    CONTRACTOR = "contractor"  # holder of an order of the engineering market
    COMMITTEE_MEMBER = "committee_member"
    ADMINISTRATOR = "administrator"  # functional administrator: settings, no business decision
    SYSTEM = "system"  # the workers; never a person


#: Roles exercised inside one department's desk.
DESK_ROLES = frozenset({Role.INSTRUCTOR, Role.DEPUTY, Role.DELEGATE})
#: Roles that act for a collectivity.
COLLECTIVITY_ROLES = frozenset({Role.OFFICIAL, Role.SECRETARY})
#: Roles of the national agency.
NATIONAL_ROLES = frozenset({Role.NATIONAL, Role.DIRECTOR_GENERAL})


class Matter(enum.StrEnum):
    """What a delegation of signature may cover."""

    LOCAL_DECISION = "local_decision"
    REDIRECTION = "redirection"
    CLOSING = "closing"
    REFERRAL = "referral"
    AGREEMENT = "agreement"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting under exactly one mandate, on one day.

    ``departments`` holds INSEE codes of departments; ``matters`` the matters he may sign today, by office or by an act
    in force. Named exceptions are rows (guardian) that querysets join by ``person_id``: they are not here.
    """

    role: Role
    on: dt.date
    person_id: int | None = None
    mandate_id: int | None = None
    organisation_id: int | None = None
    collectivity_id: int | None = None
    mandate_confirmed: bool = False
    departments: frozenset[str] = field(default_factory=frozenset)
    arrondissements: frozenset[str] = field(default_factory=frozenset)
    matters: frozenset[Matter] = field(default_factory=frozenset)
    name: str = ""
    body: str = ""

    @property
    def is_authenticated(self) -> bool:
        return self.person_id is not None or self.role is Role.SYSTEM

    @property
    def author_id(self) -> int:
        """The person to whom a written row is put down. Raises ``RuntimeError`` for an actor without one."""
        if self.person_id is None:
            raise RuntimeError(f"{self.role} has no person and writes nothing in its own name")
        return self.person_id

    def may_sign(self, matter: Matter) -> bool:
        return matter in self.matters


def anonymous(on: dt.date) -> Actor:
    return Actor(role=Role.ANONYMOUS, on=on)


def system(on: dt.date) -> Actor:
    """The actor under which workers write: it has no person and signs nothing."""
    return Actor(role=Role.SYSTEM, on=on, name="Le portail")

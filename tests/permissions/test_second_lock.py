"""The second lock: with every scope of the ORM removed, PostgreSQL gives the application's role no row outside the
perimeter of whoever asks; and it hides nothing that ``visible_to`` shows (docs/adr/0011)."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.actors import actor_for
from common import perimeter, written
from common.actor import Actor, Role, anonymous, system
from common.clock import today
from files.models import StoredContent, StoredFile
from files.services import store
from requests import permissions
from requests.models import Document, Message, Solicitation, SupportRequest
from requests.models.intake import SupportRequestQuerySet
from requests.models.solution import SolicitationQuerySet
from requests.permissions import Ability, Relation, abilities
from tests.permissions.cast import ACTORS, Cast
from tests.permissions.conftest import ROLE, Ask
from tests.permissions.table import rows
from tests.permissions.test_non_interference import OUTSIDERS, answer, body_of, through
from tests.permissions.worlds import SCENES, SECRET, SECRETS, grow_in_secret

pytestmark = pytest.mark.django_db

LOCKED: tuple[Any, ...] = (SupportRequest, Message, Document, StoredFile, StoredContent)
PEOPLE = tuple(name for name in ACTORS if name != "anon")


@contextmanager
def as_application(value: str) -> Iterator[None]:
    """The session of web and workers, under this perimeter."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {ROLE}")
        with perimeter.in_transaction(value, read_only=False):
            yield
        transaction.set_rollback(True)


def actor_named(cast: Cast, name: str) -> Actor:
    return actor_for(cast.mandates[name].user, cast.mandates[name]) if name != "anon" else anonymous(today())


def test_nothing_set_no_row(cast: Cast) -> None:
    with transaction.atomic():
        grow_in_secret(cast, "far")
        with as_application(perimeter.NOTHING):
            assert not any(model.objects.exists() for model in LOCKED)
        with as_application(perimeter.EVERYTHING):
            assert all(model.objects.exists() for model in LOCKED)
        transaction.set_rollback(True)


def test_a_visitor_reads_what_is_of_no_case(cast: Cast) -> None:
    with transaction.atomic():
        drafted = store("plan.txt", b"Le plan.")
        with as_application(perimeter.of(anonymous(today()))):
            assert set(StoredFile.objects.values_list("pk", flat=True)) >= {drafted.pk}
            assert not set(StoredFile.objects.all()) & {one.file for one in Document.objects.all()}
            assert StoredContent.objects.filter(pk=drafted.pk).exists()
            assert not any(model.objects.exists() for model in LOCKED[:3])
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", PEOPLE)
def test_it_hides_nothing_that_one_may_see(name: str, cast: Cast) -> None:
    """Files, messages and documents that ``visible_to`` and the abilities give, as the owner and as the application."""
    who = actor_named(cast, name)
    visible = list(SupportRequest.objects.visible_to(who))
    public = [row.pk for row in visible]
    internal = [row.pk for row in visible if Ability.VIEW_INTERNAL in abilities(who, row)]
    asked = Solicitation.objects.visible_to(who)
    readable = (
        Q(channel="public", support_request__in=public)
        | Q(channel="internal", support_request__in=internal)
        | Q(solicitation__in=asked.values("pk"))
    )
    wanted = {model: set(model.objects.filter(readable).values_list("pk", flat=True)) for model in (Message, Document)}
    files = set(Document.objects.filter(readable, file__isnull=False).values_list("file", flat=True))
    solicitations = set(asked.values_list("pk", "support_request__reference"))
    with as_application(perimeter.of(who)):
        assert set(SupportRequest.objects.visible_to(who).values_list("pk", flat=True)) == set(public)
        for model, pks in wanted.items():
            assert set(model.objects.filter(pk__in=pks).values_list("pk", flat=True)) == pks
        assert set(StoredContent.objects.filter(pk__in=files).values_list("pk", flat=True)) == files
        assert set(asked.values_list("pk", "support_request__reference")) == solicitations


@pytest.mark.parametrize("name", PEOPLE)
def test_it_shows_no_conversation_of_others(name: str, cast: Cast) -> None:
    """Bare SQL, as a query without its scope would be: no internal note outside the State, no thread of another body,
    no message of a file that one does not see."""
    who = actor_named(cast, name)
    visible = set(SupportRequest.objects.visible_to(who).values_list("pk", flat=True))
    reads_internal = {
        row.pk for row in SupportRequest.objects.filter(pk__in=visible) if Ability.VIEW_INTERNAL in abilities(who, row)
    }
    threads = set(Solicitation.objects.visible_to(who).values_list("pk", flat=True))
    with as_application(perimeter.of(who)):
        for model in (Message, Document):
            found = model.objects.values_list("channel", "support_request", "solicitation")  # type: ignore[attr-defined]
            for channel, support_request, solicitation in found:
                match channel:
                    case "internal":
                        assert support_request in reads_internal
                    case "solicitation":
                        assert solicitation in threads
                    case _:
                        assert support_request in visible
        outside = set(SupportRequest.objects.values_list("pk", flat=True)) - visible
    assert outside <= set(
        SupportRequest.objects.filter(
            Q(solicitations__in=threads) | Q(delegations__operator__organisation=who.organisation_id or 0)
        ).values_list("pk", flat=True)
    ), "beyond what he sees, only files of which his body was asked something"


@pytest.fixture
def without_scope(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The mutation: every scope gives all rows, and everybody stands to every file as its desk does."""

    def everything(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
        return rows.all()

    def all_of_it(actor: Actor, rows: Any = None) -> dict[Relation, Q]:
        return {
            one: Q(pk__isnull=False) for one in (Relation.DESK, Relation.APPLICANT, Relation.AGENCY, Relation.OPERATOR)
        }

    monkeypatch.setattr(SupportRequestQuerySet, "visible_to", everything)
    monkeypatch.setattr(SolicitationQuerySet, "visible_to", everything)
    monkeypatch.setattr(permissions, "_relations", all_of_it)
    written.forget()
    yield
    written.forget()


@pytest.mark.parametrize(
    ("place", "who"),
    [("near", name) for name in ("offi", "epci", "prov", "subp", "suiv", "anct", "oper", "admi", "INST")]
    + [("far", name) for name in ("inst", "cmt", "clct")],
)
def test_no_page_leaks_when_the_orm_is_wide_open(
    place: str, who: str, cast: Cast, ask: Ask, without_scope: None
) -> None:
    assert who in OUTSIDERS[place]
    with transaction.atomic():
        hidden = grow_in_secret(cast, place)[:: SECRETS // len(SCENES)]
        pages = {address: body for address, (_, _, body) in through(who, cast, ask).items()}
        for number, row in enumerate(
            row for row in rows() if row.method == "GET" and "reference" in row.arguments(cast)
        ):
            reference = hidden[number % len(hidden)].reference
            address = reverse(row.route, kwargs=row.arguments(cast) | {"reference": reference})
            pages[address] = body_of(ask(who, "GET", address))
        transaction.set_rollback(True)
    assert not [address for address, body in pages.items() if SECRET.encode() in body]


def test_an_internal_note_stays_inside_when_the_orm_is_wide_open(cast: Cast, ask: Ask, without_scope: None) -> None:
    """On the mayor's own file: his page asks for the internal conversation, and is given none of it."""
    row = SupportRequest.objects.get(reference=cast.references["support"])
    agent = cast.mandates["inst"].user
    said = {"support_request": row, "channel": "internal", "author": agent, "at": row.submitted_at, "text": SECRET}
    address = reverse("api:support-request-messages", kwargs={"reference": row.reference})
    with transaction.atomic():
        Message.objects.create(author_label="Le guichet", submission_key=uuid.uuid4(), **said)
        assert SECRET.encode() in answer("inst", address, ask)[2]
        for who in ("offi", "secr", "epci"):
            status, _, body = answer(who, address, ask)
            assert (status, SECRET.encode() in body) == (200, False), who
        transaction.set_rollback(True)


def test_a_file_held_is_read_to_the_end_of_its_transaction(cast: Cast) -> None:
    """A desk that hands a file over finishes its act; what it never saw it cannot hold."""
    who = actor_named(cast, "inst")
    row = SupportRequest.objects.get(reference=cast.references["submitted"])
    with as_application(perimeter.of(who)):
        locked = SupportRequest.objects.lock(row.pk)
        locked.department_id = "05"
        locked.save()
        assert SupportRequest.objects.filter(pk=row.pk).exists()
    with as_application(perimeter.of(actor_named(cast, "INST"))), pytest.raises(SupportRequest.DoesNotExist):
        SupportRequest.objects.lock(row.pk)


def test_the_perimeter_says_what_the_mandate_gives() -> None:
    on = today()
    assert perimeter.of(system(on)) == perimeter.EVERYTHING
    assert perimeter.of(None) == perimeter.NOTHING
    nobody = perimeter.of(anonymous(on))
    for role in Role:
        unproven = Actor(role=role, on=on, person_id=1, organisation_id=2, departments=frozenset({"04"}))
        if role is not Role.SYSTEM:
            assert perimeter.of(unproven) == nobody, f"{role}: a mandate that nobody confirmed opens nothing of others"
        proven = Actor(role=role, on=on, person_id=1, mandate_confirmed=True, collectivity_id=3)
        outside = role in {Role.PROVIDER, Role.PROJECT_LEADER, Role.CONTRACTOR, Role.OFFICIAL, Role.SECRETARY}
        if outside or role in {Role.ANONYMOUS, Role.COMMITTEE_MEMBER, Role.ADMINISTRATOR}:
            assert "internal" not in perimeter.of(proven)
        elif role is not Role.SYSTEM:
            assert "internal" in perimeter.of(proven)


def test_whatever_is_taken_is_given_back() -> None:
    def of_session() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('portal.perimeter', true)")
            return cursor.fetchone()[0] or ""

    before = of_session()
    with pytest.raises(ZeroDivisionError), perimeter.everything("a test"):
        assert of_session() == perimeter.EVERYTHING
        raise ZeroDivisionError
    assert of_session() == before == perimeter.current()
    for blank in ("", " "):
        with pytest.raises(ValueError, match="say"), perimeter.everything(blank):
            pass
        with pytest.raises(ValueError, match="say"):
            perimeter.whole_process(blank)

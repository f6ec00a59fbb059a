"""The life of an offer: who writes it, who reads it again, what stays in force meanwhile, and what is remembered."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Organisation, User
from common import events as bus
from common.actor import Actor, Role
from common.errors import Conflict, Invalid, NotAllowed
from common.events import Event
from notifications.outbox import compose
from notifications.registry import Recipient
from operators import events, seeds
from operators.enums import OfferStatus, QuestionReason
from operators.ground import beyond
from operators.models import Offer, Provider
from operators.notifications import KEPT, Expired, FromElsewhere, ToReview, Withdrawn
from operators.services import offers
from operators.services.faults import LONGEST, Known, faults_of, gaps_of
from operators.services.neighbours import Arrivals, Move
from operators.values import COLUMNS, Line, OfferValues
from tests.operators.factories import TODAY
from tests.operators.factories import provider as make_provider

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
FULL: dict[str, Any] = {
    "title": "Diagnostic du commerce",
    "description": "Une visite, puis un plan d’actions.",
    "themes": ("COM",),
    "subjects": ("commerce",),
    "legal_mode": "free_by_right",
    "price_model": "free",
    "price_label": "Sans frais pour vous",
    "coverage": (Line("department", "04"),),
}


def values(**changes: Any) -> OfferValues:
    return OfferValues(**{**FULL, **changes})


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """Several acts on one offer are several reads of one row."""


@pytest.fixture
def reference(db: None) -> None:
    """Subjects, operators and the agency's services."""
    seeds.seed_reference()


@pytest.fixture
def caue(reference: None) -> Provider:
    organisation = Organisation.objects.create(kind="provider", code="caue-essai", name="CAUE d’essai")
    return make_provider("caue-essai", organisation=organisation)


@pytest.fixture
def person() -> int:
    return User.objects.create(email="personne@exemple.example").pk


@pytest.fixture
def keeper(caue: Provider, person: int) -> Actor:
    return Actor(
        role=Role.PROVIDER,
        on=TODAY,
        person_id=person,
        organisation_id=caue.organisation_id,
        mandate_confirmed=True,
        body="CAUE d’essai",
    )


@pytest.fixture
def desk(person: int) -> Actor:
    return Actor(
        role=Role.INSTRUCTOR,
        on=TODAY,
        person_id=person,
        departments=frozenset({"04"}),
        mandate_confirmed=True,
        body="DDT 04",
    )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What was emitted by this test. A subscriber would stay for ever."""
    heard: list[Event] = []
    monkeypatch.setitem(bus._subscribers, events.OfferEvent, [heard.append])
    return heard


def kinds(offer: Offer) -> list[str]:
    return list(offer.revisions.order_by("pk").values_list("kind", flat=True))


def test_from_a_draft_to_the_catalogue(caue: Provider, keeper: Actor, desk: Actor, told: list[Event]) -> None:
    draft = offers.record(caue, values(), keeper, at=AT)
    assert draft.status == OfferStatus.DRAFT and OfferValues.of(draft) == values()
    with pytest.raises(NotAllowed):
        offers.publish(draft, keeper, at=AT)
    offers.submit(draft, keeper, at=AT)
    published = offers.publish(draft, desk, at=AT)
    assert published.status == OfferStatus.PUBLISHED and published.verified_on == TODAY
    assert kinds(published) == ["created", "submitted", "published"]
    assert [type(event) for event in told] == [events.OfferToReview, events.OfferReviewed, events.OfferChanged]


def test_a_change_by_its_provider_waits_and_what_is_published_stays(
    caue: Provider, keeper: Actor, desk: Actor, told: list[Event]
) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    told.clear()
    changed = values(title="Diagnostic du commerce et du marché", population_max=3499, verified_on=TODAY)
    offers.record(caue, changed, keeper, offer=offer, at=AT)
    offer.refresh_from_db()
    assert (offer.title, offer.population_max) == (FULL["title"], None)
    assert OfferValues.of(offer).changed(offer.pending or {}) == changed
    assert [type(event) for event in told] == [events.OfferToReview]
    offers.record(caue, changed, keeper, offer=offer, at=AT)  # sent twice, told once
    assert len(told) == 1 and kinds(offer)[-1] == "proposed"
    offers.publish(offer, desk, at=AT)
    offer.refresh_from_db()
    assert (offer.title, offer.population_max, offer.pending) == (changed.title, 3499, None)
    last = offer.revisions.first()
    assert last is not None and ["population_max", None, 3499] in last.changes


def test_a_waiting_change_brings_its_own_fields_only(caue: Provider, keeper: Actor, desk: Actor) -> None:
    """What was written meanwhile (places taken, a delay) is not undone by what was asked before."""
    offer = offers.publish(offers.record(caue, values(capacity_left=3), desk, at=AT), desk, at=AT)
    offers.record(caue, values(capacity_left=3, title="Autre titre"), keeper, offer=offer, at=AT)
    offers.confirm(offer, keeper, capacity_left=0, at=AT)
    offers.record(caue, values(capacity_left=0, delay_days=12), desk, offer=offer, at=AT)
    offers.publish(offer, desk, at=AT)
    offer.refresh_from_db()
    assert (offer.title, offer.capacity_left, offer.delay_days, offer.pending) == ("Autre titre", 0, 12, None)


def test_a_reviewer_who_mends_a_waiting_change_answers_it(
    caue: Provider, keeper: Actor, desk: Actor, told: list[Event]
) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    offers.record(caue, values(title="Titre à reprendre"), keeper, offer=offer, at=AT)
    told.clear()
    offers.record(caue, values(title="Titre repris"), desk, offer=offer, settles=True, at=AT)
    offer.refresh_from_db()
    assert (offer.title, offer.pending) == ("Titre repris", None)
    assert events.OfferReviewed in [type(event) for event in told]
    with pytest.raises(Conflict, match="déjà publiée"):
        offers.publish(offer, desk, at=AT)


def test_nobody_is_told_of_a_review_that_he_did_not_ask(caue: Provider, desk: Actor, told: list[Event]) -> None:
    offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    assert events.OfferReviewed not in [type(event) for event in told]


def test_sent_back_with_a_word(caue: Provider, keeper: Actor, desk: Actor) -> None:
    offer = offers.submit(offers.record(caue, values(), keeper, at=AT), keeper, at=AT)
    with pytest.raises(Invalid, match="lira ce mot"):
        offers.send_back(offer, desk, note="  ", at=AT)
    back = offers.send_back(offer, desk, note="Précisez le délai.", at=AT)
    assert (back.status, back.review_note) == (OfferStatus.DRAFT, "Précisez le délai.")
    with pytest.raises(Conflict):
        offers.send_back(offer, desk, note="Encore.", at=AT)


def test_a_change_sent_back_is_kept_until_it_is_sent_again(caue: Provider, keeper: Actor, desk: Actor) -> None:
    """Nothing is to be typed again from the history."""
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    wanted = values(title="Autre titre", delay_days=12, verified_on=TODAY)
    offers.record(caue, wanted, keeper, offer=offer, at=AT)
    back = offers.send_back(offer, desk, note="Précisez le prix.", at=AT)
    assert (back.status, back.pending, back.review_note) == (OfferStatus.PUBLISHED, None, "Précisez le prix.")
    assert OfferValues.of(back).changed(back.returned or {}) == wanted
    assert back not in Offer.objects.to_review()
    with pytest.raises(Conflict, match="déjà publiée"):
        offers.publish(offer, desk, at=AT)
    offers.record(caue, wanted, keeper, offer=offer, at=AT)  # as it was: he insists
    offer.refresh_from_db()
    assert (offer.returned, offer.review_note) == (None, "") and offer in Offer.objects.to_review()
    offers.publish(offer, desk, at=AT)
    assert Offer.objects.get(pk=offer.pk).title == "Autre titre"


def test_a_change_sent_back_is_given_up_by_its_keeper(caue: Provider, keeper: Actor, desk: Actor) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    for give_up in (
        lambda: offers.give_up(offer, keeper, at=AT),
        lambda: offers.record(caue, values(verified_on=TODAY), keeper, offer=offer, at=AT),  # as it is published
    ):
        offers.record(caue, values(title="Autre titre"), keeper, offer=offer, at=AT)
        offers.send_back(offer, desk, note="Non.", at=AT)
        give_up()
        offer.refresh_from_db()
        assert (offer.returned, offer.pending, offer.review_note, offer.title) == (None, None, "", FULL["title"])
        assert kinds(offer)[-1] == "given_up"
    with pytest.raises(Conflict):
        offers.give_up(offer, keeper, at=AT)


def test_giving_up_a_change_answers_no_question(caue: Provider, keeper: Actor, desk: Actor, told: list[Event]) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    offers.record(caue, values(title="Autre titre"), keeper, offer=offer, at=AT)
    offers.send_back(offer, desk, note="Non.", at=AT)
    later = AT + dt.timedelta(hours=1)
    assert offers.ask_again(offer, QuestionReason.DECLINED, at=later)
    told.clear()
    offers.record(caue, values(), keeper, offer=offer, at=later + dt.timedelta(hours=1))
    offer.refresh_from_db()
    assert offer.is_questioned and not told


def test_the_desk_writes_itself_what_it_had_sent_back(caue: Provider, keeper: Actor, desk: Actor) -> None:
    """Nothing is left to be taken up again."""
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    offers.record(caue, values(title="Autre titre", delay_days=12), keeper, offer=offer, at=AT)
    offers.send_back(offer, desk, note="Précisez le prix.", at=AT)
    offers.record(caue, values(title="Autre titre"), desk, offer=offer, at=AT)
    offer.refresh_from_db()
    assert offer.returned is not None and offer.review_note, "its delay is still another one"
    offers.record(caue, values(title="Autre titre", delay_days=12), desk, offer=offer, at=AT)
    offer.refresh_from_db()
    assert (offer.returned, offer.review_note) == (None, "")


def test_nothing_is_to_be_taken_up_once_it_is_so(caue: Provider, keeper: Actor, desk: Actor) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    offers.record(caue, values(capacity_left=2), keeper, offer=offer, at=AT)
    offers.send_back(offer, desk, note="Confirmez-la, plutôt.", at=AT)
    confirmed = offers.confirm(offer, keeper, capacity_left=2, at=AT)
    assert (confirmed.returned, confirmed.review_note) == (None, "")


def test_only_what_is_published_moves_the_day_of_the_catalogue(caue: Provider, keeper: Actor, desk: Actor) -> None:
    """Guides and frozen proposals quote it; two pages on the offer still see one another."""
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    day = Offer.objects.get(pk=offer.pk).updated_at
    marks = [Offer.objects.get(pk=offer.pk).mark]
    hours = iter(range(1, 20))

    def then(act: Callable[[dt.datetime], Offer], *, moves: bool = False) -> None:
        act(AT + dt.timedelta(hours=next(hours)))
        row = Offer.objects.get(pk=offer.pk)
        assert (row.updated_at != day) == moves
        marks.append(row.mark)

    def propose(at: dt.datetime) -> Offer:
        return offers.record(caue, values(title="Autre titre"), keeper, offer=offer, at=at)

    def send_back(at: dt.datetime) -> Offer:
        return offers.send_back(offer, desk, note="Non.", at=at)

    then(propose)
    then(send_back)
    then(propose)
    then(send_back)
    then(lambda at: offers.give_up(offer, keeper, at=at))
    then(propose)
    then(lambda at: offers.record(caue, values(), desk, offer=offer, settles=True, at=at))  # it stays as it was
    then(propose)
    then(lambda at: offers.publish(offer, desk, at=at), moves=True)
    assert len(set(marks)) == len(marks)


def test_what_a_provider_wrote_is_its_own_to_give_up(caue: Provider, keeper: Actor, desk: Actor) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    offers.record(caue, values(title="Autre titre"), keeper, offer=offer, at=AT)
    offers.send_back(offer, desk, note="Non.", at=AT)
    administrator = Actor(role=Role.ADMINISTRATOR, on=TODAY, mandate_confirmed=True)
    for actor in (desk, administrator):
        with pytest.raises(NotAllowed, match="Seul l’organisme"):
            offers.give_up(offer, actor, at=AT)
    assert Offer.objects.get(pk=offer.pk).returned == {"title": "Autre titre"}


def test_the_desk_s_own_change_holds_at_once_and_twice_is_once(caue: Provider, desk: Actor, told: list[Event]) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    told.clear()
    for _ in range(2):
        offers.record(caue, values(delay_days=30), desk, offer=offer, at=AT)
    offer.refresh_from_db()
    assert offer.delay_days == 30 and offer.verified_on == TODAY, "a day of verification never goes back"
    assert [type(event) for event in told] == [events.OfferChanged]
    with pytest.raises(Conflict, match="déjà publiée"):
        offers.publish(offer, desk, at=AT)


def test_two_pages_on_the_same_offer_do_not_overwrite_one_another(caue: Provider, keeper: Actor, desk: Actor) -> None:
    offer = offers.record(caue, values(), keeper, at=AT)
    seen = Offer.objects.get(pk=offer.pk).mark
    offers.record(caue, values(delay_days=10), desk, offer=offer, seen=seen, at=AT)
    with pytest.raises(Conflict, match="Relisez-la"):
        offers.record(caue, values(delay_days=20), keeper, offer=offer, seen=seen, at=AT)
    assert Offer.objects.get(pk=offer.pk).delay_days == 10


@pytest.mark.parametrize(
    "changes",
    [
        {"mandate_confirmed": False},
        {"organisation_id": None},
        {"role": Role.OFFICIAL},
        {"role": Role.COMMITTEE_MEMBER},
        {"role": Role.NATIONAL},
        {"role": Role.INSTRUCTOR, "departments": frozenset({"05"})},
    ],
)
def test_nobody_else_writes(caue: Provider, keeper: Actor, desk: Actor, changes: dict[str, Any]) -> None:
    stranger = dataclasses.replace(keeper, **changes)
    draft = offers.record(caue, values(), keeper, at=AT)
    with pytest.raises(NotAllowed):
        offers.record(caue, values(), stranger, at=AT)
    for act in (offers.submit, offers.publish, offers.withdraw):
        with pytest.raises(NotAllowed):
            act(draft, stranger, at=AT)
    with pytest.raises(NotAllowed):
        offers.confirm(draft, stranger, capacity_left=None, at=AT)
    assert not Offer.objects.kept_by(stranger).filter(pk=draft.pk).exists()
    sees = stranger.role is Role.NATIONAL
    assert Offer.objects.visible_to(stranger).filter(pk=draft.pk).exists() == sees


def test_the_agency_keeps_the_operators_and_no_local_one(reference: None, person: int) -> None:
    agency = Actor(role=Role.NATIONAL, on=TODAY, person_id=person, mandate_confirmed=True)
    cerema = Provider.objects.get(code="cerema")
    nation = values(coverage=(Line("nation", "FR"),))
    offer = offers.publish(offers.record(cerema, nation, agency, at=AT), agency, at=AT)
    assert offer in Offer.objects.kept_by(agency)
    assert set(Provider.objects.kept_by(agency).values_list("kind", flat=True)) == {"operator", "agency"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 161}, "title"),
        ({"description": "nul\x00"}, "description"),
        ({"description": "x" * (LONGEST["description"] + 1)}, "description"),
        ({"themes": ("XXX",)}, "themes"),
        ({"subjects": ("inventé",)}, "subjects"),
        ({"legal_mode": "rapt"}, "legal_mode"),
        ({"population_min": -1}, "population_min"),
        ({"population_max": 2**31}, "population_max"),
        ({"population_min": 10, "population_max": 9}, "population_max"),
        ({"delay_days": 40_000}, "delay_days"),
        ({"valid_from": TODAY, "valid_to": TODAY - dt.timedelta(days=1)}, "valid_to"),
        ({"membership_required": True}, "membership_label"),
        ({"verified_on": dt.date(2099, 1, 1)}, "verified_on"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"programmes_required": ("XX",)}, "programmes_required"),
        ({"zonings_required": ("frrr=FRR+",)}, "zonings_required"),
        ({"coverage": (Line("department", "99"),)}, "coverage"),
        ({"coverage": (Line("planète", "04"),)}, "coverage"),
        ({"coverage": (Line("nation", "FR"),)}, "coverage"),
        ({"coverage": (Line("commune", "04121"), Line("commune", "04121", excluded=True))}, "coverage"),
    ],
)
def test_a_fault_names_its_field_and_nothing_is_written(
    caue: Provider, keeper: Actor, changes: dict[str, Any], field: str
) -> None:
    before = Offer.objects.count()
    with pytest.raises(Invalid) as refused:
        offers.record(caue, values(**changes), keeper, at=AT)
    assert refused.value.field == field and refused.value.message[0].isupper()
    assert Offer.objects.count() == before


@pytest.mark.parametrize("name", ["description", "themes", "legal_mode", "price_model", "price_label", "coverage"])
def test_what_is_incomplete_stays_a_draft(caue: Provider, keeper: Actor, desk: Actor, name: str) -> None:
    draft = offers.record(caue, values(**{name: OfferValues(title="x").as_json()[name]}), keeper, at=AT)
    assert [field for field, _ in gaps_of(OfferValues.of(draft))] == [name]
    for act, actor in ((offers.submit, keeper), (offers.publish, desk)):
        with pytest.raises(Invalid) as refused:
            act(draft, actor, at=AT)
        assert refused.value.field == name
    assert Offer.objects.get(pk=draft.pk).status == OfferStatus.DRAFT


def test_no_price_in_euros_on_a_real_body_of_the_demonstration(keeper: Actor, desk: Actor, caue: Provider) -> None:
    Provider.objects.filter(pk=caue.pk).update(illustrative=True)
    caue.refresh_from_db()
    with pytest.raises(Invalid, match="illustration"):
        offers.record(caue, values(price_label="1 200 € HT"), keeper, at=AT)
    assert offers.record(caue, values(), keeper, at=AT).illustrative


def test_confirmed_without_review(caue: Provider, keeper: Actor, desk: Actor, told: list[Event]) -> None:
    earlier = AT - dt.timedelta(days=400)
    offer = offers.publish(offers.record(caue, values(), desk, at=earlier), desk, at=earlier)
    assert offers.question_due(at=AT) >= 1
    offer.refresh_from_db()
    assert offer.is_questioned and offer.asked_reason == QuestionReason.STALE
    assert offer in Offer.objects.to_verify(TODAY)
    offers.confirm(offer, keeper, capacity_left=2, at=AT + dt.timedelta(hours=1))
    offer.refresh_from_db()
    assert (offer.verified_on, offer.capacity_left, offer.is_questioned) == (TODAY, 2, False)
    assert offer not in Offer.objects.to_verify(TODAY)


def test_a_keeper_is_asked_once_a_month(caue: Provider, desk: Actor, told: list[Event]) -> None:
    soon = TODAY + dt.timedelta(days=20)
    offer = offers.publish(offers.record(caue, values(valid_to=soon), desk, at=AT), desk, at=AT)
    later = offers.publish(offers.record(caue, values(valid_to=dt.date(2030, 1, 1)), desk, at=AT), desk, at=AT)
    told.clear()
    for days in (0, 1, 29):
        offers.question_due(at=AT + dt.timedelta(days=days - 10))
    asked = [event for event in told if isinstance(event, events.OfferQuestioned) and event.offer_id == offer.pk]
    assert len(asked) == 1
    assert not [event for event in told if getattr(event, "offer_id", None) == later.pk]
    assert not offers.ask_again(offer, QuestionReason.EXPIRING, at=AT)
    assert offers.ask_again(later, QuestionReason.DECLINED, at=AT)


def test_the_end_of_an_offer_is_told_whatever_was_asked_before(caue: Provider, keeper: Actor, desk: Actor) -> None:
    """A question of the day before moved the reminder to the eve of the end."""
    end = TODAY + dt.timedelta(days=31)
    offer = offers.publish(offers.record(caue, values(valid_to=end), desk, at=AT), desk, at=AT)
    days = [AT + dt.timedelta(days=count) for count in range(32)]
    assert offers.ask_again(offer, QuestionReason.DECLINED, at=AT)
    offers.confirm(offer, keeper, capacity_left=None, at=days[0] + dt.timedelta(hours=1))
    asked = []
    for day in days[1:30]:
        offers.question_due(at=day)
        offers.ask_again(offer, QuestionReason.DECLINED, at=day)
        offer.refresh_from_db()
        asked.append(offer.asked_reason)
    assert asked == [QuestionReason.EXPIRING] * 29
    assert kinds(offer).count("questioned") == 2


def test_one_night_asks_one_thing(caue: Provider, desk: Actor, keeper: Actor) -> None:
    """Old and about to end: one mail, and it is that of the end."""
    earlier = AT - dt.timedelta(days=400)
    soon = values(valid_to=TODAY + dt.timedelta(days=5))
    offer = offers.publish(offers.record(caue, soon, desk, at=earlier), desk, at=earlier)
    assert offers.question_due(at=AT) == 1
    offer.refresh_from_db()
    assert offer.asked_reason == QuestionReason.EXPIRING
    assert offers.question_due(at=AT + dt.timedelta(days=1)) == 0


def test_what_was_valid_until_yesterday_leaves_the_catalogue_once(
    caue: Provider, keeper: Actor, desk: Actor, told: list[Event]
) -> None:
    offer = offers.publish(offers.record(caue, values(valid_to=TODAY), desk, at=AT), desk, at=AT)
    assert offers.expire_due(at=AT) == 0, "its last day is a day of its own"
    tomorrow = AT + dt.timedelta(days=1)
    assert (offers.expire_due(at=tomorrow), offers.expire_due(at=tomorrow)) == (1, 0)
    offer.refresh_from_db()
    assert offer.status == OfferStatus.EXPIRED and kinds(offer)[-1] == "expired"
    with pytest.raises(Invalid, match="date de fin"):
        offers.publish(offer, desk, at=tomorrow)
    offers.record(caue, values(valid_to=None), keeper, offer=offer, at=tomorrow)
    offers.publish(offers.submit(offer, keeper, at=tomorrow), desk, at=tomorrow)


def test_withdrawn_with_its_waiting_change(caue: Provider, keeper: Actor, desk: Actor) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    offers.record(caue, values(delay_days=3), keeper, offer=offer, at=AT)
    offers.withdraw(offer, keeper, at=AT)
    offer.refresh_from_db()
    assert (offer.status, offer.pending, offer.returned) == (OfferStatus.EXPIRED, None, {"delay_days": 3})
    with pytest.raises(NotAllowed):
        offers.withdraw(offer, keeper, at=AT)


@pytest.mark.parametrize("sent_back", [True, False])
@pytest.mark.parametrize("ends", ["in the night", "withdrawn"])
def test_the_end_of_an_offer_keeps_the_change_that_waited(
    caue: Provider, keeper: Actor, desk: Actor, sent_back: bool, ends: str
) -> None:
    """Its keeper had often written a new last day: he finds it again, and what mayors read is not that."""
    offer = offers.publish(offers.record(caue, values(valid_to=TODAY), desk, at=AT), desk, at=AT)
    later, tomorrow = dt.date(2027, 12, 31), AT + dt.timedelta(days=1)
    offers.record(caue, values(valid_to=later), keeper, offer=offer, at=AT)
    if sent_back:
        offers.send_back(offer, desk, note="Jusqu’à quand ?", at=AT)
    if ends == "withdrawn":
        offers.withdraw(offer, desk, note="Doublon.", at=AT)
    else:
        assert offers.expire_due(at=tomorrow) == 1
    offer.refresh_from_db()
    assert (offer.status, offer.valid_to, offer.returned) == (OfferStatus.EXPIRED, TODAY, {"valid_to": "2027-12-31"})
    for mail in (Withdrawn(), Expired()):
        assert KEPT in list(mail.paragraphs(offer))
    offers.record(caue, OfferValues.of(offer).changed(offer.returned or {}), keeper, offer=offer, at=tomorrow)
    offer.refresh_from_db()
    assert (offer.valid_to, offer.returned, offer.review_note) == (later, None, "")
    published = offers.publish(offers.submit(offer, keeper, at=tomorrow), desk, at=tomorrow)
    assert (published.status, published.valid_to) == (OfferStatus.PUBLISHED, later)


def test_a_change_kept_after_the_end_is_given_up_too(caue: Provider, keeper: Actor, desk: Actor) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    for give_up in (
        lambda: offers.give_up(offer, keeper, at=AT),
        lambda: offers.record(caue, values(verified_on=TODAY), keeper, offer=offer, at=AT),
    ):
        offers.record(caue, values(delay_days=3, verified_on=TODAY), keeper, offer=offer, at=AT)
        offers.withdraw(offer, keeper, at=AT)
        give_up()
        offer.refresh_from_db()
        assert (offer.returned, offer.delay_days, kinds(offer)[-1]) == (None, None, "given_up")
        offers.publish(offer, desk, at=AT)


def test_a_provider_is_told_why_its_offer_was_withdrawn(
    caue: Provider, keeper: Actor, desk: Actor, told: list[Event]
) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    with pytest.raises(Invalid, match="lira ce mot"):
        offers.withdraw(offer, desk, note=" ", at=AT)
    offers.withdraw(offer, desk, note="Doublon.", at=AT)
    offer.refresh_from_db()
    assert (offer.status, offer.review_note) == (OfferStatus.EXPIRED, "Doublon.")
    event = next(event for event in told if isinstance(event, events.OfferWithdrawn))
    said = list(Withdrawn().paragraphs(offer))
    assert "Doublon." in said and event.offer_id == offer.pk
    told.clear()
    offers.publish(offers.submit(offer, keeper, at=AT), desk, at=AT)
    offers.withdraw(offer, keeper, at=AT)
    assert events.OfferWithdrawn not in [type(event) for event in told], "he knows"


@pytest.mark.parametrize(
    ("lines", "others"),
    [
        ((Line("department", "04"), Line("commune", "04121", excluded=True)), set()),
        ((Line("epci", "200067437"), Line("arrondissement", "043")), set()),
        ((Line("department", "40"),), {"40"}),
        ((Line("department", "04"), Line("department", "05")), {"05"}),
        (
            (Line("region", "93"), *(Line("department", code, excluded=True) for code in ("06", "13", "83"))),
            {"05", "84"},
        ),
        ((Line("commune", "05061"),), {"05"}),
        ((Line("commune", "99999"), Line("nation", "FR")), set()),
    ],
)
def test_the_departments_that_an_offer_reaches_beyond_its_own(lines: tuple[Line, ...], others: set[str]) -> None:
    assert beyond(lines, "04") == others
    assert beyond(lines, None) == set()


def test_the_desks_of_other_departments_are_told_once(
    caue: Provider, keeper: Actor, desk: Actor, told: list[Event]
) -> None:
    """« département 40 » typed for « 04 » would reach the proposals of another desk unseen."""

    def elsewhere() -> list[str]:
        found = [event.department for event in told if isinstance(event, events.OfferCameFromElsewhere)]
        told.clear()
        return found

    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    assert elsewhere() == []
    both = (Line("department", "04"), Line("department", "40"))
    offers.record(caue, values(coverage=both), keeper, offer=offer, at=AT)
    assert elsewhere() == [], "nothing is published yet"
    offers.publish(offer, desk, at=AT)
    assert elsewhere() == ["40"]
    offers.record(caue, values(coverage=(*both, Line("department", "05"))), desk, offer=offer, at=AT)
    assert elsewhere() == ["05"]
    offers.record(caue, values(coverage=both, delay_days=3), desk, offer=offer, at=AT)
    assert elsewhere() == []


def test_each_mail_says_why_it_is_received(caue: Provider, desk: Actor) -> None:
    offer = offers.publish(offers.record(caue, values(), desk, at=AT), desk, at=AT)
    reader = Recipient("lecteur@demo.example", "address:lecteur@demo.example")
    for mail, event, why in (
        (ToReview(), events.OfferToReview(offer_id=offer.pk), "vous relisez les offres de cet organisme"),
        (Expired(), events.OfferExpired(offer_id=offer.pk), "vous répondez pour l’organisme qui tient cette offre"),
        (
            FromElsewhere(),
            events.OfferCameFromElsewhere(offer_id=offer.pk, department="05"),
            "vous travaillez au guichet d’un département où cette offre vaut aussi",
        ),
    ):
        composed = compose(mail, event, reader)
        for said in (composed.text, composed.html):
            assert f"parce que {why}." in said, mail.kind


def test_an_offer_that_opens_is_told_two_nights_and_no_more(caue: Provider, desk: Actor, told: list[Event]) -> None:
    """The second is for a night that was missed."""
    offer = offers.publish(offers.record(caue, values(valid_from=TODAY), desk, at=AT), desk, at=AT)
    told.clear()
    nights = [offers.open_due(at=AT + dt.timedelta(days=days)) for days in range(-1, 8)]
    assert nights == [0, 1, 1, 0, 0, 0, 0, 0, 0]
    assert {event.offer_id for event in told if isinstance(event, events.OfferChanged)} == {offer.pk}


def test_a_desk_is_told_once_of_a_whole_file(
    caue: Provider, desk: Actor, told: list[Event], django_assert_max_num_queries: Any
) -> None:
    both = (Line("department", "04"), Line("commune", "05061"))
    every = [
        offers.publish(
            offers.record(caue, values(title=f"Offre {rank}", coverage=both), desk, tells_others=False, at=AT),
            desk,
            tells_others=False,
            at=AT,
        )
        for rank in range(5)
    ]
    assert not [event for event in told if isinstance(event, events.OfferCameFromElsewhere)]
    arrivals = Arrivals()
    with django_assert_max_num_queries(1):
        arrivals.add([Move(offer, both, ()) for offer in every])
    arrivals.add([Move(every[0], both, both)])
    arrivals.tell(AT)
    found = [event for event in told if isinstance(event, events.OfferCameFromElsewhere)]
    assert [(event.department, event.offer_id, event.others) for event in found] == [("05", every[0].pk, 4)]
    context = FromElsewhere().context(found[0], Recipient("guichet@demo.example", "desk:05"))
    assert "4\u00a0autres offres du même fichier valent aussi" in context["paragraphs"][-1]


def test_history_is_never_rewritten(caue: Provider, keeper: Actor) -> None:
    revision = offers.record(caue, values(), keeper, at=AT).revisions.get()
    for statement in ("DELETE FROM operators_offerrevision", "UPDATE operators_offerrevision SET body = 'x'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert revision.body == "CAUE d’essai"


def test_codes_are_free_ones(caue: Provider, keeper: Actor) -> None:
    codes = [
        offers.record(caue, values(title=title), keeper, at=AT).code for title in ("École", "École", "🙂", "x" * 160)
    ]
    assert len(set(codes)) == 4 and codes[:2] == ["ecole-caue-essai", "ecole-caue-essai-2"]
    for code in codes:
        Offer.objects.get(code=code).full_clean(exclude=["coverage"])


def test_every_offer_of_the_demonstration_is_without_fault_and_goes_through_json(
    catalogue: None, django_assert_num_queries: Any
) -> None:
    rows = list(Offer.objects.select_related("provider").prefetch_related("coverage", "subjects"))
    every = [OfferValues.of(row) for row in rows]
    with django_assert_num_queries(len({line.level for each in every for line in each.coverage} - {"nation"}) + 3):
        known = Known.of(every)
    assert not [
        (row.code, found)
        for row, each in zip(rows, every, strict=True)
        for found in faults_of(each, row.provider, illustrative=row.illustrative, known=known) + gaps_of(each)
    ]
    assert [OfferValues.from_json(each.as_json()) for each in every] == every


texts = st.text(max_size=20)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    title=texts,
    themes=st.lists(texts, max_size=3),
    population_min=st.none() | st.integers(-5, 5),
    valid_from=st.none() | st.dates(),
    coverage=st.lists(st.builds(Line, texts, texts, st.booleans()), max_size=3),
)
def test_values_go_through_json_unharmed(**given_values: Any) -> None:
    made = OfferValues(**given_values)
    again = OfferValues.from_json(made.as_json())
    assert again == made and not again.differences(made)


def test_values_are_every_column_a_keeper_writes() -> None:
    kept = {"id", "uuid", "code", "provider", "status", "illustrative", "created_at", "updated_at", "pending"}
    kept |= {"pending_at", "returned", "review_note", "asked_at", "asked_reason", "answered_at"}
    columns = {field.name for field in Offer._meta.concrete_fields}
    assert columns - kept == set(COLUMNS)

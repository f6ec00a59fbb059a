"""The mails about persons and mandates: to whom, in which words."""

import datetime as dt
import re

import pytest

from accounts import events
from accounts.enums import MandateStatus, OrganisationKind, Proof
from accounts.models import Mandate, Organisation, User
from common import clock as portal_clock
from common.actor import Role
from common.events import emit
from notifications import registry
from notifications.models import Mail, OutboxEvent
from territories.models import Collectivity, Department, Desk, Region
from tests.notifications.conftest import send_now_pending

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 3, 3)
NBSP = "\u00a0"


@pytest.fixture
def department():
    region, _ = Region.objects.get_or_create(code="93", defaults={"name": "Provence-Alpes-Côte d’Azur"})
    found = Department.objects.filter(code="04").first()
    return found or Department.objects.create(
        code="04", name="Alpes-de-Haute-Provence", region=region, kind="department", liaison=4
    )


@pytest.fixture
def commune(department):
    found = Collectivity.objects.filter(insee_code="04121").first()
    return found or Collectivity.objects.create(
        kind="commune", name="Mézel", insee_code="04121", department=department, liaison=0
    )


@pytest.fixture
def desk(department):
    return Desk.objects.update_or_create(
        department=department,
        defaults={
            "service_name": "Direction départementale des territoires",
            "email": "ingenierie@alpes.example",
            "telephone": "0492000000",
        },
    )[0]


@pytest.fixture
def mayor(commune):
    user = User.objects.create_user(
        "maire@mezel.example", first_name="Jeanne", last_name="Bruyère", civility="Mme", telephone="0492111111"
    )
    return Mandate.objects.create(
        user=user,
        role=Role.OFFICIAL.value,
        collectivity=commune,
        department=commune.department,
        function="maire",
        starts_on=TODAY,
    )


def mails(event):
    emit(event)
    send_now_pending()
    assert not OutboxEvent.objects.undone().exists()
    return list(Mail.objects.filter(event_id=event.id).order_by("to_email"))


@pytest.fixture(autouse=True)
def _delivered(smtp):
    """Sent for real."""


def test_sign_in_code(clock, smtp):
    event = events.CodeRequested(
        email="maire@mezel.example",
        code="123456",
    )
    (mail,) = mails(event)
    text = smtp.messages[0].get_body(("plain",)).get_content()
    assert f"123{NBSP}456" in text
    assert "valable dix minutes" in text
    assert "123" not in mail.subject
    assert "456" not in mail.text + mail.html


def test_second_factor_code(clock, mayor, smtp):
    event = events.SecondFactorRequested(
        email="maire@mezel.example",
        code="654321",
        person_id=mayor.user_id,
    )
    (mail,) = mails(event)
    assert mail.user_id == mayor.user_id
    assert f"654{NBSP}321" in smtp.messages[0].get_body(("html",)).get_content()


def test_a_password_takes_a_code_and_is_told(clock, mayor, smtp):
    (code,) = mails(events.PasswordCodeRequested(email="maire@mezel.example", code="246810", person_id=mayor.user_id))
    assert f"246{NBSP}810" in smtp.messages[0].get_body(("plain",)).get_content()
    assert "246" not in code.text + code.html
    (told,) = mails(events.PasswordChanged(person_id=mayor.user_id))
    assert told.to_email == mayor.user.contact_email
    assert "vient de changer" in told.text


def test_proof_goes_to_the_official_address_and_names_the_person(clock, mayor, desk, smtp):
    event = events.ProofRequested(
        email="mairie@mezel.example",
        code="111222",
        mandate_id=mayor.pk,
    )
    (mail,) = mails(event)
    text = smtp.messages[0].get_body(("plain",)).get_content()
    assert mail.to_email == "mairie@mezel.example"
    assert mail.subject == f"Mézel{NBSP}: code pour confirmer un mandat"
    assert f"Jeanne Bruyère déclare exercer à Mézel la fonction suivante{NBSP}: maire" in text
    assert smtp.messages[0]["Reply-To"] == "ingenierie@alpes.example"


def test_a_claim_goes_to_the_desk_mailbox(clock, mayor, desk):
    (mail,) = mails(events.MandateClaimed(mandate_id=mayor.pk))
    assert (mail.to_email, mail.recipient_key) == ("ingenierie@alpes.example", "desk:04")
    assert f"depuis le 3{NBSP}mars 2026" in mail.text
    assert f"04{NBSP}92{NBSP}11{NBSP}11{NBSP}11" in mail.text


def test_without_a_mailbox_a_claim_goes_to_each_agent_in_office(clock, mayor, desk, department):
    Desk.objects.update(email="")
    body = Organisation.objects.create(kind=OrganisationKind.DESK, name="DDT", department=department)
    for name, confirmed in (("frene", True), ("noyer", True), ("gone", False)):
        Mandate.objects.create(
            user=User.objects.create_user(f"{name}@alpes.example", first_name="A", last_name=name, civility="M."),
            role=Role.INSTRUCTOR.value,
            department=department,
            organisation=body,
            function="instructeur",
            starts_on=TODAY,
            ends_on=None if confirmed else TODAY,
            status=MandateStatus.CONFIRMED if confirmed else MandateStatus.ENDED,
            proof=Proof.DESK,
            confirmed_at=portal_clock.now(),
        )
    found = mails(events.MandateClaimed(mandate_id=mayor.pk))
    assert [mail.to_email for mail in found] == ["frene@alpes.example", "noyer@alpes.example"]


@pytest.mark.parametrize(
    ("event_type", "subject", "said"),
    [
        (events.MandateConfirmed, "votre mandat est confirmé", "Vous n’avez rien à faire."),
        (events.MandateRefused, "votre mandat n’est pas confirmé", "La mairie ne vous connaît pas."),
        (events.MandateEnded, "votre mandat a pris fin sur le portail", "restent celles de la collectivité"),
    ],
)
def test_the_holder_is_told(clock, mayor, desk, event_type, subject, said):
    Mandate.objects.update(note="La mairie ne vous connaît pas.", ends_on=TODAY)
    (mail,) = mails(event_type(mandate_id=mayor.pk))
    assert mail.to_email == "maire@mezel.example"
    assert mail.subject == f"Mézel{NBSP}: {subject}"
    assert mail.text.startswith("Madame,")
    assert said in mail.text
    assert said in mail.html


def test_prefect_changed(clock, mayor, desk):
    (mail,) = mails(events.PrefectChanged(department_code="04", mandate_id=mayor.pk, on=TODAY))
    assert mail.to_email == "ingenierie@alpes.example"
    assert f"3{NBSP}mars 2026" in mail.text


def test_every_kind_has_a_label_two_templates_and_a_short_name():
    from django.template.loader import get_template

    for notification in registry._kinds.values():
        assert notification.label
        assert re.fullmatch(r"[a-z_]{3,80}", notification.kind)
        get_template(f"{notification.template}.txt")
        get_template(f"{notification.template}.html")

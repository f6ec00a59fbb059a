"""The settings of the requests: one rule, whose used versions keep their numbers; no file is edited there."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from accounts.models import User
from requests.models import FundingRule, FundingTest

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]


@pytest.fixture
def settings_client(client: Client) -> Client:
    person = User.objects.create_superuser("reglages@demo.example", first_name="Ève", last_name="Réglages")
    client.force_login(person, backend="accounts.backends.PortalBackend")
    return client


def test_nothing_else_is_edited() -> None:
    registered = {model for model in admin.site._registry if model._meta.app_label == "requests"}
    assert registered == {FundingRule}
    assert len(list(apps.get_app_config("requests").get_models())) > 30


def test_a_used_rule_keeps_its_numbers(settings_client: Client) -> None:
    rule = FundingTest.objects.first().rule
    address = f"/admin/requests/fundingrule/{rule.pk}/change/"
    page = settings_client.get(address).content.decode()
    assert 'name="text"' in page and 'name="commune_below"' not in page
    settings_client.post(address, {"text": "Une autre phrase.", "commune_below": 1})
    before = rule.commune_below
    rule.refresh_from_db()
    assert rule.text == "Une autre phrase." and rule.commune_below == before
    assert settings_client.get(address.replace("change", "delete")).status_code == 403


def test_a_new_version_is_written_and_corrected_until_it_is_used(settings_client: Client) -> None:
    values = {
        "version": 9,
        "decided_on": "2027-03-10",
        "applies_from": "2027-04-01",
        "commune_below": 5000,
        "grouping_below": 20000,
        "population_column": "population",
        "text": "Règle de 2027.",
    }
    response = settings_client.post("/admin/requests/fundingrule/add/", values)
    assert response.status_code == 302
    rule = FundingRule.objects.get(version=9)
    settings_client.post(f"/admin/requests/fundingrule/{rule.pk}/change/", values | {"commune_below": 4000})
    rule.refresh_from_db()
    assert rule.commune_below == 4000

"""Panels and figures: what higher apps register, and how a page shows it."""

from decimal import Decimal

import pytest
from django.template import engines

from common import figures, panels
from common.errors import Conflict, Invalid, NotAllowed, ServiceError


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch):
    monkeypatch.setattr(panels, "_slots", type(panels._slots)(list))
    monkeypatch.setattr(figures, "_figures", {})


def shown(rf, slot="test.slot", obj="Mézel"):
    template = engines["django"].from_string('{% load panels %}{% panels "' + slot + '" obj %}')
    return template.render({"obj": obj}, rf.get("/"))


def panel(title, order, context):
    return panels.Panel(title, f"{title}.html", context, order=order)


@pytest.fixture
def templates(monkeypatch, settings):
    settings.TEMPLATES = [
        {
            **settings.TEMPLATES[0],
            "APP_DIRS": False,
            "OPTIONS": {
                **settings.TEMPLATES[0]["OPTIONS"],
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {f"{n}.html": f"{n} {{{{ what }}}}" for n in "ABC"}),
                    "django.template.loaders.filesystem.Loader",
                ],
                "context_processors": ["django.template.context_processors.request"],
            },
        }
    ]


def test_a_slot_shows_its_panels_in_order(rf, templates):
    panels.register("test.slot", panel("B", 20, lambda request, obj: {"what": obj}))
    panels.register("test.slot", panel("A", 10, lambda request, obj: {"what": "<b>"}))
    panels.register("test.slot", panel("C", 30, lambda request, obj: None))
    html = shown(rf)
    assert html.index("A &lt;b&gt;") < html.index("B Mézel")
    assert "C" not in html
    assert 'aria-labelledby="panneau-test-slot-0"' in html
    assert '<h2 id="panneau-test-slot-0"' in html


def test_an_empty_slot_shows_nothing(rf):
    assert shown(rf) == ""


def test_a_panel_is_registered_once():
    panels.register("test.slot", panel("A", 10, lambda request, obj: {}))
    with pytest.raises(ValueError, match="twice"):
        panels.register("test.slot", panel("A", 20, lambda request, obj: {}))


def figure(code):
    return figures.Figure(code, "Demandes", "demandes", "Demandes déposées.", "requests", lambda s, p: figures.Value(1))


def test_figures_are_registered_once_and_sorted():
    for code in ("b", "a"):
        figures.register(figure(code))
    assert [each.code for each in figures.all_figures()] == ["a", "b"]
    assert figures.get("a").compute(figures.Scope(), figures.Period.year(2025)).value == 1
    with pytest.raises(ValueError, match="twice"):
        figures.register(figure("a"))


@pytest.mark.parametrize("text", ["FR", "REG-84", "DEP-04", "DEP-2A", "DEP-971"])
def test_scopes_are_read_and_written(text):
    assert str(figures.Scope.parse(text)) == text


@pytest.mark.parametrize("text", ["", "FR-84", "DEP", "COM-04121"])
def test_what_is_not_a_scope(text):
    with pytest.raises(ValueError, match=r"scope|valid"):
        figures.Scope.parse(text)


def test_an_unknown_value_is_not_zero():
    assert figures.Value(None).value is None
    assert figures.Value(Decimal("0.5"), part=1, whole=2).whole == 2


@pytest.mark.parametrize(("kind", "status"), [(Invalid, 400), (NotAllowed, 403), (Conflict, 409)])
def test_refusals(kind, status):
    error = kind("La commune est obligatoire.", field="collectivity")
    assert isinstance(error, ServiceError)
    assert (error.status, error.message, error.field, str(error)) == (
        status,
        "La commune est obligatoire.",
        "collectivity",
        "La commune est obligatoire.",
    )
    assert kind("x", code="precise").code == "precise"

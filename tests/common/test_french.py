"""Each rule of SCREENS 0, on the words it gives."""

import datetime as dt
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from common import french

N, T = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("name", "liaison", "of", "at"),
    [
        ("Mézel", 0, "de Mézel", "à Mézel"),
        ("Loir-et-Cher", 0, "de Loir-et-Cher", "à Loir-et-Cher"),
        ("Ouessant", 1, "d’Ouessant", "à Ouessant"),
        ("Le Prêcheur", 2, "du Prêcheur", "au Prêcheur"),
        ("Cantal", 2, "du Cantal", "au Cantal"),
        ("La Buisse", 3, "de La Buisse", "à La Buisse"),
        ("Creuse", 3, "de la Creuse", "à la Creuse"),
        ("Les Mées", 4, "des Mées", "aux Mées"),
        ("Ardennes", 4, "des Ardennes", "aux Ardennes"),
        ("L'Isle-sur-la-Sorgue", 5, "de L’Isle-sur-la-Sorgue", "à L’Isle-sur-la-Sorgue"),
        ("Ain", 5, "de l’Ain", "à l’Ain"),
        ("Aux Marais", 6, "des Marais", "aux Marais"),
        ("Las Illas", 7, "de Las Illas", "à Las Illas"),
        ("Los Masos", 8, "de Los Masos", "à Los Masos"),
        ("Lez-Fontaine", "0", "de Lez-Fontaine", "à Lez-Fontaine"),
        ("Leers", 0, "de Leers", "à Leers"),
    ],
)
def test_places_take_their_article_from_the_code(name, liaison, of, at):
    assert french.with_article(name, liaison) == of
    assert french.at_place(name, liaison) == at


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (15049, None, f"15{T}049"),
        (1234567, None, f"1{T}234{T}567"),
        (999, None, "999"),
        (0, None, "0"),
        (19.5, None, "19,5"),
        (Decimal("19.50"), None, "19,5"),
        (Decimal("100"), None, "100"),
        (19.5, 2, "19,50"),
        (-3, None, "−3"),
        (0.5, 0, "1"),
    ],
)
def test_numbers(value, decimals, text):
    assert french.number(value, decimals) == text


def test_amounts_and_shares():
    assert french.euros(40200) == f"40{T}200{N}€"
    assert french.euros("1234.5") == f"1{T}234,50{N}€"
    assert french.euros(19_500_000, "M") == f"19,5{N}M€"
    assert french.percent(0.891) == f"89{N}%"
    assert french.share(41, 46, "demande") == f"89{N}% (41{N}demandes sur{N}46)"
    assert french.share(0, 0, "demande") == f"0{N}demande"


@pytest.mark.parametrize(
    ("count", "nouns", "text"),
    [
        (0, ("demande", ""), f"0{N}demande"),
        (1, ("demande", ""), f"1{N}demande"),
        (1.5, ("million", ""), f"1,5{N}million"),
        (2, ("demande reçue", ""), f"2{N}demandes reçues"),
        (1250, ("canal", "canaux"), f"1{T}250{N}canaux"),
    ],
)
def test_plural_starts_at_two(count, nouns, text):
    assert french.plural(count, *nouns) == text


def test_dates_and_hours():
    assert french.day(dt.date(2026, 3, 3)) == f"3{N}mars 2026"
    assert french.day(dt.date(2026, 3, 1)) == f"1ᵉʳ{N}mars 2026"
    assert french.day(dt.date(2026, 3, 3), weekday=True) == f"mardi 3{N}mars 2026"
    assert french.day(dt.date(2026, 6, 17), year=False) == f"17{N}juin"
    assert french.hour(dt.time(14, 32)) == f"14{N}h{N}32"
    assert french.hour(dt.time(9, 5)) == f"9{N}h{N}05"
    assert french.hour(dt.time(18, 0)) == f"18{N}h"
    moment = dt.datetime(2026, 12, 31, 18, 30, tzinfo=dt.UTC)
    assert french.moment(moment, zone="de Martinique") == f"31{N}décembre 2026 à 18{N}h{N}30 (heure de Martinique)"
    assert french.ordinal(2) == "2ᵉ"
    assert french.ordinal(1, feminine=True) == "1ʳᵉ"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("0492000000", "04 92 00 00 00"),
        ("04.92.00.00.00", "04 92 00 00 00"),
        ("+33 4 92 00 00 00", "04 92 00 00 00"),
        ("+33 (0)4 92 00 00 00", "04 92 00 00 00"),
        ("0033492000000", "04 92 00 00 00"),
        ("+596 596 12 34 56", "05 96 12 34 56"),
        ("3939", "39 39"),
    ],
)
def test_telephone_numbers_are_written_by_pairs(typed, text):
    assert french.phone(typed) == text.replace(" ", N)


@pytest.mark.parametrize("typed", ["", "poste 12", "+44 20 7946 0000", "12345"])
def test_what_is_not_a_french_number_is_left_as_it_is(typed):
    assert french.phone(typed) == typed


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("« oui »", f"«{N}oui{N}»"),
        ("«oui»", f"«{N}oui{N}»"),
        ("Motif : tardif", f"Motif{N}: tardif"),
        ("Motif: tardif", f"Motif{N}: tardif"),
        ("une aide ; une autre", f"une aide{T}; une autre"),
        ("Combien ?", f"Combien{T}?"),
        ("Combien?", f"Combien{T}?"),
        ("« Combien ? »", f"«{N}Combien{T}?{N}»"),
        ("Attention !", f"Attention{T}!"),
        ("l'école", "l’école"),
        ("à suivre...", "à suivre…"),
        ("15 049 hab.", f"15{T}049{N}hab."),
        ("200 000 €", f"200{T}000{N}€"),
        ("19,5 M€", f"19,5{N}M€"),
        ("89 %", f"89{N}%"),
        ("14 h 32", f"14{N}h{N}32"),
        ("14h32", f"14{N}h{N}32"),
        ("à 18 h", f"à 18{N}h"),
        ("arrêté n° 12", f"arrêté{N}n°{N}12"),
        ("le 1er mars 2026", f"le 1ᵉʳ{N}mars 2026"),
        ("le 3 mars 2026", f"le 3{N}mars 2026"),
        ("la 2e fois", "la 2ᵉ fois"),
        ("M. Noyer et Mme Charme", f"M.{N}Noyer et Mme{N}Charme"),
    ],
)
def test_typo(typed, printed):
    assert french.typo(typed) == printed


@pytest.mark.parametrize(
    "text",
    [
        "https://exemple.fr/page?a=1;b=2",
        "à 2026-04-00012",
        "en 2024 150 demandes",
        "04 92 00 00 00",
        "écrire à guichet@alpes.fr",
        "14:32",
        "<a href=\"/x?y=1\" title='d'>",
        "&nbsp;",
    ],
)
def test_typo_leaves_alone(text):
    assert french.typo(text) == text


@given(st.text(alphabet="abM€%°«»:;!?'.…hn0123456789 \u00a0\u202f<>&er", max_size=40))
def test_typo_twice_is_typo_once(text):
    once = french.typo(text)
    assert french.typo(once) == once


def render(source, **context):
    return Template(source).render(Context(context))


def test_filters_are_there_in_every_template(settings):
    at = dt.datetime(2026, 6, 17, 8, 12, tzinfo=dt.UTC)
    assert render("{{ at|moment }}", at=at) == f"17{N}juin 2026 à 10{N}h{N}12"
    assert render('{{ at|moment:"court" }}', at=at) == f"17{N}juin à 10{N}h{N}12"
    assert render('{{ at|day:"semaine" }}', at=at) == f"mercredi 17{N}juin 2026"
    assert render("{{ at|iso }}", at=at) == "2026-06-17T10:12:00+02:00"
    assert render('{{ n|plural:"demande" }}', n=41) == f"41{N}demandes"
    assert render("{{ n|number }}", n=None) == ""
    assert render("{{ n|size }}", n=1_240_000) == f"1,2{N}Mo"


def test_typo_escapes_what_is_not_safe_and_keeps_what_is():
    assert render("{{ t|typo }}", t="<b> : oui ?") == f"&lt;b&gt;{N}: oui{T}?"
    assert render("{{ t|typo }}", t=mark_safe("<b>Oui ?</b>")) == f"<b>Oui{T}?</b>"

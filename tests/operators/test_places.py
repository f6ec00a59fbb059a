"""Where an offer holds, as people type it."""

import pytest

from operators.enums import Level
from operators.places import UnknownPlaceError, lines_of, read, text_of
from operators.values import Line

pytestmark = pytest.mark.django_db

D04 = Line("department", "04")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("département 04", [D04]),
        ("04", [D04]),
        ("Département 2a", [Line("department", "2A")]),
        ("974", [Line("department", "974")]),
        ("Alpes-de-Haute-Provence", [D04]),
        ("alpes de haute provence", [D04]),
        ("région 93", [Line("region", "93")]),
        ("arrondissement 041", [Line("arrondissement", "041")]),
        ("EPCI 200067437", [Line("epci", "200067437")]),
        ("200067437 ; 04121", [Line("epci", "200067437"), Line("commune", "04121")]),
        ("Mézel", [Line("commune", "04121")]),
        ("Digne-les-Bains", [Line("commune", "04070")]),
        ("arrondissement Digne-les-Bains", [Line("arrondissement", "043")]),
        ("Mézel (04)", [Line("commune", "04121")]),
        ("commune de rien", None),
        ("France entière", [Line("nation", "FR")]),
        (
            "département 04 sauf commune 04121, commune 04070",
            [D04, Line("commune", "04121", excluded=True), Line("commune", "04070", excluded=True)],
        ),
        ("département 04\nsauf Mézel\n05", [D04, Line("commune", "04121", excluded=True), Line("department", "05")]),
        (" ; ;\n", []),
    ],
)
def test_what_people_type(text: str, lines: list[Line] | None) -> None:
    if lines is None:
        with pytest.raises(UnknownPlaceError, match="Aucun territoire"):
            lines_of(text, "04")
    else:
        assert list(lines_of(text, "04")) == lines


def test_a_name_borne_by_several_is_asked_again_unless_one_is_of_the_department() -> None:
    """There is a Sainte-Colombe in many departments."""
    with pytest.raises(UnknownPlaceError, match=r"Plusieurs territoires.*commune \d{5}"):
        lines_of("Sainte-Colombe", "04")
    assert lines_of("Sainte-Colombe", "05") == (Line("commune", "05135"),)
    assert lines_of("Sainte-Colombe (05)", "04") == (Line("commune", "05135"),)
    with pytest.raises(UnknownPlaceError, match="Aucun territoire"):
        lines_of("Sainte-Colombe (04)", "04")


def test_written_and_read_again() -> None:
    lines = (
        D04,
        Line("epci", "200067437"),
        Line("commune", "04121", excluded=True),
        Line("commune", "04070", excluded=True),
    )
    assert lines_of(text_of(lines), "04") == lines
    assert lines_of(text_of([Line("nation", "FR")]), None) == (Line("nation", "FR"),)


def test_reading_asks_nothing_and_any_text_goes_through() -> None:
    assert [each.level for each in read("région 93 ; Mézel")] == [Level.REGION, None]
    for text in ("sauf", "sauf sauf", "région", "((((", "🙂", "x" * 5000, "04121 04070", "commune 04121 (04)"):
        read(text)


def test_names_cost_four_queries_however_many(django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        assert len(lines_of("Mézel ; Digne-les-Bains ; Sisteron (04)", "04")) == 3

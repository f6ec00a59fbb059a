"""What a PDF of the portal guarantees, read back with pikepdf."""

import io
from collections import Counter

import pikepdf
import pytest

from common.pdf import Limits, PdfError, render_pdf
from common.pdf.structure import elements, marks_of

ROWS = "".join(f"<tr><th scope='row'>Offre {n}</th><td>{n}</td></tr>" for n in range(150))
LETTER = f"""<!DOCTYPE html><html lang="fr"><head><title>Lettre de saisine</title>
<link rel="stylesheet" href="/static/portal/print.css">
<style>.head {{ position: running(head) }} @page {{ @top-left {{ content: element(head) }} }}</style></head>
<body><p class="head">En-tête courant</p><h1>Saisine de l’Agence</h1>
<p>Madame, <a href="/demandes/2026-04-00012/">votre demande</a>.</p>
<img src="/static/dsfr/dist/favicon/favicon.svg" alt="" width="20" height="20">
<img src="/static/dsfr/dist/favicon/favicon.svg" alt="Marianne" width="20" height="20">
<table><caption>Offres examinées</caption>
<thead><tr><th scope="col">Offre</th><th scope="col">Rang</th></tr></thead><tbody>{ROWS}</tbody></table>
<p>Fin.</p></body></html>"""


@pytest.fixture(scope="module")
def letter():
    return render_pdf(LETTER)


@pytest.fixture
def document(letter):
    with pikepdf.open(io.BytesIO(letter)) as opened:
        yield opened


def kinds(document):
    return Counter(str(each.S) for each in elements(document.Root.StructTreeRoot))


def test_tagged_titled_and_in_french(document):
    assert document.Root.MarkInfo.Marked
    assert str(document.Root.Lang) == "fr"
    assert document.Root.ViewerPreferences.DisplayDocTitle
    metadata = document.open_metadata()
    assert metadata["dc:title"] == "Lettre de saisine"
    assert metadata["pdfuaid:part"] == "1"
    assert kinds(document)["/H1"] == 1


def test_a_table_over_several_pages_is_one_table(document):
    assert len(document.pages) > 2
    found = kinds(document)
    assert (found["/Table"], found["/THead"], found["/Caption"]) == (1, 1, 1)
    assert found["/TR"] == 151
    assert found["/TD"] == 150


def test_every_header_has_its_scope_and_every_cell_finds_its_headers(document):
    root = document.Root.StructTreeRoot
    headers = [each for each in elements(root) if each.S == "/TH"]
    assert Counter(str(each.A.Scope) for each in headers) == {"/Column": 2, "/Row": 150}
    (leaf,) = root.IDTree.Kids
    named = {bytes(leaf.Names[i]): leaf.Names[i + 1] for i in range(0, len(leaf.Names), 2)}
    assert list(named) == sorted(named)
    for cell in (each for each in elements(root) if each.S == "/TD"):
        column, row = sorted((named[bytes(each)] for each in cell.A.Headers), key=lambda header: str(header.A.Scope))
        assert str(column.A.Scope) == "/Column"
        assert str(row.A.Scope) == "/Row"


def test_all_that_is_painted_is_spoken_of_or_decoration(document):
    """Running heads, page numbers, repeated header rows and mute images are artefacts; nothing else is unmarked."""
    spoken = marks_of(document.Root.StructTreeRoot)
    artefacts = 0
    for page in document.pages:
        open_marks: list[str] = []
        for instruction in pikepdf.parse_content_stream(page):
            operator = str(instruction.operator)
            if operator in ("BDC", "BMC"):
                open_marks.append(str(instruction.operands[0]))
                if operator == "BDC":
                    assert (page.obj.objgen, int(instruction.operands[1].MCID)) in spoken
                else:
                    assert open_marks[-1] == "/Artifact"
                    artefacts += 1
            elif operator == "EMC":
                open_marks.pop()
            elif operator in ("Tj", "TJ", "Do", "f", "S"):
                assert open_marks, "painted outside any mark"
        assert not open_marks
    assert artefacts > len(document.pages)


def test_only_images_with_a_text_are_figures(document):
    figures = [each for each in elements(document.Root.StructTreeRoot) if each.S == "/Figure"]
    assert [str(each.Alt) for each in figures] == ["Marianne"]


def test_links_lead_to_the_site_and_say_where(document, settings):
    (link,) = [note for page in document.pages for note in page.get("/Annots", [])]
    assert str(link.A.URI) == f"{settings.SITE_URL}/demandes/2026-04-00012/"
    assert str(link.Contents)


def test_same_html_same_bytes(letter):
    assert render_pdf(LETTER) == letter


def page(body, head="<title>Essai</title>"):
    return f'<!DOCTYPE html><html lang="fr"><head>{head}</head><body>{body}</body></html>'


@pytest.mark.parametrize(
    "body",
    [
        '<img src="file:///etc/passwd" alt="x">',
        '<img src="http://169.254.169.254/latest/meta-data/" alt="x">',
        '<img src="data:image/svg+xml,<svg/>" alt="x">',
        '<img src="/static/../manage.py" alt="x">',
        '<img src="/static/%2e%2e/%2e%2e/manage.py" alt="x">',
        '<link rel="stylesheet" href="//evil.example/x.css">',
        '<style>@import "file:///etc/passwd";</style>',
        '<p style="background: url(file:///etc/passwd)">x</p>',
        '<svg><image href="file:///etc/passwd"/></svg>',
        '<a rel="attachment" href="file:///etc/passwd">x</a>',
        '<object data="file:///etc/passwd"></object>',
    ],
)
def test_nothing_but_packaged_files_is_ever_read(body):
    with pytest.raises(PdfError, match="refused resource"):
        render_pdf(page(body))


def test_a_document_without_language_or_title_is_refused():
    with pytest.raises(PdfError, match="language"):
        render_pdf("<html><title>x</title><p>x")
    with pytest.raises(PdfError, match="title"):
        render_pdf('<html lang="fr"><p>x')


@pytest.mark.parametrize(
    ("limits", "body", "said"),
    [
        (Limits(html_bytes=1_000), "<p>x</p>" * 1_000, "too large"),
        (Limits(seconds=1.0), "<p>mot</p>" * 30_000, "not made within"),
        (Limits(cpu_seconds=1), "<p>mot</p>" * 30_000, "child ended"),
        (Limits(memory_bytes=200 * 1024 * 1024), "<p>mot</p>" * 30_000, "memory|child ended"),
        (Limits(pdf_bytes=1_000), "<p>x</p>", "too large"),
    ],
)
def test_a_document_beyond_its_limits_costs_a_child_only(limits, body, said):
    with pytest.raises(PdfError, match=said):
        render_pdf(page(body), limits=limits)


def test_the_child_knows_no_secret(monkeypatch):
    """Its environment is chosen name by name."""
    import subprocess

    seen = {}
    real = subprocess.run

    def spy(*arguments, **options):
        seen.update(options["env"])
        return real(*arguments, **options)

    monkeypatch.setenv("SECRET_KEY", "hidden")
    monkeypatch.setattr(subprocess, "run", spy)
    render_pdf(page("<p>x</p>"))
    assert "SECRET_KEY" not in seen
    assert "DATABASE_URL" not in seen

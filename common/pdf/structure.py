"""What WeasyPrint 70 leaves undone in a tagged PDF, repaired (MEASURED, « PDF »).

* Table headers have no ``Scope``, and the identifiers that cells refer to no ``IDTree``.
* A table over three pages is three tables: they become one, and the repeated header rows artefacts.
* Running heads, page numbers and images without alternative text are marked as content: they become artefacts.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Operator, Pdf

#: A page's object number and a marked content's number in it.
Mark = tuple[tuple[int, int], int]


class StructureError(ValueError):
    """The document cannot be made accessible; the message says what it lacks."""


def finish(pdf: bytes, tables: Sequence[int] = ()) -> bytes:
    """The repaired document; the same bytes for the same input.

    ``tables`` gives, for each ``Table`` in reading order, a number that the fragments of one table share.
    """
    with pikepdf.open(io.BytesIO(pdf)) as document:
        _check(document)
        root = document.Root.StructTreeRoot
        merge_tables(root, tables)
        drop_mute_figures(root)
        scope_headers(root)
        index_identifiers(document, root)
        artefacts(document, root)
        output = io.BytesIO()
        document.save(output, deterministic_id=True)
    return output.getvalue()


def _check(document: Pdf) -> None:
    if not str(document.Root.get("/Lang", "")):
        raise StructureError('the document has no language: <html lang="fr">')
    if not str(document.open_metadata(set_pikepdf_as_editor=False).get("dc:title") or "").strip():
        raise StructureError("the document has no title: <title>")


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K")
    if kids is None:
        return []
    return list(kids) if isinstance(kids, Array) else [kids]


def _is_element(kid: Any) -> bool:
    return isinstance(kid, Dictionary) and "/S" in kid


def elements(node: Any) -> Iterator[Any]:
    """Every structure element under this one, in reading order."""
    for kid in _kids(node):
        if _is_element(kid):
            yield kid
            yield from elements(kid)


def _of_kind(node: Any, kind: str) -> list[Any]:
    return [each for each in elements(node) if str(each.S) == kind]


def _sections(table: Any, kind: str) -> list[Any]:
    return [kid for kid in _kids(table) if _is_element(kid) and str(kid.S) == kind]


def merge_tables(root: Any, numbers: Sequence[int]) -> None:
    """The fragments of one table become one ``Table``: its first header, and the rows of all."""
    found = _of_kind(root, "/Table")
    if len(found) != len(numbers):
        return
    first: dict[int, Any] = {}
    for table, number in zip(found, numbers, strict=True):
        whole = first.setdefault(number, table)
        if whole is table:
            continue
        _refer_to_first_header(whole, table)
        for kind in ("/TBody", "/TFoot"):
            for section in _sections(table, kind):
                _append_rows(whole, section, kind)
        siblings = table.P.K
        table.P.K = Array([kid for kid in siblings if not _same(kid, table)])


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, Dictionary) and one.objgen == other.objgen and one.objgen != (0, 0)


def _append_rows(whole: Any, section: Any, kind: str) -> None:
    own = _sections(whole, kind)
    if not own:
        section.P = whole
        whole.K.append(section)
        return
    for row in _kids(section):
        row.P = own[-1]
        own[-1].K.append(row)


def _refer_to_first_header(whole: Any, fragment: Any) -> None:
    """Cells of the fragment refer to its own repeated header, which goes: they refer to the table's instead."""
    kept = [cell.get("/ID") for head in _sections(whole, "/THead") for cell in _of_kind(head, "/TH")]
    gone = [cell.get("/ID") for head in _sections(fragment, "/THead") for cell in _of_kind(head, "/TH")]
    renamed = {bytes(old): new for old, new in zip(gone, kept, strict=False) if old is not None and new is not None}
    for cell in [*_of_kind(fragment, "/TD"), *_of_kind(fragment, "/TH")]:
        attributes = cell.get("/A")
        if attributes is not None and "/Headers" in attributes:
            attributes.Headers = Array([renamed.get(bytes(each), each) for each in attributes.Headers])


def drop_mute_figures(root: Any) -> None:
    """An image without alternative text is an ornament (``alt=""``): no element speaks of it."""
    for figure in _of_kind(root, "/Figure"):
        if not str(figure.get("/Alt", "")).strip():
            figure.P.K = Array([kid for kid in figure.P.K if not _same(kid, figure)])


def scope_headers(root: Any) -> None:
    """A header in ``THead``, or in a row of headers only, is its column's; any other its row's."""
    for table in _of_kind(root, "/Table"):
        in_head = {cell.objgen for head in _sections(table, "/THead") for cell in _of_kind(head, "/TH")}
        for row in _of_kind(table, "/TR"):
            cells = [kid for kid in _kids(row) if _is_element(kid)]
            only_headers = all(cell.S == Name.TH for cell in cells)
            for cell in cells:
                if cell.S == Name.TH:
                    column = cell.objgen in in_head or (only_headers and len(cells) > 1)
                    attributes = cell.get("/A")
                    if attributes is None:
                        cell.A = attributes = Dictionary(O=Name.Table)
                    attributes.Scope = Name.Column if column else Name.Row


def index_identifiers(document: Pdf, root: Any) -> None:
    """The tree by which a reader finds the header that a cell names."""
    named = {bytes(each.ID): each for each in elements(root) if "/ID" in each}
    if named:
        names = Array()
        for identifier in sorted(named):
            names.append(pikepdf.String(identifier))
            names.append(named[identifier])
        root.IDTree = document.make_indirect(
            Dictionary(
                Kids=Array(
                    [
                        document.make_indirect(
                            Dictionary(
                                Limits=Array([pikepdf.String(min(named)), pikepdf.String(max(named))]), Names=names
                            )
                        )
                    ]
                )
            )
        )


def marks_of(root: Any) -> set[Mark]:
    """Marked content that the structure speaks of."""
    marks: set[Mark] = set()
    for element in elements(root):
        page = element.get("/Pg")
        for kid in _kids(element):
            if isinstance(kid, int) and page is not None:
                marks.add((page.objgen, int(kid)))
            elif isinstance(kid, Dictionary) and "/MCID" in kid:
                marks.add(((kid.get("/Pg") or page).objgen, int(kid.MCID)))
    return marks


def artefacts(document: Pdf, root: Any) -> None:
    """Marked content that no element speaks of is decoration: it is said to be so."""
    spoken = marks_of(root)
    numbers = root.ParentTree.Nums
    parents = {int(numbers[i]): numbers[i + 1] for i in range(0, len(numbers), 2)}
    for page in document.pages:
        instructions: list[Any] = []
        changed = False
        for instruction in pikepdf.parse_content_stream(page):
            mark = _mark(instruction)
            if mark is not None and (page.obj.objgen, mark) not in spoken:
                instructions.append(pikepdf.ContentStreamInstruction([Name.Artifact], Operator("BMC")))
                changed = True
                parent = parents.get(int(page.obj.get("/StructParents", -1)))
                if isinstance(parent, Array) and mark < len(parent):
                    parent[mark] = None
            else:
                instructions.append(instruction)
        if changed:
            page.obj.Contents = document.make_stream(pikepdf.unparse_content_stream(instructions))


def _mark(instruction: Any) -> int | None:
    if str(instruction.operator) != "BDC" or not isinstance(instruction.operands[1], Dictionary):
        return None
    mark = instruction.operands[1].get("/MCID")
    return None if mark is None else int(mark)

"""What a file really is, and whether it carries a programme. Never asked of the browser."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import magic
import pikepdf

from common.errors import Invalid
from common.french import THIN

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

#: Accepted types → extension given to the stored name.
EXTENSIONS: dict[str, str] = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
    "image/webp": "webp",
    "image/heic": "heic",
    f"{_OFFICE}wordprocessingml.document": "docx",
    f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    f"{_OFFICE}presentationml.presentation": "pptx",
    f"{_OPEN}text": "odt",
    f"{_OPEN}spreadsheet": "ods",
    f"{_OPEN}presentation": "odp",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/rtf": "rtf",
    "text/plain": "txt",
    "text/csv": "csv",
    "message/rfc822": "eml",
}
#: Other names under which libmagic knows them.
_ALIASES = {"text/rtf": "application/rtf", "application/csv": "text/csv"}
#: Shown in the page when asked for; anything else is downloaded.
SHOWN_INLINE = frozenset({"application/pdf", "image/jpeg", "image/png", "image/webp"})

_CURE = "Enregistrez-le en PDF, puis joignez-le à nouveau."
ACCEPTED_WORDS = "PDF, images, documents Word, Excel, PowerPoint ou LibreOffice, texte"


def detect(data: bytes) -> str:
    """The type that the bytes show. Compressed documents are opened: libmagic alone often says « zip »."""
    if data.startswith(b"PK\x03\x04"):
        return _inside_zip(data)
    found = magic.from_buffer(data[: 1024 * 1024], mime=True)
    return _ALIASES.get(found, found)


def _inside_zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                return archive.read("mimetype").decode("ascii", "replace").strip()
            if "[Content_Types].xml" in names:
                for part, kind in (("word/", "wordprocessingml.document"), ("xl/", "spreadsheetml.sheet")):
                    if any(name.startswith(part) for name in names):
                        return _OFFICE + kind
                if any(name.startswith("ppt/") for name in names):
                    return f"{_OFFICE}presentationml.presentation"
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, EOFError, OSError, RuntimeError):
        return "application/octet-stream"
    return "application/zip"


def examine(data: bytes) -> str:
    """The accepted type of these bytes; raises :class:`Invalid` for any other, and for one that carries a programme."""
    content_type = detect(data)
    if content_type not in EXTENSIONS:
        raise Invalid(
            f"Ce type de fichier n’est pas accepté. Formats acceptés\N{NO-BREAK SPACE}: {ACCEPTED_WORDS}. {_CURE}",
            field="file",
            code="type_not_allowed",
        )
    if content_type == "application/pdf":
        _examine_pdf(data)
    elif data.startswith(b"PK\x03\x04"):
        _examine_archive(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0") and ("_VBA_PROJECT".encode("utf-16-le") in data or b"Auto_Open" in data):
        raise _active("macros")
    return content_type


def _active(what: str) -> Invalid:
    return Invalid(
        f"Ce fichier contient des éléments actifs ({what}){THIN}; il ne peut pas être conservé. {_CURE}",
        field="file",
        code="active_content",
    )


def _examine_archive(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if any(member.flag_bits & 1 for member in members):
            raise Invalid(f"Ce fichier est protégé par un mot de passe. {_CURE}", field="file", code="encrypted")
        if sum(member.file_size for member in members) > 100 * max(len(data), 1024 * 1024):
            raise Invalid(f"Ce fichier est compressé de façon anormale. {_CURE}", field="file", code="bomb")
        for member in members:
            name = member.filename.lower()
            if name.endswith("vbaproject.bin") or name.startswith(("basic/", "scripts/")):
                raise _active("macros")
            if "/activex/" in name or ("/embeddings/" in name and name.endswith((".bin", ".exe"))):
                raise _active("objets incorporés")


#: Keys of a PDF that run, launch, embed or hide something.
_ACTIVE_KEYS = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/AA": "actions automatiques",
    "/Launch": "lancement de programme",
    "/EmbeddedFiles": "fichiers incorporés",
    "/EF": "fichiers incorporés",  # attached to a page rather than to the document
    "/RichMedia": "contenu multimédia",
    "/XFA": "formulaire dynamique",
}
_ACTIVE_ACTIONS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/RichMediaExecute"}


def _objects(document: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary of the file, nested ones included, whether reachable or not."""
    for top in document.objects:
        waiting = [top]
        while waiting:
            each = waiting.pop()
            if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
                yield each
                waiting += [value for _, value in each.items() if _is_direct_container(value)]
            elif isinstance(each, pikepdf.Array):
                waiting += [value for value in each if _is_direct_container(value)]


def _is_direct_container(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _examine_pdf(data: bytes) -> None:
    try:
        with pikepdf.open(io.BytesIO(data)) as document:
            for each in _objects(document):
                for key, what in _ACTIVE_KEYS.items():
                    if key in each:
                        raise _active(what)
                action = each.get("/S")
                if isinstance(action, pikepdf.Name) and str(action) in _ACTIVE_ACTIONS:
                    raise _active("actions")
    except pikepdf.PasswordError as error:
        raise Invalid(
            "Ce PDF est protégé par un mot de passe. Retirez la protection, puis joignez-le à nouveau.",
            field="file",
            code="encrypted",
        ) from error
    except pikepdf.PdfError as error:
        raise Invalid(f"Ce PDF est abîmé. {_CURE}", field="file", code="damaged") from error

"""The files of the official geographic code as the portal holds them: names, columns in order, least number of lines.

They come from ``@etalab/decoupage-administratif`` (Licence Ouverte 2.0): see ``fixtures/reference/README.md``. A file
is read whole and refused here for what no SQL can see: encoding, end of file, header.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from territories.loading.faults import Fault

#: UTF-8 that was read as latin-1 and saved again: « MÃ©zel ».
_TWICE_ENCODED = re.compile("[\u00c2\u00c3][\u0080-\u00bf]|\u00e2\u20ac|\ufffd")
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Source:
    """One file. ``floor`` is the least number of rows: below it the file is cut, whatever its lines say."""

    name: str
    columns: tuple[str, ...]
    floor: int

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    @property
    def table(self) -> str:
        return f"staged_{self.name}"


SOURCES: tuple[Source, ...] = (
    Source(
        "regions",
        (
            *("code", "nom", "chef_lieu", "chef_lieu_nom", "zone", "type_liaison", "population"),
            *("nb_departements", "nb_communes"),
        ),
        18,
    ),
    Source(
        "departements",
        (
            *("code", "nom", "region", "chef_lieu", "chef_lieu_nom", "zone", "type_liaison", "population"),
            *("nb_communes", "nb_epci"),
        ),
        101,
    ),
    Source("arrondissements", ("code", "nom", "departement", "region", "chef_lieu"), 310),
    Source(
        "communes",
        (
            *("code", "nom", "departement", "region", "arrondissement", "epci", "ept", "siren", "population"),
            *("codes_postaux", "zone", "type_liaison", "rang_chef_lieu", "anciens_codes"),
        ),
        33_000,
    ),
    Source(
        "epci",
        (
            *("siren", "nom", "type", "mode_financement", "departement_majoritaire", "departements"),
            *("region_majoritaire", "regions", "population", "population_municipale_fichier_epci", "nb_communes"),
        ),
        1_150,
    ),
    Source("ept", ("siren", "nom", "population", "nb_communes"), 10),
    Source("collectivites_outre_mer", ("code", "nom"), 7),
    Source("communes_com", ("code", "nom", "collectivite", "population", "codes_postaux"), 80),
    Source("communes_centroides", ("code", "latitude", "longitude"), 33_000),
    Source("communes_deleguees_associees", ("code", "nom", "type", "commune_actuelle"), 2_000),
    Source("arrondissements_municipaux", ("code", "nom", "commune", "population", "codes_postaux"), 45),
    Source("prefectures", ("departement", "nom", "commune", "commune_nom", "prefecture_de_region"), 101),
)


def read(directory: Path) -> tuple[dict[str, bytes], str, list[Fault]]:
    """The bytes of each file by name, the digest of all, and what is wrong with the files themselves."""
    contents: dict[str, bytes] = {}
    faults: list[Fault] = []
    digest = hashlib.sha256()
    for source in SOURCES:
        try:
            data = (directory / source.file).read_bytes()
        except OSError as error:
            reason = "le fichier manque" if isinstance(error, FileNotFoundError) else "le fichier est illisible"
            faults.append(Fault(source.file, 0, f"{reason} dans {directory}"))
            continue
        found = file_faults(source.file, data, source.columns)
        faults += found
        if not found:
            contents[source.name] = data
            digest.update(source.name.encode() + data)
    return contents, digest.hexdigest(), faults


def file_faults(file: str, data: bytes, columns: tuple[str, ...] | None) -> list[Fault]:
    """Encoding, end, header. ``columns`` None: any header will do."""
    if not data.strip():
        return [Fault(file, 0, "le fichier est vide")]
    if data.startswith(_BOM):
        return [Fault(file, 1, "marque d’ordre des octets (BOM) en tête : enregistrez le fichier en UTF-8 sans BOM")]
    if data.startswith(_UTF_16) or b"\x00" in data:
        return [Fault(file, 1, "le fichier n’est pas un texte en UTF-8")]
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _undecodable(file, data)
    faults = []
    if _TWICE_ENCODED.search(text):
        kind = "accents abîmés par un changement d’encodage"
        for number, line in enumerate(text.split("\n"), 1):
            if found := _TWICE_ENCODED.search(line):
                faults.append(Fault(file, number, f"{kind} (« {found.group()} »)", kind))
    if not unicodedata.is_normalized("NFC", text):
        kind = "accents décomposés (Unicode NFD au lieu de NFC)"
        for number, line in enumerate(text.split("\n"), 1):
            if not unicodedata.is_normalized("NFC", line):
                faults.append(Fault(file, number, kind, kind))
    if not data.endswith(b"\n"):
        last = text.count("\n") + 1
        faults.append(Fault(file, last, "la dernière ligne ne se termine pas : le fichier est sans doute tronqué"))
    if columns is not None:
        faults += _header_faults(file, text.split("\n", 1)[0].rstrip("\r"), columns)
    return faults


def _undecodable(file: str, data: bytes) -> list[Fault]:
    kind = "le texte n’est pas en UTF-8 (réenregistré dans un autre encodage ?)"
    faults = []
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            faults.append(Fault(file, number, f"{kind}, octet 0x{line[error.start]:02X}", kind))
    return faults


def _header_faults(file: str, header: str, columns: tuple[str, ...]) -> list[Fault]:
    found = tuple(header.split(","))
    if found == columns:
        return []
    if len(found) != len(columns):
        return [Fault(file, 1, f"{len(found)} colonnes en tête, {len(columns)} attendues ({', '.join(columns)})")]
    return [
        Fault(file, 1, f"colonne {rank} : « {name} » au lieu de « {expected} »")
        for rank, (name, expected) in enumerate(zip(found, columns, strict=True), 1)
        if name != expected
    ]

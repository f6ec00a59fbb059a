"""How names are compared: one normal form, written once in SQL and once in Python, proved equal by a test.

Accents, case, hyphens, apostrophes and punctuation do not count; œ is oe; « St » and « Ste » are « Saint » and
« Sainte ». The embedded server has no ``unaccent``: the table below is explicit, and the SQL function is IMMUTABLE, so
that a stored column and its index can rest on it.
"""

import re
import unicodedata

from django.db.models import F, Func

_ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿ"
_PLAIN = "aaaaaaceeeeiiiinooooouuuuyy"
_FOLD = str.maketrans(_ACCENTED, _PLAIN)
_OTHER = re.compile(r"[^a-z0-9]+")
_ABBREVIATIONS = {"st": "saint", "ste": "sainte"}

# Capitals are folded by the table, never by lower(): beside columns in C collation it knows ASCII only.
NORMALISE_SQL = f"""
CREATE OR REPLACE FUNCTION territories_normalise(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT trim(replace(replace(replace(
    -- doubled spaces, so that two abbreviations side by side are both seen
    '  ' || replace(regexp_replace(
      lower(replace(replace(replace(replace(
        translate(name, '{_ACCENTED}{_ACCENTED.upper()}', '{_PLAIN}{_PLAIN}'),
        'œ', 'oe'), 'Œ', 'oe'), 'æ', 'ae'), 'Æ', 'ae')),
      '[^a-z0-9]+', ' ', 'g'), ' ', '  ') || '  ',
    ' st ', ' saint '), ' ste ', ' sainte '), '  ', ' '))
$$;
CREATE OR REPLACE FUNCTION territories_terms(
  name text, other_names text, code text, siren text, postal_codes text[]
) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_to_tsvector(array_remove(array_remove(
    string_to_array(territories_normalise(name || ' ' || other_names), ' ') || lower(code) || siren || postal_codes,
    ''), NULL))
$$;
"""
#: The same, read when it is made and not when it is called: ``pg_dump`` restores with an empty search path, where a
#: text that names ``territories_normalise`` without its schema finds nothing.
TERMS_SQL = """
CREATE OR REPLACE FUNCTION territories_terms(
  name text, other_names text, code text, siren text, postal_codes text[]
) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_to_tsvector(array_remove(array_remove(
  string_to_array(territories_normalise(name || ' ' || other_names), ' ') || lower(code) || siren || postal_codes,
  ''), NULL));
"""
DROP_NORMALISE_SQL = """
DROP FUNCTION IF EXISTS territories_terms(text, text, text, text, text[]);
DROP FUNCTION IF EXISTS territories_normalise(text);
"""


def unaccented(text: str) -> str:
    """The text in small letters without accents, its words and punctuation kept."""
    return unicodedata.normalize("NFC", text).lower().translate(_FOLD).replace("œ", "oe").replace("æ", "ae")


def normalised(column: str) -> Func:
    """The normal form of a column's text, in SQL."""
    return Func(F(column), function="territories_normalise")


def normalise(text: str) -> str:
    """The normal form of a name; the same as SQL's ``territories_normalise``."""
    words = _OTHER.sub(" ", unaccented(text)).split()
    return " ".join(_ABBREVIATIONS.get(word, word) for word in words)

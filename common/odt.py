"""A text that its reader will finish: headings and paragraphs in an OpenDocument file (ODF 1.3, the State's format for
documents to be edited), that every word processor opens."""

import io
import zipfile
from collections.abc import Iterable
from xml.sax.saxutils import escape

MIME = "application/vnd.oasis.opendocument.text"

_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{MIME}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>"""

_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content office:version="1.3"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0">
<office:automatic-styles>
<style:style style:name="H" style:family="paragraph"><style:paragraph-properties fo:margin-bottom="0.5cm"/>
<style:text-properties fo:font-size="16pt" fo:font-weight="bold" fo:language="fr" fo:country="FR"/></style:style>
<style:style style:name="P" style:family="paragraph"><style:paragraph-properties fo:margin-bottom="0.3cm"/>
<style:text-properties fo:font-size="12pt" fo:language="fr" fo:country="FR"/></style:style>
</office:automatic-styles>
<office:body><office:text>
<text:h text:style-name="H" text:outline-level="1">{title}</text:h>
{paragraphs}
</office:text></office:body></office:document-content>"""


def odt(title: str, paragraphs: Iterable[str]) -> bytes:
    """The document's bytes. A newline inside a paragraph is a line of its own; control characters are dropped."""
    content = _CONTENT.format(
        title=_text(title),
        paragraphs="\n".join(f'<text:p text:style-name="P">{_text(paragraph)}</text:p>' for paragraph in paragraphs),
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MIME, zipfile.ZIP_STORED)  # first and unpacked: how readers recognise the format
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", content)
    return stream.getvalue()


def _text(value: str) -> str:
    kept = "".join(character for character in value if character >= " " or character == "\n")
    return escape(kept).replace("\n", "<text:line-break/>")

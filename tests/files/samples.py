"""Real small files of each kind, made here."""

import io
import zipfile
import zlib

import pikepdf

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xdc\xccY\xe7\0\0\0\0IEND\xaeB`\x82"
)


def pdf(change=None, **options):
    document = pikepdf.new()
    document.add_blank_page()
    if change is not None:
        change(document)
    output = io.BytesIO()
    document.save(output, **options)
    return output.getvalue()


def archive(members):
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members.items():
            written.writestr(name, content)
    return output.getvalue()


def docx(**members):
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>", **members})


def odt(**members):
    return archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>", **members})


def misnamed_archive():
    """A member's name says UTF-8 and is not."""
    return archive({"é.txt": "x"}).replace("é.txt".encode(), b"\xff\xff.txt")


def damaged_odt():
    """The deflated bytes of its mimetype mean nothing."""
    return odt().replace(zlib.compress(b"application/vnd.oasis.opendocument.text", wbits=-15)[:8], b"\xff" * 8)


def bomb():
    return docx(**{"word/media/a.bin": b"\0" * 150_000_000})


def add_javascript(document):
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def add_hidden_javascript(document):
    """In a compressed object stream, nested in a page's own dictionary."""
    document.pages[0].obj.Annots = pikepdf.Array(
        [pikepdf.Dictionary(Type=pikepdf.Name.Annot, A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe"))]
    )


def add_attachment(document):
    document.attachments["evil.exe"] = b"MZ"


def add_attachment_to_a_page(document):
    held = document.make_indirect(pikepdf.Stream(document, b"MZ"))
    document.pages[0].obj.Annots = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.FileAttachment,
                FS=pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="evil.exe", EF=pikepdf.Dictionary(F=held)),
            )
        ]
    )


def add_form(document):
    document.Root.AcroForm = document.make_indirect(pikepdf.Dictionary(XFA=pikepdf.String("<xdp/>")))


def add_opening_page(document):
    """What any word processor writes: open at the first page. Not a programme."""
    document.Root.OpenAction = pikepdf.Array([document.pages[0].obj, pikepdf.Name.Fit])


def add_uri(document):
    document.pages[0].obj.Annots = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Link,
                A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://exemple.fr"),
            )
        ]
    )


def compressed_pdf(change):
    return pdf(change, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def garbled_pdf():
    return b"%PDF-1.7\n" + zlib.compress(b"nothing of a PDF" * 50)

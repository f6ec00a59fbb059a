"""Files: bytes, empreinte, real type, scan."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "files"
    verbose_name = "fichiers"

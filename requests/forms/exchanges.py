"""What is written and joined in a conversation, whoever takes part in it."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from requests.enums import ConversationChannel

#: What a telephone or a computer offers to choose; what a file is, its bytes say (``files.content``).
ACCEPTED = "image/*,application/pdf,.odt,.ods,.odp,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.csv,.txt,.eml"
FILES_HINT = "Photos, PDF, documents de bureautique. 20 Mo au plus par fichier."


class FileInput(forms.FileInput):
    """Named as Django's own, by which ``components/field.html`` knows its markup."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; cleans to a list. Each is judged one by one by the service that keeps it."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Documents")
        options.setdefault("help_text", FILES_HINT)
        options.setdefault("widget", FileInput(attrs={"accept": ACCEPTED}))
        options.setdefault("required", False)
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given: Sequence[Any] = data if isinstance(data, list | tuple) else [data] if data else []
        if not given and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [super(FilesField, self).clean(item, initial) for item in given]


class MessageForm(forms.Form):
    """A message of one of the three conversations. ``key`` makes a second click, or the back button, harmless."""

    text = forms.CharField(
        label="Votre message",
        max_length=5000,
        error_messages={
            "required": "Écrivez votre message.",
            "max_length": "Ce message compte %(show_value)d caractères : 5 000 au plus.",
        },
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    channel = forms.ChoiceField(
        choices=ConversationChannel.choices, initial=ConversationChannel.PUBLIC, widget=forms.HiddenInput
    )
    solicitation = forms.UUIDField(required=False, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid.uuid4(), **(kwargs.get("initial") or {})}
        kwargs.setdefault("auto_id", "message-%s")
        super().__init__(*args, **kwargs)


class AttachForm(forms.Form):
    """Files joined to one of the conversations."""

    files = FilesField(  # type: ignore[assignment]
        label="Documents à joindre",
        required=True,
        error_messages={"required": "Choisissez au moins un fichier."},
    )
    channel = forms.ChoiceField(
        choices=ConversationChannel.choices, initial=ConversationChannel.PUBLIC, widget=forms.HiddenInput
    )
    solicitation = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "document-%s")
        super().__init__(*args, **kwargs)

"""Acts on a text that stands above their button: what is posted says which text was read."""

from typing import Any

from django import forms
from django.http import HttpResponse

from requests.views.acts import ActView


class ReadFirst(ActView):
    """Subclasses write ``shown()``, the mark of what their page shows, and hand ``seen`` to the service."""

    def shown(self) -> str:
        raise NotImplementedError

    def build_form(self, *, bound: bool) -> forms.Form:
        form = super().build_form(bound=bound)
        form.fields["seen"] = forms.CharField(required=False, widget=forms.HiddenInput, initial=self.shown)
        return form

    def render(self, form: Any, status: int = 200) -> HttpResponse:
        if status == 409:  # the page shows the text of now, and the next click answers that one
            form.data = form.data.copy()
            form.data["seen"] = self.shown()
        return super().render(form, status)

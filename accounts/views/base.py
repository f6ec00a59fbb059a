"""What the pages of this app share."""

from typing import Any

from django.http import HttpResponse
from django.views.generic import FormView

from common.errors import ServiceError


class ServiceFormView(FormView):
    """A form whose valid values go to one service. A refusal of the service is shown in the form, with its status."""

    #: What the page is called, in its title and its h1.
    heading = ""

    def act(self, form: Any) -> HttpResponse:
        """Calls the service and says where to go. May raise :class:`ServiceError`."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return self.act(form)
        except ServiceError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            self.refused(form, error)
            return self.render_to_response(self.get_context_data(form=form), status=error.status)

    def refused(self, form: Any, error: ServiceError) -> None:
        """A page may adapt the form that is shown again."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(heading=self.heading, **kwargs)

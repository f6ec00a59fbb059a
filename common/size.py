"""How much one request may carry: without a limit, a body is written to disk before anybody looks at it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from common.api import TooLargeError, announced, problem
from common.french import size

#: What stands around the files of a form: its other fields, and the marks between its parts.
MARGIN = 1024 * 1024


class SizeMiddleware:
    """413 above the limit, before anything reads the body: the check of forms is the first that would."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if announced(request) <= settings.REQUEST_MAX_BYTES + MARGIN:
            return self.get_response(request)
        if request.path.startswith("/api/"):
            return problem(413, TooLargeError.default_detail, code=TooLargeError.default_code, request=request)
        most = size(settings.REQUEST_MAX_BYTES)
        return HttpResponse(render_to_string("errors/413.html", {"most": most}), status=413)

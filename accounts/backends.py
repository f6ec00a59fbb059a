"""Loads the person of a session together with his mandates of the day: one query for both."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from accounts.actors import mandates_in_force
from accounts.models import User
from common import clock


class PortalBackend(ModelBackend):
    def get_user(self, user_id: Any) -> User | None:
        mandates = mandates_in_force(user_id, clock.today())
        user = mandates[0].user if mandates else User.objects.select_related("mailbox").filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        for mandate in mandates:
            mandate.user = user
        user.mandates_in_force = mandates  # type: ignore[attr-defined]
        return user

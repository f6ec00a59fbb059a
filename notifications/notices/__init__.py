"""Mails about what happens in the apps below: they know nothing of mails, so their kinds are declared here."""

from notifications.notices import accounts

__all__ = ["accounts"]

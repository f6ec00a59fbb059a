"""Settings of a running portal. ``DEBUG`` defaults to false; ``make run`` sets it. Importing them starts nothing."""

from anct_portal.settings.base import *  # noqa: F403

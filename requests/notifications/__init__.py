"""What this app tells, and in which words. Subjects start with the body: « Mézel : une aide vous est proposée ».

One module an audience; importing the package registers them all.
"""

from requests.notifications import applicant, desk, executive, messages, partners

__all__ = ["applicant", "desk", "executive", "messages", "partners"]

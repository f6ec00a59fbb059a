#!/usr/bin/env python
"""Django's command-line entry point."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anct_portal.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from anct_portal import embedded
    from common import perimeter

    if "runserver" not in sys.argv[1:2]:
        perimeter.whole_process("whoever runs a command beside the portal, and the reconciler")
    try:
        execute_from_command_line(sys.argv)
    except OperationalError:
        if embedded.nothing_runs():
            sys.exit(embedded.HOW_TO_START)
        raise


if __name__ == "__main__":
    main()

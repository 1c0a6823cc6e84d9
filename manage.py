#!/usr/bin/env python3
"""Django's command line. Production, unless the environment says otherwise; `./run manage` is for a local copy."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)

"""Shifting the legal clock, as the database's owner only."""

from datetime import datetime, timedelta

from django.db import connection

REAL = "CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()'"


class Clock:
    def shift(self, **offset: float) -> None:
        """legal_now() is the real clock plus an offset (days=, seconds=, …)."""
        seconds = timedelta(**offset).total_seconds()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                f"$$ SELECT clock_timestamp() + interval '{seconds} seconds' $$"
            )

    def set(self, at: datetime) -> None:
        """legal_now() starts at this instant and runs on."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            now = cursor.fetchone()[0]
        self.shift(seconds=(at - now).total_seconds())

    def reset(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(REAL)

"""The rates by which a value in another currency counts."""

from django.db import models
from django.db.models import Q

from core.guards import insert_only
from core.quantities import CURRENCY_LENGTH

HOME_CURRENCY = "CNY"  # in which rates are given, and values are capped where no other was stated
RATE_DIGITS, RATE_PLACES = 18, 8  # to so many places ledger_rate rounds, too


@insert_only
class ExchangeRate(models.Model):
    """What one unit of a currency is worth in CNY, for a month (its first day) of reservations."""

    month = models.DateField()
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    cny = models.DecimalField(max_digits=RATE_DIGITS, decimal_places=RATE_PLACES)

    class Meta:
        ordering = ["-month", "currency"]
        constraints = [
            models.UniqueConstraint(name="exchange_rate_once", fields=["month", "currency"]),
            models.CheckConstraint(
                name="exchange_rate_of_a_month", condition=Q(month__day=1, cny__gt=0) & ~Q(currency=HOME_CURRENCY)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.month:%Y-%m}"

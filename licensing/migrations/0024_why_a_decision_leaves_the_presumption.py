"""A decision keeps what the rules presumed, and why it was decided otherwise. Of earlier ones neither is known."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("licensing", "0023_findings_keep_a_record")]

    operations = [
        migrations.AddField(
            model_name="decisionstep", name="departure", field=models.TextField(blank=True, default="")
        ),
        migrations.AddField(
            model_name="decisionstep",
            name="presumed",
            field=models.CharField(blank=True, default="", max_length=30),
        ),
        migrations.AddConstraint(
            model_name="decisionstep",
            constraint=models.CheckConstraint(
                name="step_departure_says_why",
                condition=~Q(departure="")
                | ~Q(outcome="approve", presumed__in=["presumption_of_denial", "prohibited"])
                & ~Q(outcome="refuse", presumed="presumption_of_approval"),
            ),
        ),
    ]

"""A cause of enforcement is ended by another officer than who opened it.

What ended before this was a rule stands as it happened: the constraint binds what is written from now on.
"""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0013_questions_are_insert_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddConstraintNotValid(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('cause', 'enforcement'), _negated=True), models.Q(('ended_by__isnull', False), models.Q(('ended_by', models.F('opened_by')), _negated=True)), _connector='OR'), name='suspension_enforcement_ended_by_another'),
        ),
    ]

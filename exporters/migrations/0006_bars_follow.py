"""A bar may follow another one before the account is reinstated."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0005_changes'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='stop', name='stop_of_a_kind_open_once'),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None), ('kind', 'suspend')), fields=('exporter',), name='stop_suspends_once'),
        ),
    ]

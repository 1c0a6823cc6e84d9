"""An incident has somebody who follows it, and an end, in a row beside what was reported."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0003_customs_declarations_are_insert_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Handling',
            fields=[
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='handling', serialize=False, to='shipments.incident')),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['incident'], name='handling_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('owner', None), _negated=True), _connector='OR'), name='handling_ended_by_owner')],
            },
        ),
    ]

"""What a draft would do to the book is worked out by a worker and kept with the draft."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0030_drafts_that_two_people_sign'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Simulation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('asked', 'Waiting for a worker'), ('running', 'Being worked out'), ('done', 'Done'), ('stopped', 'Stopped')], default='asked', max_length=10)),
                ('digest', models.CharField(max_length=64)),
                ('starts_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField()),
                ('taken_until', models.DateTimeField(null=True)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('book_at', models.DateTimeField(null=True)),
                ('newest', models.BigIntegerField(help_text='The key of the newest edition that it knew.', null=True)),
                ('result', models.JSONField(null=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='simulations', to='licensing.draft')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('stage__in', ['asked', 'running'])), fields=['id'], name='simulation_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('stage', 'done'), _negated=True), models.Q(('book_at__isnull', False), ('newest__isnull', False), ('result__isnull', False)), _connector='OR'), name='simulation_done_has_a_result')],
            },
        ),
    ]

"""Each reader of a message has a delivery of his own, which waits, fails and ends by itself."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0007_province_of_an_intake_officer'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='delivery',
            name='delivery_once_a_consumer',
        ),
        migrations.RemoveIndex(
            model_name='delivery',
            name='delivery_open',
        ),
        migrations.RemoveField(
            model_name='delivery',
            name='claimed_at',
        ),
        migrations.AddField(
            model_name='delivery',
            name='to',
            field=models.CharField(blank=True, db_default='', default='', max_length=254),
        ),
        migrations.AddField(
            model_name='delivery',
            name='refused',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='delivery',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('delivered_at', None), ('ended_at', None)), fields=['due_at'], name='delivery_waiting'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('line', 'consumer', 'to'), name='delivery_once_a_reader'),
        ),
    ]

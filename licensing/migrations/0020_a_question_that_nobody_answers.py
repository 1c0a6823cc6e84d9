"""A question ends, too, when nobody says anything for 20 working days."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0012_legal_days'),
        ('licensing', '0019_the_one_supplement'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='questionentry',
            name='question_ends_once',
        ),
        migrations.AlterField(
            model_name='questionentry',
            name='kind',
            field=models.CharField(choices=[('part', 'Answered in part'), ('answer', 'Answered'), ('ask', 'Asked on'), ('read', 'Read by the reviewer'), ('close', 'Closed by the reviewer'), ('silent', 'No answer came')], max_length=6),
        ),
        migrations.AddConstraint(
            model_name='questionentry',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['answer', 'close', 'silent'])), fields=('question',), name='question_ends_once'),
        ),
    ]

"""What is said in a question, by either side, and what ends it are rows that are only added."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0011_language_of_a_person"),
        ("licensing", "0010_what_a_question_is_about"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='QuestionEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('part', 'Answered in part'), ('answer', 'Answered'), ('ask', 'Asked on'), ('read', 'Read by the reviewer'), ('close', 'Closed by the reviewer')], max_length=6)),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('due_on', models.DateField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'question entries',
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='questionentry',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='questionentry',
            name='files',
            field=models.ManyToManyField(blank=True, related_name='+', to='core.document'),
        ),
        migrations.AddField(
            model_name='questionentry',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='licensing.question'),
        ),
        migrations.AddConstraint(
            model_name='questionentry',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['answer', 'close'])), fields=('question',), name='question_ends_once'),
        ),
        migrations.AddConstraint(
            model_name='questionentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['ask', 'close']), _negated=True), models.Q(('text', ''), _negated=True), _connector='OR'), name='question_asked_or_closed_in_words'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='questionentry',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='cbacbd5913ac744afa039e44318be3c7f595c754', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_1c1f2', table='licensing_questionentry', when='BEFORE')),
        ),
    ]

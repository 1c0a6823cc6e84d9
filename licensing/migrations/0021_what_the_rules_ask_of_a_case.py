"""What the rules ask of a case and its exporter knows: the kind of transaction, and a risk. Nobody said it of older
cases, so there it stays unsaid."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("licensing", "0020_a_question_that_nobody_answers")]

    operations = [
        migrations.AddField(
            model_name="application", name="purpose", field=models.CharField(blank=True, max_length=40)
        ),
        migrations.AddField(
            model_name="application", name="red_flag", field=models.CharField(blank=True, max_length=20)
        ),
    ]

"""A case says by which mode of trade its goods are exported, and how they leave."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0043_special_circumstances'),
    ]

    operations = [
        migrations.AddField(
            model_name='application',
            name='trade_mode',
            field=models.CharField(blank=True, choices=[('ordinary', 'Ordinary trade'), ('supplied', 'Processing with supplied materials'), ('imported', 'Processing with imported materials'), ('bonded', 'Out of a bonded zone or store'), ('temporary', 'Temporary export'), ('repair', 'Goods for repair, or repaired'), ('samples', 'Samples'), ('other', 'Another mode')], db_default='', default='', max_length=12, verbose_name='mode of trade'),
        ),
        migrations.AddField(
            model_name='application',
            name='transport_mode',
            field=models.CharField(blank=True, choices=[('sea', 'By sea or inland water'), ('rail', 'By rail'), ('road', 'By road'), ('air', 'By air'), ('mail', 'By mail or courier'), ('other', 'Another way')], db_default='', default='', max_length=12, verbose_name='mode of transport'),
        ),
    ]

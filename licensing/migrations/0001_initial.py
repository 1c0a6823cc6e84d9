"""The rules, applications, licenses, and the ledger."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from pathlib import Path

from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).parent.parent / "sql"


def run(name):
    return migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None)])


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
        ('exporters', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='License',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=16, unique=True, verbose_name='number')),
                ('kind', models.CharField(choices=[('per_shipment', 'Per shipment'), ('annual', 'Annual')], max_length=12)),
                ('state', django_fsm.FSMField(choices=[('active', 'In force'), ('suspended', 'Suspended'), ('exhausted', 'Used up'), ('expired', 'Expired')], default='active', editable=False, max_length=50, protected=True)),
                ('usable_from', models.DateField()),
                ('usable_until', models.DateField()),
                ('destinations', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), size=None)),
                ('ports', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=5), blank=True, default=list, size=None)),
                ('max_clearances', models.PositiveIntegerField(blank=True, null=True)),
                ('last_cleared', models.BooleanField(default=False, help_text='The shipment that said it is the last was cleared.')),
                ('tolerance_mode', models.CharField(choices=[('none', 'None'), ('pct_line', 'Percent of each line')], default='none', max_length=20)),
                ('tolerance_pct', models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                ('edition', models.CharField(max_length=40)),
                ('next_turn_at', models.DateTimeField(help_text='When a verdict of it next begins or ends to prohibit or to hold, by the editions known.', null=True)),
                ('held', models.JSONField(default=list, help_text='The holds of which its holder was told that they stand.')),
                ('verify_code', models.CharField(max_length=10)),
                ('issued_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-pk'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='ControlItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, unique=True)),
                ('official', models.BooleanField(help_text='False: our label for a category of the announcement.')),
                ('list_name', models.CharField(max_length=20)),
                ('element', models.CharField(blank=True, max_length=10)),
                ('category', models.CharField(max_length=40)),
                ('description_en', models.TextField()),
                ('description_zh', models.TextField(blank=True)),
                ('hs_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), blank=True, default=list, size=None)),
                ('unit', models.CharField(max_length=10)),
                ('confidence', models.CharField(max_length=20)),
                ('source', models.TextField(blank=True)),
                ('note', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=16, unique=True, verbose_name='number')),
                ('state', django_fsm.FSMField(choices=[('draft', 'Draft'), ('approved', 'Approved'), ('repealed', 'Repealed')], default='draft', editable=False, max_length=50, protected=True)),
                ('title_en', models.CharField(max_length=200)),
                ('title_zh', models.CharField(max_length=200)),
                ('statement_en', models.TextField(blank=True)),
                ('statement_zh', models.TextField(blank=True)),
                ('stated_for', models.CharField(blank=True, max_length=64)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('comment_until', models.DateField(blank=True, null=True)),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('text', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-pk'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='EndUse',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('name_en', models.CharField(max_length=200)),
                ('name_zh', models.CharField(max_length=200)),
                ('position', models.PositiveSmallIntegerField()),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='Instrument',
            fields=[
                ('id', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('title_en', models.CharField(max_length=300)),
                ('title_zh', models.CharField(max_length=300)),
                ('published_on', models.DateField()),
                ('effective_from', models.DateField()),
                ('clauses', models.JSONField(blank=True, default=dict)),
                ('authority', models.CharField(max_length=20)),
                ('source', models.TextField(blank=True)),
                ('note', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=16, unique=True, verbose_name='number')),
                ('state', django_fsm.FSMField(choices=[('published', 'Made public'), ('withdrawn', 'Withdrawn')], default='published', editable=False, max_length=50, protected=True)),
                ('kind', models.CharField(choices=[('announced', 'Announced'), ('under_study', 'Under study'), ('no_change', 'No change known')], max_length=12)),
                ('dated', models.DateField()),
                ('text_en', models.TextField()),
                ('text_zh', models.TextField()),
                ('instruments', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None)),
                ('published_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('withdrawn_because', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['-dated', '-pk'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='PolicyEdition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, unique=True)),
                ('title_en', models.CharField(max_length=200)),
                ('title_zh', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('digest', models.CharField(db_index=True, max_length=64)),
                ('engine', models.PositiveSmallIntegerField()),
                ('starts_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'ordering': ['starts_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField()),
                ('about', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('goods', 'Goods and their description'), ('hs_code', 'Customs goods codes'), ('quantity', 'Quantities'), ('end_user', 'End-users'), ('end_use', 'End-use'), ('consignee', 'Who receives the goods'), ('window', 'Planned dates'), ('ports', 'Customs ports'), ('declaration', 'End-use declaration'), ('contract', 'Contract or order history'), ('tech_desc', 'Technical description or test report'), ('company', 'Papers of the company'), ('other', 'Other')], max_length=12), size=None)),
                ('text', models.TextField()),
                ('due_on', models.DateField()),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='QuestionEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('part', 'Answered in part'), ('answer', 'Answered'), ('ask', 'Asked on'), ('read', 'Read by the reviewer'), ('close', 'Closed by the reviewer'), ('silent', 'No answer came')], max_length=6)),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('due_on', models.DateField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'question entries',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='RecommendedLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.BigIntegerField()),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Screening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('party_version', models.IntegerField()),
                ('hit', models.CharField(max_length=20)),
                ('list_version', models.CharField(max_length=80)),
                ('screened_on', models.DateField()),
                ('reason', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(choices=[('author', 'Author'), ('approver', 'Approver'), ('withdrawn', 'Took the signature back')], max_length=10)),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
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
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Supplement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requested_at', models.DateTimeField()),
                ('due_on', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='SupplementAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='SupplementPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('text', models.TextField()),
            ],
            options={
                'ordering': ['supplement', 'number'],
            },
        ),
        migrations.CreateModel(
            name='Suspension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('enforcement', 'Enforcement'), ('over_clearance', 'More was cleared than the license had'), ('policy', 'The rules in force'), ('screening', 'A question about the end-user')], max_length=20)),
                ('reason', models.TextField()),
                ('rules', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('opened_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('facts', models.JSONField()),
                ('prohibited', models.JSONField(default=list)),
                ('held', models.JSONField(default=list)),
                ('forbidden', models.BooleanField(default=False)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='WindowWarning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('window', models.CharField(max_length=200)),
                ('instrument', models.CharField(max_length=60)),
                ('last_day', models.DateField(db_index=True)),
                ('stage', models.SmallIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': "warning of a window's end",
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=16, unique=True)),
                ('kind', models.CharField(choices=[('per_shipment', 'Per shipment'), ('annual', 'Annual')], max_length=12, verbose_name='kind')),
                ('state', django_fsm.FSMField(choices=[('draft', 'Draft'), ('submitted', 'Submitted'), ('supplement_required', 'Supplement needed'), ('accepted', 'Accepted'), ('under_review', 'Under review'), ('awaiting_applicant', 'Waiting for you'), ('awaiting_decision', 'With second officer'), ('approved', 'Approved'), ('issued', 'License issued'), ('refused', 'Refused'), ('not_accepted', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Lapsed')], default='draft', editable=False, max_length=50, protected=True)),
                ('contract_no', models.CharField(blank=True, max_length=80, verbose_name='contract number')),
                ('contract_on', models.DateField(blank=True, null=True, verbose_name='contract signed on')),
                ('planned_from', models.DateField(blank=True, null=True, verbose_name='planned from')),
                ('planned_until', models.DateField(blank=True, null=True, verbose_name='planned until')),
                ('destinations', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, size=None)),
                ('ports', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=5), blank=True, default=list, size=None)),
                ('purpose', models.CharField(blank=True, max_length=40)),
                ('red_flag', models.CharField(blank=True, max_length=20)),
                ('remarks', models.TextField(blank=True, verbose_name='anything else the reviewer should know')),
                ('created_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('received_at', models.DateTimeField(blank=True, null=True)),
                ('accepted_on', models.DateField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('version', models.PositiveIntegerField(default=1)),
                ('next_turn_at', models.DateTimeField(help_text='When other rules next count for open cases, or other holds, by the editions known.', null=True)),
                ('held', models.JSONField(default=list, help_text='The holds of which its holder was told that they stand.')),
                ('turned', models.JSONField(default=dict, help_text='What the rules of now say otherwise than those of the last look: to desk, to holder.')),
                ('consignees', models.ManyToManyField(blank=True, related_name='+', to='exporters.party')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='exporters.exporter')),
                ('reviewer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='ApplicationDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=60)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='documents', to='licensing.application')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ApplicationEndUser',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='end_users', to='licensing.application')),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exporters.party')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ClearanceCount',
            fields=[
                ('license', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='licensing.license')),
                ('taken', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='license',
            name='application',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='license', to='licensing.application'),
        ),
        migrations.AddField(
            model_name='license',
            name='consignees',
            field=models.ManyToManyField(related_name='+', to='exporters.party'),
        ),
        migrations.AddField(
            model_name='license',
            name='exporter',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='licenses', to='exporters.exporter'),
        ),
        migrations.CreateModel(
            name='ClockInterval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('identification', 'Identification of the goods'), ('expert', 'Expert consultation'), ('state_council', 'Approval by the State Council'), ('site_visit', 'Visit to the site')], max_length=20)),
                ('notice', models.TextField()),
                ('begins_on', models.DateField()),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('opened_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='licensing.application')),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ApplicationLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('description', models.CharField(max_length=300, verbose_name='description')),
                ('hs_code', models.CharField(blank=True, max_length=10, verbose_name='customs goods code')),
                ('quantity', models.BigIntegerField()),
                ('unit', models.CharField(max_length=10)),
                ('value', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True, verbose_name='value')),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='licensing.application')),
                ('control_item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.controlitem')),
            ],
            options={
                'ordering': ['application', 'number'],
            },
        ),
        migrations.CreateModel(
            name='DecisionStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField()),
                ('step', models.CharField(choices=[('recommend', 'Recommendation'), ('decide', 'Decision')], max_length=10)),
                ('at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('approve', 'Approve'), ('refuse', 'Refuse')], max_length=8)),
                ('months', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('max_clearances', models.PositiveIntegerField(blank=True, null=True)),
                ('conditions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('PORT_ONLY', 'Through the named ports only'), ('NO_RESALE', 'No resale'), ('NAMED_SITE_ONLY', 'Use at the named site only'), ('DELIVERY_PROOF_30D', 'Delivery proof within 30 days of each shipment')], max_length=30), blank=True, default=list, size=None)),
                ('factors', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('SECURITY', 'National security and interests'), ('OBLIGATIONS', 'International obligations'), ('EXPORT_TYPE', 'Type of export'), ('SENSITIVITY', 'Sensitivity of the item'), ('DESTINATION', 'Destination country or region'), ('END_USER', 'End-user'), ('END_USE', 'End-use'), ('CREDIT', 'Credit record of the exporter'), ('OTHER', 'Other factor provided by law')], max_length=20), blank=True, default=list, size=None)),
                ('text', models.TextField(blank=True)),
                ('note', models.TextField(blank=True)),
                ('presumed', models.CharField(blank=True, default='', max_length=30)),
                ('departure', models.TextField(blank=True, default='')),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='licensing.application')),
                ('end_users', models.ManyToManyField(blank=True, related_name='+', to='licensing.applicationenduser')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Declaration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=16, unique=True)),
                ('state', django_fsm.FSMField(choices=[('draft', 'Draft'), ('signed', 'Signed'), ('submitted', 'Submitted'), ('verified', 'Verified'), ('in_force', 'In force'), ('rejected', 'Rejected')], default='draft', editable=False, max_length=50, protected=True)),
                ('end_use_text', models.TextField(help_text='What is made with the goods, where, and who uses it; at least 50 characters.', validators=[django.core.validators.MinLengthValidator(50)], verbose_name='end-use in words')),
                ('product', models.CharField(max_length=200, verbose_name='product')),
                ('position_in_product', models.CharField(max_length=300, verbose_name='where in the product the item sits')),
                ('process', models.CharField(choices=[('as_received', 'Used as received'), ('incorporated', 'Built into a product'), ('processed', 'Processed further'), ('resold', 'Resold')], max_length=12, verbose_name='what happens to the goods')),
                ('yearly_need', models.CharField(blank=True, help_text='Needed for an annual license: kg a year, stock on hand, units made.', max_length=300, verbose_name='yearly need, stock and yield')),
                ('re_export', models.BooleanField(default=False, verbose_name="the goods or products leave the end-user's country again")),
                ('re_export_countries', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, size=None)),
                ('no_other_use', models.BooleanField(default=False, verbose_name='for no other use than the one stated')),
                ('no_transfer', models.BooleanField(default=False, verbose_name='no transfer to a third party without permission')),
                ('no_mass_destruction', models.BooleanField(default=False, verbose_name='not for weapons of mass destruction or their delivery systems')),
                ('no_military_use', models.BooleanField(default=False, verbose_name='not for military use')),
                ('verification_consent', models.BooleanField(default=False, verbose_name='a visit to verify the use is accepted')),
                ('signer_name', models.CharField(blank=True, max_length=120, verbose_name='signed by')),
                ('signer_post', models.CharField(blank=True, max_length=120, verbose_name='post')),
                ('signed_on', models.DateField(blank=True, null=True, verbose_name='signed on')),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('certificate', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
                ('end_user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='declarations', to='exporters.party', verbose_name='end-user')),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='declarations', to='exporters.exporter')),
                ('end_use', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.enduse', verbose_name='end-use')),
            ],
            options={
                'ordering': ['-pk'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.AddField(
            model_name='applicationenduser',
            name='declaration',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='used_by', to='licensing.declaration'),
        ),
        migrations.CreateModel(
            name='DeclarationItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('control_item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.controlitem')),
                ('declaration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='licensing.declaration')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('digest', models.CharField(max_length=64)),
                ('text', models.TextField()),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exporters.exporter')),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='licensing.draft')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('moment', models.CharField(max_length=12)),
                ('line_number', models.PositiveSmallIntegerField()),
                ('as_of', models.DateField()),
                ('edition', models.CharField(max_length=40)),
                ('disposition', models.CharField(max_length=30)),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=list, size=None)),
                ('matched', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('party_ref', models.CharField(max_length=16)),
                ('record', models.TextField()),
                ('found_at', models.DateTimeField()),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='licensing.application')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Follow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='follows', to='exporters.exporter')),
            ],
            options={
                'ordering': ['code'],
            },
        ),
        migrations.AddField(
            model_name='controlitem',
            name='instrument',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='licensing.instrument'),
        ),
        migrations.CreateModel(
            name='LicenseCondition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(choices=[('PORT_ONLY', 'Through the named ports only'), ('NO_RESALE', 'No resale'), ('NAMED_SITE_ONLY', 'Use at the named site only'), ('DELIVERY_PROOF_30D', 'Delivery proof within 30 days of each shipment')], max_length=30)),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conditions', to='licensing.license')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='LicenseEndUser',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('open', models.BooleanField(default=True)),
                ('declaration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.declaration')),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='end_users', to='licensing.license')),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exporters.party')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='LicenseLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('description', models.CharField(max_length=300)),
                ('hs_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), default=list, size=None)),
                ('unit', models.CharField(max_length=10)),
                ('open', models.BooleanField(default=True)),
                ('usable_from', models.DateField()),
                ('usable_until', models.DateField()),
                ('authorized', models.BigIntegerField()),
                ('credited', models.BigIntegerField(default=0)),
                ('tolerance', models.BigIntegerField(default=0)),
                ('reserved', models.BigIntegerField(default=0)),
                ('drawn', models.BigIntegerField(default=0)),
                ('lapsed', models.BigIntegerField(default=0)),
                ('over_cleared', models.BigIntegerField(default=0)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('value_authorized', models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ('value_reserved', models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ('value_drawn', models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ('control_item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.controlitem')),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exporters.exporter')),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='licensing.license')),
            ],
            options={
                'ordering': ['license', 'number'],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[run("movements")],
            state_operations=[
                migrations.CreateModel(
                    name='Movement',
                    fields=[
                        ('pk', models.CompositePrimaryKey('id', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('id', models.BigIntegerField()),
                        ('at', models.DateTimeField()),
                        ('exporter_id', models.BigIntegerField()),
                        ('license_id', models.BigIntegerField()),
                        ('line_id', models.BigIntegerField()),
                        ('line_number', models.PositiveSmallIntegerField()),
                        ('kind', models.CharField(choices=[('authorize', 'Authorize'), ('credit', 'Credit'), ('reserve', 'Reserve'), ('release', 'Release'), ('draw', 'Draw'), ('over_clear', 'Over Clear'), ('adjust', 'Adjust'), ('lapse', 'Lapse'), ('unlapse', 'Unlapse'), ('tolerance', 'Tolerance')], max_length=10)),
                        ('quantity', models.BigIntegerField()),
                        ('held', models.BooleanField(help_text='Did it come out of (or go into) a reservation?')),
                        ('shipment_id', models.BigIntegerField(null=True)),
                        ('shipment_ref', models.CharField(blank=True, max_length=16)),
                        ('available_after', models.BigIntegerField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['license_id', 'id'], name='movement_of_license')],
                    },
                ),
            ],
        ),
        run("guards"),
        migrations.RunSQL("SELECT movement_months()"),
        migrations.RunSQL("ALTER TABLE licensing_licenseline SET (fillfactor = 70)"),  # an update stays on its page
        pgtrigger.migrations.AddTrigger(
            model_name='movement',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='0760875bb69a90d817d2b5cfcdc58a0684e84550', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_b0074', table='licensing_movement', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('text_en', ''), _negated=True), models.Q(('text_zh', ''), _negated=True)), name='notice_in_both_languages'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('instruments__len__gt', 0)), name='notice_is_about_something'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_at', None), models.Q(('withdrawn_because', ''), _negated=True), _connector='OR'), name='notice_withdrawn_with_a_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='notice',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('published:withdrawn')", func='RETURN NULL;', hash='ea2e1b380daf24920ee4081ea7d49e26dae884b5', operation='UPDATE', pgid='pgtrigger_state_moves_f9a5f', table='licensing_notice', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='notice',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'published\')', execute="guard_state_begins('published')", func='RETURN NULL;', hash='483f318a910cdefb53df5b88e0a19892056f2771', operation='INSERT', pgid='pgtrigger_state_begins_cf887', table='licensing_notice', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='policyedition',
            name='draft',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='licensing.draft'),
        ),
        migrations.AddField(
            model_name='policyedition',
            name='repeals',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='repealed_by', to='licensing.policyedition'),
        ),
        migrations.AddField(
            model_name='license',
            name='judged_by',
            field=models.ForeignKey(db_index=False, help_text='The newest edition that its verdicts know.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.policyedition'),
        ),
        migrations.AddField(
            model_name='draft',
            name='base',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.policyedition'),
        ),
        migrations.AddField(
            model_name='application',
            name='judged_by',
            field=models.ForeignKey(db_index=False, help_text='The newest edition that a turn of it knows.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.policyedition'),
        ),
        migrations.AddField(
            model_name='question',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='licensing.application'),
        ),
        migrations.AddField(
            model_name='question',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
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
        migrations.AddField(
            model_name='recommendedline',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.applicationline'),
        ),
        migrations.AddField(
            model_name='recommendedline',
            name='step',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='licensing.decisionstep'),
        ),
        migrations.AddField(
            model_name='screening',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='screenings', to='licensing.application'),
        ),
        migrations.AddField(
            model_name='screening',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='screening',
            name='party',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='screenings', to='exporters.party'),
        ),
        migrations.AddField(
            model_name='signature',
            name='actor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='signature',
            name='draft',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signatures', to='licensing.draft'),
        ),
        migrations.AddField(
            model_name='simulation',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='simulation',
            name='draft',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='simulations', to='licensing.draft'),
        ),
        migrations.AddField(
            model_name='supplement',
            name='application',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='supplement', to='licensing.application'),
        ),
        migrations.AddField(
            model_name='supplement',
            name='requested_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='supplementanswer',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='supplementanswer',
            name='files',
            field=models.ManyToManyField(blank=True, related_name='+', to='core.document'),
        ),
        migrations.AddField(
            model_name='supplementpoint',
            name='supplement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='points', to='licensing.supplement'),
        ),
        migrations.AddField(
            model_name='supplementanswer',
            name='point',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='answer', to='licensing.supplementpoint'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='edition',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.policyedition'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='end_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='causes', to='licensing.licenseenduser'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suspension',
            name='license',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suspensions', to='licensing.license'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='opened_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='verdict',
            name='end_user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='licensing.licenseenduser'),
        ),
        migrations.AddField(
            model_name='verdict',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='licensing.licenseline'),
        ),
        migrations.AddField(
            model_name='windowwarning',
            name='edition',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.policyedition'),
        ),
        migrations.AddField(
            model_name='windowwarning',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.organization'),
        ),
        migrations.AddConstraint(
            model_name='clockinterval',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('begins_on')), _connector='OR'), name='pause_in_order'),
        ),
        migrations.AddConstraint(
            model_name='clockinterval',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None), ('ends_on', None)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('ends_on__isnull', False)), _connector='OR'), name='pause_ended_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='clockinterval',
            constraint=models.CheckConstraint(condition=models.Q(('notice', ''), _negated=True), name='pause_says_why'),
        ),
        migrations.AddConstraint(
            model_name='clockinterval',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('application', '='), (models.Func(models.F('begins_on'), models.F('ends_on'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='pause_one_at_a_time'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clockinterval',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."ends_on" IS NOT NULL)', execute='guard_insert_only()', func='RETURN NULL;', hash='574daf442b90cae6ba102317d61376b082331e24', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_78e80', table='licensing_clockinterval', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='applicationline',
            constraint=models.UniqueConstraint(fields=('application', 'number'), name='application_line_once'),
        ),
        migrations.AddConstraint(
            model_name='applicationline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='application_line_quantity'),
        ),
        migrations.AddConstraint(
            model_name='decisionstep',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('application', '='), ('round', '='), ('actor', '='), ('step', '<>')], name='step_nobody_takes_both'),
        ),
        migrations.AddConstraint(
            model_name='decisionstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'refuse'), _negated=True), models.Q(('factors__len__gte', 1), models.Q(('text', ''), _negated=True)), _connector='OR'), name='step_refusal_rests_on_something'),
        ),
        migrations.AddConstraint(
            model_name='decisionstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('departure', ''), _negated=True), models.Q(models.Q(('outcome', 'approve'), ('presumed__in', ['presumption_of_denial', 'prohibited']), _negated=True), models.Q(('outcome', 'refuse'), ('presumed', 'presumption_of_approval'), _negated=True)), _connector='OR'), name='step_departure_says_why'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decisionstep',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='359674b901b0ef6ab5045dc82ba4e357aa74b3a8', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_33d17', table='licensing_decisionstep', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='applicationenduser',
            constraint=models.UniqueConstraint(fields=('application', 'party'), name='application_end_user_once'),
        ),
        migrations.AddConstraint(
            model_name='declarationitem',
            constraint=models.UniqueConstraint(fields=('declaration', 'control_item'), name='declaration_item_once'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='comment_says_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='comment',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='91a2dc7e19c8c91d240afd65dbd6d4afd8805611', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_4c2a8', table='licensing_comment', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='declaration',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('certificate__isnull', False), ('no_mass_destruction', True), ('no_military_use', True), ('no_other_use', True), ('no_transfer', True), ('signed_on__isnull', False), ('verification_consent', True)), _connector='OR'), name='declaration_signed_is_complete'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='declaration',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('draft:signed', 'signed:submitted', 'submitted:rejected', 'submitted:verified', 'verified:in_force')", func='RETURN NULL;', hash='b17538be5e0a07b6ad84757d071e8af42ad77815', operation='UPDATE', pgid='pgtrigger_state_moves_5e908', table='licensing_declaration', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='declaration',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'draft\')', execute="guard_state_begins('draft')", func='RETURN NULL;', hash='951ec0e49ad7b43145dad486e3d13cd5380340b2', operation='INSERT', pgid='pgtrigger_state_begins_b34c9', table='licensing_declaration', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='finding',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='0156fd7c5deb2bcc855a5d356ce2fbd97d02bc63', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_3afd5', table='licensing_finding', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='follow',
            constraint=models.UniqueConstraint(fields=('exporter', 'code'), name='follow_once'),
        ),
        migrations.AddConstraint(
            model_name='licensecondition',
            constraint=models.UniqueConstraint(fields=('license', 'code'), name='license_condition_once'),
        ),
        migrations.AddConstraint(
            model_name='licenseenduser',
            constraint=models.UniqueConstraint(fields=('license', 'party'), name='license_end_user_once'),
        ),
        migrations.AddConstraint(
            model_name='licenseline',
            constraint=models.UniqueConstraint(fields=('license', 'number'), name='license_line_once'),
        ),
        migrations.AddConstraint(
            model_name='licenseline',
            constraint=models.CheckConstraint(condition=models.Q(('authorized__gte', 0), ('credited__gte', 0), ('drawn__gte', 0), ('lapsed__gte', 0), ('over_cleared__gte', 0), ('reserved__gte', 0), ('tolerance__gte', 0)), name='license_line_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='licenseline',
            constraint=models.CheckConstraint(condition=models.Q(('authorized__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('reserved'), '+', models.F('drawn')), '+', models.F('lapsed')), '-', models.F('credited')), '-', models.F('tolerance')))), name='license_line_within_authorized'),
        ),
        migrations.AddConstraint(
            model_name='licenseline',
            constraint=models.CheckConstraint(condition=models.Q(('value_drawn__gte', 0), ('value_reserved__gte', 0)), name='license_line_value_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='policyedition',
            constraint=models.CheckConstraint(condition=models.Q(('digest', models.Func(models.F('text'), output_field=models.CharField(), template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"))), name='policy_edition_is_its_text'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyedition',
            trigger=pgtrigger.compiler.Trigger(name='in_order', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_in_order()', func='RETURN NULL;', hash='743e65f152be95816bf790bf5f458dcb5d9eee5e', operation='INSERT', pgid='pgtrigger_in_order_de012', table='licensing_policyedition', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyedition',
            trigger=pgtrigger.compiler.Trigger(name='signed', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_signed()', func='RETURN NULL;', hash='608cc822ec38597c3830c6c5b7ec8d3d52b2c3d0', operation='INSERT', pgid='pgtrigger_signed_7bc9f', table='licensing_policyedition', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyedition',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='41360028e8d78ca0456ff026d07fa0e1a6a8c21d', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_5e374', table='licensing_policyedition', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyedition',
            trigger=pgtrigger.compiler.Trigger(name='never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='a218ee473c81412a463b5426ae157f7121defb7e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_emptied_f5157', table='licensing_policyedition', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(condition=models.Q(('state__in', ['active', 'suspended'])), fields=['usable_until'], name='license_running'),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(condition=models.Q(('state__in', ['active', 'suspended'])), fields=['judged_by'], name='license_judged'),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(condition=models.Q(('state__in', ['active', 'suspended'])), fields=['next_turn_at'], name='license_turning'),
        ),
        migrations.AddConstraint(
            model_name='license',
            constraint=models.CheckConstraint(condition=models.Q(('usable_until__gte', models.F('usable_from'))), name='license_days_in_order'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='two_people', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_two_people()', func='RETURN NULL;', hash='79a51e4261a1da2d31e6018a151c16bb38075919', operation='INSERT', pgid='pgtrigger_two_people_3f196', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:exhausted', 'active:expired', 'active:suspended', 'suspended:active', 'suspended:expired')", func='RETURN NULL;', hash='532ecbc5fff66a58f09adb4da523c0ecab85a7fb', operation='UPDATE', pgid='pgtrigger_state_moves_df82a', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'active\')', execute="guard_state_begins('active')", func='RETURN NULL;', hash='616269e1ce908ff0a5f2f726ed3beaecb5b29d09', operation='INSERT', pgid='pgtrigger_state_begins_84e49', table='licensing_license', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.CheckConstraint(condition=models.Q(('digest', models.Func(models.F('text'), output_field=models.CharField(), template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"))), name='draft_is_its_text'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='draft',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('approved:repealed', 'draft:approved')", func='RETURN NULL;', hash='f0e9599987b7e5cda6e2d034ede20bf16c0a4cc6', operation='UPDATE', pgid='pgtrigger_state_moves_48673', table='licensing_draft', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='draft',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'draft\')', execute="guard_state_begins('draft')", func='RETURN NULL;', hash='ee0435d432657c850f133b3eb9639d23b9fd9a70', operation='INSERT', pgid='pgtrigger_state_begins_1febb', table='licensing_draft', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(condition=models.Q(('state__in', ('submitted', 'supplement_required', 'accepted', 'under_review', 'awaiting_applicant', 'awaiting_decision'))), fields=['accepted_on', 'id'], name='application_open'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(condition=models.Q(('state__in', ('submitted', 'supplement_required', 'accepted', 'under_review', 'awaiting_applicant', 'awaiting_decision'))), fields=['judged_by'], name='application_judged'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(condition=models.Q(('state__in', ('submitted', 'supplement_required', 'accepted', 'under_review', 'awaiting_applicant', 'awaiting_decision'))), fields=['next_turn_at'], name='application_turning'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('planned_until', None), ('planned_from', None), ('planned_until__gte', models.F('planned_from')), _connector='OR'), name='application_window_in_order'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='application',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('accepted:under_review', 'accepted:withdrawn', 'approved:issued', 'approved:under_review', 'awaiting_applicant:under_review', 'awaiting_applicant:withdrawn', 'awaiting_decision:approved', 'awaiting_decision:refused', 'awaiting_decision:under_review', 'awaiting_decision:withdrawn', 'draft:submitted', 'draft:withdrawn', 'submitted:accepted', 'submitted:not_accepted', 'submitted:supplement_required', 'submitted:withdrawn', 'supplement_required:lapsed', 'supplement_required:submitted', 'supplement_required:withdrawn', 'under_review:awaiting_applicant', 'under_review:awaiting_decision', 'under_review:withdrawn')", func='RETURN NULL;', hash='1c2c69d4a8da447588a4aaac172c82606c28e61e', operation='UPDATE', pgid='pgtrigger_state_moves_1b73f', table='licensing_application', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='application',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'draft\')', execute="guard_state_begins('draft')", func='RETURN NULL;', hash='75a95c6ffada7e5b6b12497c877ee5f032545ad0', operation='INSERT', pgid='pgtrigger_state_begins_5d92a', table='licensing_application', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(('about__len__gte', 1)), name='question_about_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='question',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='54aa5cb4441665ebddc04bc207c6ce0016f03e2b', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_528be', table='licensing_question', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='questionentry',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['answer', 'close', 'silent'])), fields=('question',), name='question_ends_once'),
        ),
        migrations.AddConstraint(
            model_name='questionentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['ask', 'close']), _negated=True), models.Q(('text', ''), _negated=True), _connector='OR'), name='question_asked_or_closed_in_words'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='questionentry',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='cbacbd5913ac744afa039e44318be3c7f595c754', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_1c1f2', table='licensing_questionentry', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='recommendedline',
            constraint=models.UniqueConstraint(fields=('step', 'line'), name='recommended_line_once'),
        ),
        migrations.AddConstraint(
            model_name='recommendedline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 0)), name='recommended_line_quantity'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='recommendedline',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='3db5120ba7d6f0a70d00c8bed21ea8d9908d5c72', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_ec9f4', table='licensing_recommendedline', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='screening',
            constraint=models.CheckConstraint(condition=models.Q(('list_version', ''), _negated=True), name='screening_names_its_list'),
        ),
        migrations.AddConstraint(
            model_name='screening',
            constraint=models.CheckConstraint(condition=models.Q(('hit', 'none'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='screening_hit_has_a_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='screening',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='92bfbd0b97df62a19eb7bda5ac6744fccd77e336', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_ecb75', table='licensing_screening', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('part', 'withdrawn'), _negated=True), expressions=[('draft', '='), ('actor', '='), ('part', '<>')], name='signature_nobody_gives_both'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='signature',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='f23c1efd2ca82dc477b325200930aaaaeb6a4921', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_7d559', table='licensing_signature', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='simulation',
            index=models.Index(condition=models.Q(('stage__in', ['asked', 'running'])), fields=['id'], name='simulation_open'),
        ),
        migrations.AddConstraint(
            model_name='simulation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('stage', 'done'), _negated=True), models.Q(('book_at__isnull', False), ('newest__isnull', False), ('result__isnull', False)), _connector='OR'), name='simulation_done_has_a_result'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supplement',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='e1b18a7de994b4775bba84825ce4e75dec43b8e2', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_e5558', table='licensing_supplement', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='supplementpoint',
            constraint=models.UniqueConstraint(fields=('supplement', 'number'), name='supplement_point_once'),
        ),
        migrations.AddConstraint(
            model_name='supplementpoint',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='supplement_point_in_words'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supplementpoint',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='f4a16821f6f396877b648eaddde41e9a615a51ab', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_37a89', table='licensing_supplementpoint', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supplementanswer',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='6a32c3d4e5a659aba7e5893280bae9590fcb4a1d', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_6982f', table='licensing_supplementanswer', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('opened_at')), _connector='OR'), name='suspension_in_order'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('cause', 'enforcement'), _negated=True), models.Q(('ended_by__isnull', False), models.Q(('ended_by', models.F('opened_by')), _negated=True)), _connector='OR'), name='suspension_enforcement_ended_by_another'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('cause', 'policy'), _negated=True), models.Q(('ended_by', models.F('opened_by')), ('ended_by__isnull', False)), _connector='OR'), name='suspension_policy_ended_by_a_turn'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'policy'), _negated=True), models.Q(('edition__isnull', False), ('end_user__isnull', False), ('rules__len__gt', 0)), _connector='OR'), name='suspension_policy_names_its_rules'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'screening'), _negated=True), ('end_user__isnull', False), _connector='OR'), name='suspension_screening_of_an_end_user'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.UniqueConstraint(condition=models.Q(('end_user__isnull', False), ('ended_at', None)), fields=('end_user', 'cause'), name='suspension_of_an_end_user_once'),
        ),
        migrations.AddConstraint(
            model_name='verdict',
            constraint=models.UniqueConstraint(fields=('end_user', 'line'), name='verdict_once'),
        ),
        migrations.AddConstraint(
            model_name='windowwarning',
            constraint=models.UniqueConstraint(fields=('organization', 'window', 'last_day', 'stage'), name='window_warning_once'),
        ),
        migrations.AddConstraint(
            model_name='windowwarning',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', (7, 30, 90))), name='window_warning_stage'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='windowwarning',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='715267790e60d1e46ebbc13dc51ca690771043ce', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_d2863', table='licensing_windowwarning', when='BEFORE')),
        ),
    ]

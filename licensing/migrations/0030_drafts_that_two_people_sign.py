"""Rules are written as drafts, and two people sign what is put in force; a coming edition can be taken back."""

from pathlib import Path

import django.contrib.postgres.constraints
import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).parent.parent / "sql"
BEFORE = (SQL / "0025_editions_in_order.sql").read_text(encoding="utf-8")
IN_ORDER = (SQL / "0030_editions_in_order.sql").read_text(encoding="utf-8")
SIGNED = (SQL / "0030_editions_are_signed.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [
        ("licensing", "0029_holds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL([(SIGNED, None)], "DROP FUNCTION guard_signed();"),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(max_length=16, unique=True, verbose_name="number")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[("draft", "Draft"), ("approved", "Approved"), ("repealed", "Repealed")],
                        default="draft",
                        editable=False,
                        max_length=50,
                        protected=True,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("statement_en", models.TextField(blank=True)),
                ("statement_zh", models.TextField(blank=True)),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("text", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-pk"],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.CharField(choices=[("author", "Author"), ("approver", "Approver")], max_length=10)),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AlterModelOptions(
            name="policyedition",
            options={"ordering": ["starts_at", "pk"]},
        ),
        migrations.AddField(
            model_name="policyedition",
            name="repeals",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="repealed_by",
                to="licensing.policyedition",
            ),
        ),
        migrations.AlterField(
            model_name="policyedition",
            name="starts_at",
            field=models.DateTimeField(db_index=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policyedition",
            trigger=pgtrigger.compiler.Trigger(
                name="signed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="guard_signed()",
                    func="RETURN NULL;",
                    hash="608cc822ec38597c3830c6c5b7ec8d3d52b2c3d0",
                    operation="INSERT",
                    pgid="pgtrigger_signed_7bc9f",
                    table="licensing_policyedition",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="base",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="licensing.policyedition",
            ),
        ),
        migrations.AddField(
            model_name="policyedition",
            name="draft",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="editions",
                to="licensing.draft",
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="actor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="draft",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="signatures", to="licensing.draft"
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "digest",
                        models.Func(
                            models.F("text"),
                            output_field=models.CharField(),
                            template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')",
                        ),
                    )
                ),
                name="draft_is_its_text",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="draft",
            trigger=pgtrigger.compiler.Trigger(
                name="state_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))',
                    execute="guard_state_moves('approved:repealed', 'draft:approved')",
                    func="RETURN NULL;",
                    hash="f0e9599987b7e5cda6e2d034ede20bf16c0a4cc6",
                    operation="UPDATE",
                    pgid="pgtrigger_state_moves_48673",
                    table="licensing_draft",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="draft",
            trigger=pgtrigger.compiler.Trigger(
                name="state_begins",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.\"state\" IS DISTINCT FROM 'draft')",
                    execute="guard_state_begins('draft')",
                    func="RETURN NULL;",
                    hash="ee0435d432657c850f133b3eb9639d23b9fd9a70",
                    operation="INSERT",
                    pgid="pgtrigger_state_begins_1febb",
                    table="licensing_draft",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("draft", "="), ("actor", "="), ("part", "<>")], name="signature_nobody_gives_both"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signature",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    execute="guard_insert_only()",
                    func="RETURN NULL;",
                    hash="f23c1efd2ca82dc477b325200930aaaaeb6a4921",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_insert_only_7d559",
                    table="licensing_signature",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL([(IN_ORDER, None)], [(BEFORE, None)]),
    ]

"""The rules, applications, licenses and the ledger (decision 0046)."""

from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Round
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.core.validators import MinLengthValidator
from django.db import migrations, models
from django.db.models import F, PROTECT, Q
from django_fsm import FSMField, FSMModelMixin
from pgtrigger.migrations import AddTrigger

from core.migrating import Together, guard

SQL = Path(__file__).parent.parent / "sql"
USER = settings.AUTH_USER_MODEL
ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
FSM = (FSMModelMixin, models.Model)
MOVED = 'OLD."state" IS DISTINCT FROM (NEW."state")'


def run(*names):
    return migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in names])


TABLES = [
    migrations.CreateModel("Instrument", [
        ("id", models.CharField(primary_key=True, max_length=20, serialize=False)),
        ("title_en", models.CharField(max_length=300)),
        ("title_zh", models.CharField(max_length=300)),
        ("published_on", models.DateField()),
        ("effective_from", models.DateField()),
        ("clauses", models.JSONField(blank=True, default=dict)),
        ("authority", models.CharField(max_length=20)),
        ("source", models.TextField(blank=True)),
        ("note", models.TextField(blank=True)),
    ], options={"ordering": ["id"]}),
    migrations.CreateModel("ControlItem", [
        ID,
        ("code", models.CharField(max_length=20, unique=True)),
        ("official", models.BooleanField(help_text="False: our label for a category of the announcement.")),
        ("list_name", models.CharField(max_length=20)),
        ("element", models.CharField(max_length=10, blank=True)),
        ("category", models.CharField(max_length=40)),
        ("description_en", models.TextField()),
        ("description_zh", models.TextField(blank=True)),
        ("hs_codes", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=10), size=None)),
        ("unit", models.CharField(max_length=10)),
        ("confidence", models.CharField(max_length=20)),
        ("source", models.TextField(blank=True)),
        ("note", models.TextField(blank=True)),
        ("instrument", models.ForeignKey("licensing.instrument", PROTECT, related_name="items")),
    ], options={"ordering": ["pk"]}),
    migrations.CreateModel("EndUse", [
        ("code", models.CharField(primary_key=True, max_length=20, serialize=False)),
        ("name_en", models.CharField(max_length=200)),
        ("name_zh", models.CharField(max_length=200)),
        ("position", models.PositiveSmallIntegerField()),
    ], options={"ordering": ["position"]}),
    migrations.CreateModel("Declaration", [
        ID,
        ("ref", models.CharField(max_length=16, unique=True)),
        ("state", FSMField(max_length=50, default="draft", editable=False, choices=[("draft", "Draft"),
            ("signed", "Signed"), ("submitted", "Submitted"), ("queried", "Question open"), ("verified", "Verified"),
            ("in_force", "In force"), ("rejected", "Rejected"), ("superseded", "Replaced"), ("expired", "Expired"),
            ("invalid", "Invalid")], protected=True)),
        ("end_use_text", models.TextField(verbose_name="end-use in words",
            help_text="What is made with the goods, where, and who uses it; at least 50 characters.",
            validators=[MinLengthValidator(50)])),
        ("product", models.CharField(verbose_name="product", max_length=200)),
        ("position_in_product", models.CharField(verbose_name="where in the product the item sits", max_length=300)),
        ("process", models.CharField(verbose_name="what happens to the goods", max_length=12,
            choices=[("as_received", "Used as received"), ("incorporated", "Built into a product"),
            ("processed", "Processed further"), ("resold", "Resold")])),
        ("yearly_need", models.CharField(verbose_name="yearly need, stock and yield", max_length=300, blank=True,
            help_text="Needed for an annual license: kg a year, stock on hand, units made.")),
        ("re_export", models.BooleanField(verbose_name="the goods or products leave the end-user's country again",
            default=False)),
        ("re_export_countries", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=2),
            size=None)),
        ("no_other_use", models.BooleanField(verbose_name="for no other use than the one stated", default=False)),
        ("no_transfer", models.BooleanField(verbose_name="no transfer to a third party without permission",
            default=False)),
        ("no_mass_destruction",
            models.BooleanField(verbose_name="not for weapons of mass destruction or their delivery systems",
            default=False)),
        ("no_military_use", models.BooleanField(verbose_name="not for military use", default=False)),
        ("verification_consent",
            models.BooleanField(verbose_name="a visit to verify the use is accepted", default=False)),
        ("signer_name", models.CharField(verbose_name="signed by", max_length=120, blank=True)),
        ("signer_post", models.CharField(verbose_name="post", max_length=120, blank=True)),
        ("signed_on", models.DateField(verbose_name="signed on", blank=True, null=True)),
        ("version", models.PositiveIntegerField(default=1)),
        ("created_at", models.DateTimeField()),
        ("certificate", models.ForeignKey("core.document", PROTECT, blank=True, null=True, related_name="+")),
        ("end_user", models.ForeignKey("exporters.party", PROTECT, verbose_name="end-user",
            related_name="declarations")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="declarations")),
        ("end_use", models.ForeignKey("licensing.enduse", PROTECT, verbose_name="end-use", related_name="+")),
        ("attached_at", models.DateTimeField(null=True, editable=False)),
        ("as_signed", models.JSONField(null=True, editable=False,
            help_text="By field what it said, and its end-user's entry, when it was signed last.")),
        ("original_note", models.CharField(max_length=300, blank=True, db_default="", editable=False)),
        ("original_received_on",
            models.DateField(verbose_name="paper original received on", null=True, editable=False)),
    ], options={
        "ordering": ["-pk"],
        "constraints": [
            models.CheckConstraint(name="declaration_signed_is_complete", condition=Q(state="draft")
                | Q(certificate__isnull=False, no_mass_destruction=True, no_military_use=True, no_other_use=True,
                no_transfer=True, signed_on__isnull=False, verification_consent=True)),
            models.CheckConstraint(name="declaration_original_is_signed", condition=Q(original_received_on=None)
                | Q(original_received_on__gte=F("signed_on"), signed_on__isnull=False)),
        ],
        "triggers": [
            guard("licensing.Declaration", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'draft\'',
                runs="state_begins('draft')"),
            guard("licensing.Declaration", "state_moves", "UPDATE", MOVED,
                runs="state_moves('draft:signed', 'in_force:invalid', 'in_force:superseded', 'queried:draft', "
                "'queried:rejected', 'queried:submitted', 'signed:submitted', 'submitted:queried', "
                "'submitted:rejected', 'submitted:verified', 'superseded:invalid', 'verified:expired', "
                "'verified:in_force', 'verified:invalid')"),
            guard("licensing.Declaration", "takes_two_to_invalidate", "UPDATE",
                'OLD."state" IS DISTINCT FROM (NEW."state") AND NEW."state" = \'invalid\'',
                runs="countersigned('declaration', 'id', 'invalidate')"),
        ],
    }, bases=FSM),
    migrations.CreateModel("DeclarationEntry", [
        ID,
        ("kind", models.CharField(max_length=6, choices=[("ask", "Question to the exporter"), ("answer", "Answered"),
            ("redo", "Taken back to be signed anew")])),
        ("at", models.DateTimeField()),
        ("text", models.TextField(blank=True)),
        ("before", models.JSONField(null=True)),
        ("by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("declaration", models.ForeignKey("licensing.declaration", PROTECT, related_name="thread")),
        ("files", models.ManyToManyField("core.document", blank=True, related_name="+")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="declaration_said_in_words", condition=Q(kind="answer") | ~Q(text="")),
        ],
        "triggers": [
            guard("licensing.DeclarationEntry", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("DeclarationItem", [
        ID,
        ("control_item", models.ForeignKey("licensing.controlitem", PROTECT, related_name="+")),
        ("declaration", models.ForeignKey("licensing.declaration", models.CASCADE, related_name="items")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="declaration_item_once", fields=("declaration", "control_item")),
        ],
    }),
    migrations.CreateModel("Draft", [
        ID,
        ("ref", models.CharField(verbose_name="number", max_length=16, unique=True)),
        ("state", FSMField(max_length=50, default="draft", editable=False, choices=[("draft", "Draft"),
            ("approved", "Approved"), ("repealed", "Repealed")], protected=True)),
        ("title_en", models.CharField(max_length=200)),
        ("title_zh", models.CharField(max_length=200)),
        ("statement_en", models.TextField(blank=True)),
        ("statement_zh", models.TextField(blank=True)),
        ("stated_for", models.CharField(max_length=64, blank=True)),
        ("published_at", models.DateTimeField(blank=True, null=True)),
        ("comment_until", models.DateField(blank=True, null=True)),
        ("starts_on", models.DateField(blank=True, null=True)),
        ("text", models.TextField()),
        ("digest", models.CharField(max_length=64)),
        ("created_at", models.DateTimeField()),
        ("base", models.ForeignKey("licensing.policyedition", PROTECT, related_name="+", db_index=False)),
    ], options={
        "ordering": ["-pk"],
        "constraints": [
            models.CheckConstraint(name="draft_is_its_text", condition=Q(digest=models.Func(F("text"),
                output_field=models.CharField(),
                template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"))),
        ],
        "triggers": [
            guard("licensing.Draft", "state_moves", "UPDATE", MOVED,
                runs="state_moves('approved:repealed', 'draft:approved')"),
            guard("licensing.Draft", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'draft\'',
                runs="state_begins('draft')"),
        ],
    }, bases=FSM),
    migrations.CreateModel("Signature", [
        ID,
        ("part", models.CharField(max_length=10, choices=[("author", "Author"), ("approver", "Approver"),
            ("withdrawn", "Took the signature back")])),
        ("digest", models.CharField(max_length=64)),
        ("at", models.DateTimeField()),
        ("actor", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("draft", models.ForeignKey("licensing.draft", PROTECT, related_name="signatures")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            ExclusionConstraint(name="signature_nobody_gives_both",
                expressions=[("draft", "="), ("actor", "="), ("part", "<>")], condition=~Q(part="withdrawn")),
        ],
        "triggers": [
            guard("licensing.Signature", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("PolicyEdition", [
        ID,
        ("code", models.CharField(max_length=40, unique=True)),
        ("title_en", models.CharField(max_length=200)),
        ("title_zh", models.CharField(max_length=200)),
        ("text", models.TextField()),
        ("digest", models.CharField(max_length=64, db_index=True)),
        ("engine", models.PositiveSmallIntegerField()),
        ("starts_at", models.DateTimeField(db_index=True)),
        ("draft", models.ForeignKey("licensing.draft", PROTECT, null=True, related_name="editions", db_index=False)),
        ("repeals", models.ForeignKey("licensing.policyedition", PROTECT, null=True, related_name="repealed_by",
            db_index=False)),
    ], options={
        "ordering": ["starts_at", "pk"],
        "constraints": [
            models.CheckConstraint(name="policy_edition_is_its_text", condition=Q(digest=models.Func(F("text"),
                output_field=models.CharField(),
                template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"))),
        ],
        "triggers": [
            guard("licensing.PolicyEdition", "in_order", "INSERT"),
            guard("licensing.PolicyEdition", "signed", "INSERT"),
            guard("licensing.PolicyEdition", "insert_only", "UPDATE OR DELETE"),
            guard("licensing.PolicyEdition", "never_emptied", "TRUNCATE", runs="insert_only", level="STATEMENT"),
        ],
    }),
    migrations.CreateModel("Inquiry", [
        ID,
        ("ref", models.CharField(max_length=16, unique=True)),
        ("state", FSMField(max_length=50, default="asked", editable=False, choices=[("asked", "Asked"),
            ("signed", "Answered"), ("withdrawn", "Withdrawn")], protected=True)),
        ("description", models.TextField(verbose_name="description")),
        ("composition", models.JSONField(verbose_name="contained elements, at most", blank=True, default=dict)),
        ("hs_code", models.CharField(verbose_name="customs goods code", max_length=10, blank=True)),
        ("asked_at", models.DateTimeField()),
        ("reason", models.TextField(blank=True, editable=False)),
        ("signed_at", models.DateTimeField(null=True, editable=False)),
        ("control_item", models.ForeignKey("licensing.controlitem", PROTECT, null=True, editable=False,
            related_name="+")),
        ("edition", models.ForeignKey("licensing.policyedition", PROTECT, null=True, editable=False,
            related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="inquiries")),
        ("files", models.ManyToManyField("core.document", blank=True, related_name="+")),
    ], options={
        "verbose_name_plural": "inquiries",
        "ordering": ["-pk"],
        "constraints": [
            models.CheckConstraint(name="inquiry_describes_goods", condition=~Q(description="")),
            models.CheckConstraint(name="inquiry_signed_is_answered",
                condition=(Q(edition__isnull=False, signed_at__isnull=False, state="signed") & ~Q(reason=""))
                | (~Q(state="signed") & Q(control_item=None, edition=None, reason="", signed_at=None))),
        ],
        "triggers": [
            guard("licensing.Inquiry", "state_moves", "UPDATE", MOVED,
                runs="state_moves('asked:signed', 'asked:withdrawn')"),
            guard("licensing.Inquiry", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'asked\'',
                runs="state_begins('asked')"),
            guard("licensing.Inquiry", "takes_two_to_sign", "UPDATE",
                'OLD."state" IS DISTINCT FROM (NEW."state") AND NEW."state" = \'signed\'',
                runs="countersigned('inquiry', 'id', 'sign')"),
        ],
    }, bases=FSM),
    migrations.CreateModel("Application", [
        ID,
        ("ref", models.CharField(max_length=16, unique=True)),
        ("kind", models.CharField(verbose_name="kind", max_length=12, choices=[("per_shipment", "Per shipment"),
            ("annual", "Annual"), ("amendment", "Change of a license"), ("special", "Special circumstances")])),
        ("state", FSMField(max_length=50, default="draft", editable=False, choices=[("draft", "Draft"),
            ("submitted", "Submitted"), ("supplement_required", "Supplement needed"), ("accepted", "Accepted"),
            ("under_review", "Under review"), ("awaiting_applicant", "Waiting for you"),
            ("awaiting_decision", "With second officer"), ("approved", "Approved"), ("issued", "License issued"),
            ("refused", "Refused"), ("under_reconsideration", "Under reconsideration"),
            ("refused_final", "Refused, final"), ("not_accepted", "Not accepted"), ("withdrawn", "Withdrawn"),
            ("lapsed", "Lapsed")], protected=True)),
        ("contract_no", models.CharField(verbose_name="contract number", max_length=80, blank=True)),
        ("contract_on", models.DateField(verbose_name="contract signed on", blank=True, null=True)),
        ("planned_from", models.DateField(verbose_name="planned from", blank=True, null=True)),
        ("planned_until", models.DateField(verbose_name="planned until", blank=True, null=True)),
        ("destinations", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=2), size=None)),
        ("ports", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=5), size=None)),
        ("purpose", models.CharField(max_length=40, blank=True)),
        ("red_flag", models.CharField(max_length=20, blank=True)),
        ("remarks", models.TextField(verbose_name="anything else the reviewer should know", blank=True)),
        ("created_at", models.DateTimeField()),
        ("submitted_at", models.DateTimeField(blank=True, null=True)),
        ("received_at", models.DateTimeField(blank=True, null=True)),
        ("accepted_on", models.DateField(blank=True, null=True)),
        ("decided_at", models.DateTimeField(blank=True, null=True)),
        ("round", models.PositiveSmallIntegerField(default=0)),
        ("version", models.PositiveIntegerField(default=1)),
        ("next_turn_at", models.DateTimeField(null=True,
            help_text="When other rules next count for open cases, or other holds, by the editions known.")),
        ("held", models.JSONField(default=list, help_text="The holds of which its holder was told that they stand.")),
        ("turned", models.JSONField(default=dict,
            help_text="What the rules of now say otherwise than those of the last look: to desk, to holder.")),
        ("consignees", models.ManyToManyField("exporters.party", blank=True, related_name="+")),
        ("created_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="applications")),
        ("reviewer", models.ForeignKey(USER, PROTECT, blank=True, null=True, related_name="+")),
        ("judged_by", models.ForeignKey("licensing.policyedition", PROTECT, null=True,
            help_text="The newest edition that a turn of it knows.", related_name="+", db_index=False)),
        ("changed_at", models.DateTimeField(blank=True, null=True)),
        ("amends", models.ForeignKey("licensing.license", PROTECT, null=True,
            help_text="The license that it asks to change.", related_name="amendments")),
        ("copied_case", models.ForeignKey("licensing.application", PROTECT, null=True,
            help_text="The case that its draft began with.", related_name="+", db_index=False)),
        ("copied_license", models.ForeignKey("licensing.license", PROTECT, null=True,
            help_text="The license that its draft began with.", related_name="+", db_index=False)),
        ("renews", models.ForeignKey("licensing.license", PROTECT, null=True,
            help_text="The license after whose last day it asks for another.", related_name="renewals",
            db_index=False)),
        ("circumstances", models.TextField(verbose_name="special circumstances", blank=True, default="", db_default="",
            help_text="Why it should be licensed in spite of a prohibition: of what asks for such a license.")),
        ("trade_mode", models.CharField(verbose_name="mode of trade", max_length=12, blank=True, default="",
            db_default="", choices=[("ordinary", "Ordinary trade"), ("supplied", "Processing with supplied materials"),
            ("imported", "Processing with imported materials"), ("bonded", "Out of a bonded zone or store"),
            ("temporary", "Temporary export"), ("repair", "Goods for repair, or repaired"), ("samples", "Samples"),
            ("other", "Another mode")])),
        ("transport_mode", models.CharField(verbose_name="mode of transport", max_length=12, blank=True, default="",
            db_default="", choices=[("sea", "By sea or inland water"), ("rail", "By rail"), ("road", "By road"),
            ("air", "By air"), ("mail", "By mail or courier"), ("other", "Another way")])),
        ("contract_value", models.DecimalField(verbose_name="contract value", blank=True, null=True,
            help_text="As the contract says it; null where it is what the lines are worth.", max_digits=18,
            decimal_places=2)),
        ("currency", models.CharField(verbose_name="currency", max_length=3, blank=True, default="", db_default="",
            help_text="Of its contract, and so of each of its prices: one of licensing.words.currencies.")),
        ("payment_terms", models.CharField(verbose_name="payment terms", max_length=200, blank=True, default="",
            db_default="")),
    ], options={
        "ordering": ["-pk"],
        "indexes": [
            models.Index(name="application_open", fields=["accepted_on", "id"], condition=Q(state__in=("submitted",
                "supplement_required", "accepted", "under_review", "awaiting_applicant", "awaiting_decision"))),
            models.Index(name="application_judged", fields=["judged_by"], condition=Q(state__in=("submitted",
                "supplement_required", "accepted", "under_review", "awaiting_applicant", "awaiting_decision"))),
            models.Index(name="application_turning", fields=["next_turn_at"], condition=Q(state__in=("submitted",
                "supplement_required", "accepted", "under_review", "awaiting_applicant", "awaiting_decision"))),
        ],
        "constraints": [
            models.CheckConstraint(name="application_window_in_order", condition=Q(planned_until=None)
                | Q(planned_from=None) | Q(planned_until__gte=F("planned_from"))),
            models.CheckConstraint(name="application_amends_as_its_kind",
                condition=Q(amends__isnull=False, kind="amendment") | (~Q(kind="amendment") & Q(amends=None))),
            models.UniqueConstraint(name="application_amends_one_at_a_time", fields=("amends",),
                condition=Q(state__in=("draft", "submitted", "supplement_required", "accepted", "under_review",
                "awaiting_applicant", "awaiting_decision", "under_reconsideration", "approved"))),
            models.CheckConstraint(name="application_begins_with_one",
                condition=Q(amends=None, copied_license=None, renews=None)
                | Q(amends=None, copied_case=None, renews=None) | Q(amends=None, copied_case=None, copied_license=None)
                | Q(copied_case=None, copied_license=None, renews=None)),
            models.CheckConstraint(name="application_renews_annual", condition=Q(renews=None) | Q(kind="annual")),
            models.UniqueConstraint(name="application_renews_once", fields=("renews",), condition=Q(state__in=("draft",
                "submitted", "supplement_required", "accepted", "under_review", "awaiting_applicant",
                "awaiting_decision", "under_reconsideration", "approved", "issued"))),
            models.CheckConstraint(name="application_special_says_why", condition=~Q(kind="special")
                | Q(submitted_at=None) | Q(circumstances__regex=".{50}")),
            models.CheckConstraint(name="application_usual_says_none", condition=Q(kind__in=["special", "amendment"])
                | Q(circumstances="")),
            models.CheckConstraint(name="application_currency_known", condition=Q(currency__regex="^([A-Z]{3})?$")),
            models.CheckConstraint(name="application_contract_value", condition=Q(contract_value=None)
                | Q(contract_value__gt=0, contract_value__lte=1000000000000000)),
        ],
        "triggers": [
            guard("licensing.Application", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'draft\'',
                runs="state_begins('draft')"),
            guard("licensing.Application", "state_moves", "UPDATE", MOVED,
                runs="state_moves('accepted:under_review', 'accepted:withdrawn', 'approved:issued', "
                "'approved:under_review', 'awaiting_applicant:under_review', 'awaiting_applicant:withdrawn', "
                "'awaiting_decision:approved', 'awaiting_decision:refused', 'awaiting_decision:under_review', "
                "'awaiting_decision:withdrawn', 'draft:submitted', 'draft:withdrawn', "
                "'refused:under_reconsideration', 'submitted:accepted', 'submitted:not_accepted', "
                "'submitted:supplement_required', 'submitted:withdrawn', 'supplement_required:lapsed', "
                "'supplement_required:submitted', 'supplement_required:withdrawn', 'under_reconsideration:approved', "
                "'under_reconsideration:refused_final', 'under_reconsideration:under_review', "
                "'under_review:awaiting_applicant', 'under_review:awaiting_decision', 'under_review:withdrawn')"),
        ],
    }, bases=FSM),
    migrations.CreateModel("ApplicationLine", [
        ID,
        ("number", models.PositiveSmallIntegerField()),
        ("description", models.CharField(verbose_name="description", max_length=300)),
        ("hs_code", models.CharField(verbose_name="customs goods code", max_length=10, blank=True)),
        ("quantity", models.BigIntegerField()),
        ("unit", models.CharField(max_length=10)),
        ("application", models.ForeignKey("licensing.application", models.CASCADE, related_name="lines")),
        ("control_item", models.ForeignKey("licensing.controlitem", PROTECT, related_name="+")),
        ("composition", models.JSONField(verbose_name="contained elements, at most", blank=True, default=dict,
            db_default={},
            help_text="By mass: {symbol: fraction as a decimal string}. The license's line has it as its upper "
            "bound.")),
        ("inquiry", models.ForeignKey("licensing.inquiry", PROTECT, verbose_name="item inquiry", blank=True, null=True,
            related_name="+")),
        ("unit_price", models.DecimalField(verbose_name="unit price", blank=True, null=True, max_digits=18,
            decimal_places=4)),
        ("value", models.GeneratedField(null=True, db_persist=True,
            expression=Round(F("quantity") * F("unit_price")
            * models.Case(models.When(unit="kg", then=Decimal("0.001")), default=Decimal("1")), precision=2),
            output_field=models.DecimalField(max_digits=18, decimal_places=2))),
        ("composition_basis", models.CharField(verbose_name="how its contents are known", max_length=8, blank=True,
            default="", db_default="", choices=[("measured", "Measured"), ("declared", "Declared by the maker")])),
        ("maker", models.CharField(verbose_name="maker", max_length=200, blank=True, default="", db_default="")),
        ("origin", models.ForeignKey("core.country", PROTECT, verbose_name="country of origin", blank=True, null=True,
            related_name="+")),
        ("purity", models.DecimalField(verbose_name="purity", blank=True, null=True,
            help_text="In percent of the mass.", max_digits=7, decimal_places=4)),
        ("specification", models.CharField(verbose_name="model or specification", max_length=120, blank=True,
            default="", db_default="")),
    ], options={
        "ordering": ["application", "number"],
        "constraints": [
            models.UniqueConstraint(name="application_line_once", fields=("application", "number")),
            models.CheckConstraint(name="application_line_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="application_line_unit_price", condition=Q(unit_price=None)
                | Q(unit_price__gt=0, unit_price__lte=1000000000000)),
            models.CheckConstraint(name="application_line_value", condition=Q(value=None)
                | Q(value__lte=1000000000000000)),
            models.CheckConstraint(name="application_line_purity", condition=Q(purity=None)
                | Q(purity__gt=0, purity__lte=100)),
            models.CheckConstraint(name="application_line_basis",
                condition=Q(composition_basis__in=["", "measured", "declared"])),
        ],
    }),
    migrations.CreateModel("ApplicationEndUser", [
        ID,
        ("application", models.ForeignKey("licensing.application", models.CASCADE, related_name="end_users")),
        ("party", models.ForeignKey("exporters.party", PROTECT, related_name="+")),
        ("declaration", models.ForeignKey("licensing.declaration", PROTECT, related_name="used_by")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="application_end_user_once", fields=("application", "party")),
        ],
    }),
    migrations.CreateModel("ApplicationDocument", [
        ID,
        ("type", models.CharField(max_length=60)),
        ("application", models.ForeignKey("licensing.application", models.CASCADE, related_name="documents")),
        ("document", models.ForeignKey("core.document", PROTECT, related_name="+")),
    ], options={"ordering": ["pk"]}),
    migrations.CreateModel("Finding", [
        ID,
        ("moment", models.CharField(max_length=12)),
        ("line_number", models.PositiveSmallIntegerField()),
        ("as_of", models.DateField()),
        ("edition", models.CharField(max_length=40)),
        ("disposition", models.CharField(max_length=30)),
        ("channels", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=30), size=None)),
        ("matched", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=60), size=None)),
        ("party_ref", models.CharField(max_length=16)),
        ("record", models.TextField()),
        ("found_at", models.DateTimeField()),
        ("application", models.ForeignKey("licensing.application", PROTECT, related_name="findings")),
    ], options={
        "ordering": ["pk"],
        "triggers": [
            guard("licensing.Finding", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("DecisionStep", [
        ID,
        ("round", models.PositiveSmallIntegerField()),
        ("step", models.CharField(max_length=10, choices=[("recommend", "Recommendation"), ("decide", "Decision"),
            ("reconsider", "Reconsideration")])),
        ("at", models.DateTimeField()),
        ("outcome", models.CharField(max_length=8, choices=[("approve", "Approve"), ("refuse", "Refuse"),
            ("quash", "Quash the refusal")])),
        ("months", models.PositiveSmallIntegerField(blank=True, null=True)),
        ("max_clearances", models.PositiveIntegerField(blank=True, null=True)),
        ("conditions", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=30,
            choices=[("PORT_ONLY", "Through the named ports only"), ("NO_RESALE", "No resale"),
            ("NAMED_SITE_ONLY", "Use at the named site only"), ("DELIVERY_PROOF_30D",
            "Delivery proof within 30 days of each shipment")]), size=None)),
        ("factors", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=20,
            choices=[("SECURITY", "National security and interests"), ("OBLIGATIONS", "International obligations"),
            ("EXPORT_TYPE", "Type of export"), ("SENSITIVITY", "Sensitivity of the item"),
            ("DESTINATION", "Destination country or region"), ("END_USER", "End-user"), ("END_USE", "End-use"),
            ("CREDIT", "Credit record of the exporter"), ("OTHER", "Other factor provided by law")]), size=None)),
        ("text", models.TextField(blank=True)),
        ("note", models.TextField(blank=True)),
        ("presumed", models.CharField(max_length=30, blank=True, default="")),
        ("departure", models.TextField(blank=True, default="")),
        ("actor", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("application", models.ForeignKey("licensing.application", PROTECT, related_name="steps")),
        ("end_users", models.ManyToManyField("licensing.applicationenduser", blank=True, related_name="+")),
        ("tolerance_mode", models.CharField(max_length=20, db_default="none", choices=[("none", "None"),
            ("pct_line", "Percent of each line"), ("pct_remaining_final",
            "Percent of what remains, for the last shipment")])),
        ("tolerance_pct", models.DecimalField(db_default=0, max_digits=5, decimal_places=2)),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            ExclusionConstraint(name="step_nobody_takes_both",
                expressions=[("application", "="), ("round", "="), ("actor", "="), ("step", "<>")]),
            models.CheckConstraint(name="step_refusal_rests_on_something", condition=~Q(outcome="refuse")
                | (Q(factors__len__gte=1) & ~Q(text=""))),
            models.CheckConstraint(name="step_departure_says_why", condition=~Q(departure="") | (~Q(outcome="approve",
                presumed__in=["presumption_of_denial", "prohibited"])
                & ~Q(outcome="refuse", presumed="presumption_of_approval"))),
            ExclusionConstraint(name="step_nobody_in_two_rounds",
                expressions=[("application", "="), ("actor", "="), ("round", "<>")]),
            models.UniqueConstraint(name="step_reconsidered_once_by_each", fields=("application", "actor"),
                condition=Q(step="reconsider")),
            models.CheckConstraint(name="step_quashed_with_a_reason", condition=~Q(outcome="quash")
                | (Q(step="reconsider") & ~Q(text=""))),
        ],
        "triggers": [
            guard("licensing.DecisionStep", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("RecommendedLine", [
        ID,
        ("quantity", models.BigIntegerField()),
        ("line", models.ForeignKey("licensing.applicationline", PROTECT, related_name="+")),
        ("step", models.ForeignKey("licensing.decisionstep", PROTECT, related_name="lines")),
        ("currency", models.CharField(max_length=3, db_default="")),
        ("value", models.DecimalField(null=True, max_digits=18, decimal_places=2)),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="recommended_line_once", fields=("step", "line")),
            models.CheckConstraint(name="recommended_line_quantity", condition=Q(quantity__gte=0)),
            models.CheckConstraint(name="recommended_line_value", condition=Q(currency="", value=None)
                | (Q(value__gt=0) & ~Q(currency=""))),
        ],
        "triggers": [
            guard("licensing.RecommendedLine", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Allotted", [
        ID,
        ("quantity", models.BigIntegerField()),
        ("end_user", models.ForeignKey("licensing.applicationenduser", PROTECT, related_name="+")),
        ("line", models.ForeignKey("licensing.applicationline", PROTECT, related_name="+")),
        ("step", models.ForeignKey("licensing.decisionstep", PROTECT, related_name="allotments")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="allotted_once", fields=("step", "line", "end_user")),
            models.CheckConstraint(name="allotted_quantity", condition=Q(quantity__gt=0)),
        ],
        "triggers": [
            guard("licensing.Allotted", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("License", [
        ID,
        ("ref", models.CharField(verbose_name="number", max_length=16, unique=True)),
        ("kind", models.CharField(max_length=12, choices=[("per_shipment", "Per shipment"), ("annual", "Annual"),
            ("amendment", "Change of a license"), ("special", "Special circumstances")])),
        ("state", FSMField(max_length=50, default="active", editable=False, choices=[("active", "In force"),
            ("suspended", "Suspended"), ("exhausted", "Used up"), ("expired", "Expired"),
            ("surrendered", "Handed back"), ("replaced", "Replaced"), ("revoked", "Ended by the ministry")],
            protected=True)),
        ("usable_from", models.DateField()),
        ("usable_until", models.DateField()),
        ("destinations", ArrayField(base_field=models.CharField(max_length=2), size=None)),
        ("ports", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=5), size=None)),
        ("max_clearances", models.PositiveIntegerField(blank=True, null=True)),
        ("last_cleared", models.BooleanField(default=False,
            help_text="The shipment that said it is the last was cleared.")),
        ("tolerance_mode", models.CharField(max_length=20, default="none", choices=[("none", "None"),
            ("pct_line", "Percent of each line"), ("pct_remaining_final",
            "Percent of what remains, for the last shipment")])),
        ("tolerance_pct", models.DecimalField(default=0, max_digits=5, decimal_places=2)),
        ("edition", models.CharField(max_length=40)),
        ("next_turn_at", models.DateTimeField(null=True,
            help_text="When a verdict of it next begins or ends to prohibit or to hold, by the editions known.")),
        ("held", models.JSONField(default=list, help_text="The holds of which its holder was told that they stand.")),
        ("verify_code", models.CharField(max_length=10)),
        ("issued_at", models.DateTimeField()),
        ("application", models.OneToOneField("licensing.application", PROTECT, related_name="license")),
        ("consignees", models.ManyToManyField("exporters.party", related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="licenses")),
        ("judged_by", models.ForeignKey("licensing.policyedition", PROTECT, null=True,
            help_text="The newest edition that its verdicts know.", related_name="+", db_index=False)),
        ("report_days", models.SmallIntegerField(null=True,
            help_text="Within how many days of the last clearance of a shipment its delivery is reported.")),
        ("replaces", models.OneToOneField("licensing.license", PROTECT, null=True,
            help_text="Whose place it took, by an amendment.", related_name="replaced_by")),
    ], options={
        "ordering": ["-pk"],
        "indexes": [
            models.Index(name="license_running", fields=["usable_until"],
                condition=Q(state__in=["active", "suspended"])),
            models.Index(name="license_judged", fields=["judged_by"], condition=Q(state__in=["active", "suspended"])),
            models.Index(name="license_turning", fields=["next_turn_at"],
                condition=Q(state__in=["active", "suspended"])),
        ],
        "constraints": [
            models.CheckConstraint(name="license_days_in_order", condition=Q(usable_until__gte=F("usable_from"))),
        ],
        "triggers": [
            guard("licensing.License", "two_people", "INSERT"),
            guard("licensing.License", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'active\'',
                runs="state_begins('active')"),
            guard("licensing.License", "takes_two_to_revoke", "UPDATE",
                'OLD."state" IS DISTINCT FROM (NEW."state") AND NEW."state" = \'revoked\'',
                runs="countersigned('license', 'id', 'revoke')"),
            guard("licensing.License", "surrendered_as_a_whole", "UPDATE",
                'NEW."state" = \'surrendered\' AND OLD."state" IS DISTINCT FROM (NEW."state")',
                runs="nothing_reserved"),
            guard("licensing.License", "no_cause_open", "UPDATE",
                'NEW."state" = \'active\' AND OLD."state" IS DISTINCT FROM (NEW."state")'),
            guard("licensing.License", "replaces_what_it_amends", "INSERT"),
            guard("licensing.License", "succeeded_by_one", "UPDATE",
                'NEW."state" = \'replaced\' AND OLD."state" IS DISTINCT FROM (NEW."state")'),
            guard("licensing.License", "state_moves", "UPDATE", MOVED,
                runs="state_moves('active:exhausted', 'active:expired', 'active:replaced', 'active:revoked', "
                "'active:surrendered', 'active:suspended', 'exhausted:active', 'suspended:active', "
                "'suspended:expired', 'suspended:revoked')"),
            guard("licensing.License", "keeps_its_case", "UPDATE",
                'OLD."application_id" IS DISTINCT FROM (NEW."application_id") OR OLD."replaces_id" IS DISTINCT FROM '
                '(NEW."replaces_id")'),
            guard("licensing.License", "tells_why_it_ended", "UPDATE",
                'NEW."state" = \'revoked\' AND OLD."state" IS DISTINCT FROM (NEW."state")'),
        ],
    }, bases=FSM),
    migrations.CreateModel("LicenseEndUser", [
        ID,
        ("open", models.BooleanField(default=True)),
        ("declaration", models.ForeignKey("licensing.declaration", PROTECT, related_name="+")),
        ("license", models.ForeignKey("licensing.license", PROTECT, related_name="end_users")),
        ("party", models.ForeignKey("exporters.party", PROTECT, related_name="+")),
        ("verify_code", models.CharField(max_length=10, blank=True, db_default="",
            help_text="Opens its part of the license to anybody; empty: to nobody.")),
        ("destination", models.CharField(max_length=2,
            help_text="His country at issue: he is sent nothing elsewhere.")),
        ("goods", ArrayField(help_text="The control items, of the license's, that his declaration named at issue.",
            base_field=models.BigIntegerField(), size=None)),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="license_end_user_once", fields=("license", "party")),
        ],
        "triggers": [
            guard("licensing.LicenseEndUser", "as_declared", "INSERT"),
            guard("licensing.LicenseEndUser", "as_issued", "UPDATE",
                'OLD."declaration_id" IS DISTINCT FROM (NEW."declaration_id") OR OLD."destination" IS DISTINCT FROM '
                '(NEW."destination") OR OLD."goods" IS DISTINCT FROM (NEW."goods") OR OLD."license_id" IS DISTINCT '
                'FROM (NEW."license_id") OR OLD."party_id" IS DISTINCT FROM (NEW."party_id")'),
        ],
    }),
    migrations.CreateModel("LicenseCondition", [
        ID,
        ("code", models.CharField(max_length=30, choices=[("PORT_ONLY", "Through the named ports only"),
            ("NO_RESALE", "No resale"), ("NAMED_SITE_ONLY", "Use at the named site only"), ("DELIVERY_PROOF_30D",
            "Delivery proof within 30 days of each shipment")])),
        ("license", models.ForeignKey("licensing.license", PROTECT, related_name="conditions")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="license_condition_once", fields=("license", "code")),
        ],
    }),
    migrations.CreateModel("Suspension", [
        ID,
        ("cause", models.CharField(max_length=20, choices=[("enforcement", "Enforcement"),
            ("over_clearance", "More was cleared than the license had"), ("policy", "The rules in force"),
            ("screening", "A question about the end-user"), ("declaration", "An invalid declaration of the end-user"),
            ("ledger", "The books of the license do not agree"), ("exporter", "The company’s account is stopped")])),
        ("reason", models.TextField()),
        ("rules", ArrayField(default=list, base_field=models.CharField(max_length=60), size=None)),
        ("opened_at", models.DateTimeField()),
        ("ended_at", models.DateTimeField(blank=True, null=True)),
        ("end_reason", models.TextField(blank=True)),
        ("edition", models.ForeignKey("licensing.policyedition", PROTECT, null=True, related_name="+",
            db_index=False)),
        ("end_user", models.ForeignKey("licensing.licenseenduser", PROTECT, null=True, related_name="causes")),
        ("ended_by", models.ForeignKey(USER, PROTECT, blank=True, null=True, related_name="+")),
        ("license", models.ForeignKey("licensing.license", PROTECT, related_name="suspensions")),
        ("opened_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("facts", models.JSONField(default=dict, db_default={})),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="suspension_in_order", condition=Q(ended_at=None)
                | Q(ended_at__gte=F("opened_at"))),
            models.CheckConstraint(name="suspension_enforcement_ended_by_another", condition=Q(ended_at=None)
                | ~Q(cause="enforcement") | (Q(ended_by__isnull=False) & ~Q(ended_by=F("opened_by")))),
            models.CheckConstraint(name="suspension_policy_ended_by_a_turn", condition=Q(ended_at=None)
                | ~Q(cause="policy") | Q(ended_by=F("opened_by"), ended_by__isnull=False)),
            models.CheckConstraint(name="suspension_policy_names_its_rules", condition=~Q(cause="policy")
                | Q(edition__isnull=False, end_user__isnull=False, rules__len__gt=0)),
            models.CheckConstraint(name="suspension_screening_of_an_end_user", condition=~Q(cause="screening")
                | Q(end_user__isnull=False)),
            models.UniqueConstraint(name="suspension_of_an_end_user_once", fields=("end_user", "cause"),
                condition=Q(end_user__isnull=False, ended_at=None)),
            models.CheckConstraint(name="suspension_exporter_of_a_license", condition=~Q(cause="exporter")
                | Q(end_user=None)),
            models.UniqueConstraint(name="suspension_of_an_exporter_once", fields=("license",),
                condition=Q(cause="exporter", ended_at=None)),
            models.CheckConstraint(name="suspension_declaration_of_an_end_user", condition=~Q(cause="declaration")
                | Q(end_user__isnull=False)),
        ],
        "triggers": [
            guard("licensing.Suspension", "ended_with_the_account", "UPDATE",
                'NEW."cause" = \'exporter\' AND NEW."ended_at" IS NOT NULL'),
        ],
    }),
    migrations.CreateModel("Revocation", [
        ("license", models.OneToOneField("licensing.license", PROTECT, primary_key=True, serialize=False,
            related_name="revocation")),
        ("end_reason", models.CharField(max_length=8, choices=[("quash", "Quashed"), ("withdraw", "Withdrawn"),
            ("penalty", "Revoked as penalty"), ("cancel", "Cancelled")])),
        ("provision", models.CharField(max_length=200)),
        ("reason", models.TextField()),
        ("hearing", models.ForeignKey("core.document", PROTECT, null=True, related_name="+", db_index=False)),
        ("heard_on", models.DateField(null=True)),
        ("revoked_at", models.DateTimeField()),
        ("proposal", models.OneToOneField("core.proposal", PROTECT, related_name="+")),
    ], options={
        "constraints": [
            models.CheckConstraint(name="revocation_says_why", condition=~Q(reason="") & ~Q(provision="")),
            models.CheckConstraint(name="revocation_end_reason",
                condition=Q(end_reason__in=["quash", "withdraw", "penalty", "cancel"])),
            models.CheckConstraint(name="revocation_penalty_was_heard", condition=~Q(end_reason="penalty")
                | Q(heard_on__isnull=False, hearing__isnull=False)),
        ],
        "triggers": [
            guard("licensing.Revocation", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("LicenseLine", [
        ID,
        ("number", models.PositiveSmallIntegerField()),
        ("description", models.CharField(max_length=300)),
        ("hs_codes", ArrayField(default=list, base_field=models.CharField(max_length=10), size=None)),
        ("unit", models.CharField(max_length=10)),
        ("open", models.BooleanField(default=True)),
        ("usable_from", models.DateField()),
        ("usable_until", models.DateField()),
        ("authorized", models.BigIntegerField()),
        ("credited", models.BigIntegerField(default=0)),
        ("tolerance", models.BigIntegerField(default=0)),
        ("reserved", models.BigIntegerField(default=0)),
        ("drawn", models.BigIntegerField(default=0)),
        ("lapsed", models.BigIntegerField(default=0)),
        ("over_cleared", models.BigIntegerField(default=0)),
        ("control_item", models.ForeignKey("licensing.controlitem", PROTECT, related_name="+", db_index=False)),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="+")),
        ("license", models.ForeignKey("licensing.license", PROTECT, related_name="lines")),
        ("capped", models.BooleanField(db_default=False, help_text="It has ceilings besides its quantity.")),
        ("chain_digest", models.BinaryField(db_default=b'',
            help_text="Of the last one; each is hashed with that before it.")),
        ("chain_seq", models.BigIntegerField(db_default=0,
            help_text="How many movements it has, its ceilings' included.")),
        ("final_pct", models.PositiveSmallIntegerField(db_default=0,
            help_text="In hundredths of a percent of what remains: what the last shipment may take beyond it.")),
        ("composition", models.JSONField(default=dict, db_default={},
            help_text="At most so much of each element it contains, by mass: {symbol: fraction}.")),
    ], options={
        "ordering": ["license", "number"],
        "constraints": [
            models.UniqueConstraint(name="license_line_once", fields=("license", "number")),
            models.CheckConstraint(name="license_line_not_negative", condition=Q(authorized__gte=0, credited__gte=0,
                drawn__gte=0, lapsed__gte=0, over_cleared__gte=0, reserved__gte=0, tolerance__gte=0)),
            models.CheckConstraint(name="license_line_within_authorized", condition=Q(authorized__gte=F("reserved")
                + F("drawn") + F("lapsed") - F("credited") - F("tolerance"))),
        ],
    }),
    migrations.CreateModel("Ceiling", [
        ID,
        ("account", models.CharField(max_length=10, choices=[("value", "Value"), ("allotment", "Allotment")])),
        ("currency", models.CharField(max_length=3, blank=True)),
        ("authorized", models.BigIntegerField()),
        ("reserved", models.BigIntegerField()),
        ("drawn", models.BigIntegerField()),
        ("end_user", models.ForeignKey("licensing.licenseenduser", PROTECT, null=True, related_name="+",
            db_index=False)),
        ("line", models.ForeignKey("licensing.licenseline", PROTECT, related_name="ceilings", db_index=False)),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="ceiling_once", fields=("line", "account", "end_user"), nulls_distinct=False),
            models.CheckConstraint(name="ceiling_not_negative",
                condition=Q(authorized__gte=0, drawn__gte=0, reserved__gte=0)),
            models.CheckConstraint(name="ceiling_of_somebody_or_a_value",
                condition=(Q(account="value", end_user=None) & ~Q(currency=""))
                | Q(account="allotment", currency="", end_user__isnull=False)),
        ],
    }),
    migrations.CreateModel("LineCheck", [
        ("line", models.OneToOneField("licensing.licenseline", PROTECT, primary_key=True, serialize=False,
            related_name="+")),
        ("seq", models.BigIntegerField()),
        ("digest", models.BinaryField()),
        ("at", models.DateTimeField()),
    ]),
    migrations.CreateModel("ClearanceCount", [
        ("license", models.OneToOneField("licensing.license", PROTECT, primary_key=True, serialize=False,
            related_name="+")),
        ("taken", models.PositiveIntegerField(default=0)),
    ]),
    migrations.CreateModel("Comment", [
        ID,
        ("at", models.DateTimeField()),
        ("digest", models.CharField(max_length=64)),
        ("text", models.TextField()),
        ("actor", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="+")),
        ("draft", models.ForeignKey("licensing.draft", PROTECT, related_name="comments")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="comment_says_something", condition=~Q(text="")),
        ],
        "triggers": [
            guard("licensing.Comment", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Intent", [
        ID,
        ("opened_at", models.DateTimeField()),
        ("factors", ArrayField(base_field=models.CharField(max_length=20,
            choices=[("SECURITY", "National security and interests"), ("OBLIGATIONS", "International obligations"),
            ("EXPORT_TYPE", "Type of export"), ("SENSITIVITY", "Sensitivity of the item"),
            ("DESTINATION", "Destination country or region"), ("END_USER", "End-user"), ("END_USE", "End-use"),
            ("CREDIT", "Credit record of the exporter"), ("OTHER", "Other factor provided by law")]), size=None)),
        ("text", models.TextField()),
        ("due_on", models.DateField()),
        ("opened_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("recommendation", models.OneToOneField("licensing.decisionstep", PROTECT, related_name="intent")),
    ], options={
        "constraints": [
            models.CheckConstraint(name="intent_rests_on_something", condition=Q(factors__len__gte=1) & ~Q(text="")),
        ],
        "triggers": [
            guard("licensing.Intent", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("IntentAnswer", [
        ID,
        ("at", models.DateTimeField()),
        ("text", models.TextField(blank=True)),
        ("by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("files", models.ManyToManyField("core.document", blank=True, related_name="+")),
        ("intent", models.OneToOneField("licensing.intent", PROTECT, related_name="answer")),
    ], options={
        "triggers": [
            guard("licensing.IntentAnswer", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Merged", [
        ID,
        ("application", models.ForeignKey("licensing.application", PROTECT, related_name="merged", db_index=False)),
        ("case", models.ForeignKey("licensing.application", PROTECT, related_name="merged_into")),
        ("license", models.ForeignKey("licensing.license", PROTECT, null=True, related_name="+", db_index=False)),
    ], options={
        "ordering": ["case_id"],
        "constraints": [
            models.UniqueConstraint(name="merged_once", fields=("application", "case")),
            models.CheckConstraint(name="merged_of_others", condition=~Q(application=F("case"))),
        ],
        "triggers": [
            guard("licensing.Merged", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Notice", [
        ID,
        ("ref", models.CharField(verbose_name="number", max_length=16, unique=True)),
        ("state", FSMField(max_length=50, default="published", editable=False,
            choices=[("published", "Made public"), ("withdrawn", "Withdrawn")], protected=True)),
        ("kind", models.CharField(max_length=12, choices=[("announced", "Announced"), ("under_study", "Under study"),
            ("no_change", "No change known")])),
        ("dated", models.DateField()),
        ("text_en", models.TextField()),
        ("text_zh", models.TextField()),
        ("instruments", ArrayField(base_field=models.CharField(max_length=60), size=None)),
        ("published_at", models.DateTimeField()),
        ("withdrawn_at", models.DateTimeField(null=True)),
        ("withdrawn_because", models.TextField(blank=True)),
    ], options={
        "ordering": ["-dated", "-pk"],
        "constraints": [
            models.CheckConstraint(name="notice_in_both_languages", condition=~Q(text_en="") & ~Q(text_zh="")),
            models.CheckConstraint(name="notice_is_about_something", condition=Q(instruments__len__gt=0)),
            models.CheckConstraint(name="notice_withdrawn_with_a_reason", condition=Q(withdrawn_at=None)
                | ~Q(withdrawn_because="")),
        ],
        "triggers": [
            guard("licensing.Notice", "state_moves", "UPDATE", MOVED, runs="state_moves('published:withdrawn')"),
            guard("licensing.Notice", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'published\'',
                runs="state_begins('published')"),
        ],
    }, bases=FSM),
    migrations.CreateModel("ClockInterval", [
        ID,
        ("reason", models.CharField(max_length=20, choices=[("identification", "Identification of the goods"),
            ("expert", "Expert consultation"), ("state_council", "Approval by the State Council"),
            ("site_visit", "Visit to the site")])),
        ("notice", models.TextField()),
        ("begins_on", models.DateField()),
        ("ends_on", models.DateField(blank=True, null=True)),
        ("opened_at", models.DateTimeField()),
        ("ended_at", models.DateTimeField(blank=True, null=True)),
        ("application", models.ForeignKey("licensing.application", PROTECT, related_name="pauses")),
        ("ended_by", models.ForeignKey(USER, PROTECT, blank=True, null=True, related_name="+")),
        ("opened_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="pause_in_order", condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on"))),
            models.CheckConstraint(name="pause_ended_by_somebody",
                condition=Q(ended_at=None, ended_by=None, ends_on=None)
                | Q(ended_at__isnull=False, ended_by__isnull=False, ends_on__isnull=False)),
            models.CheckConstraint(name="pause_says_why", condition=~Q(notice="")),
            ExclusionConstraint(name="pause_one_at_a_time", expressions=[("application", "="),
                (models.Func(F("begins_on"), F("ends_on"), function="daterange",
                output_field=DateRangeField()), "&&")]),
        ],
        "triggers": [
            guard("licensing.ClockInterval", "insert_only", "UPDATE OR DELETE", 'OLD."ends_on" IS NOT NULL'),
        ],
    }),
    migrations.CreateModel("QuotaPool", [
        ID,
        ("ref", models.CharField(verbose_name="number", max_length=30)),
        ("measure", models.CharField(verbose_name="what is counted", max_length=10,
            choices=[("content", "Contained element"), ("gross", "Mass of the goods")])),
        ("element", models.CharField(verbose_name="element", max_length=2, blank=True)),
        ("category", models.CharField(verbose_name="category", max_length=40, blank=True)),
        ("list_name", models.CharField(verbose_name="list", max_length=20, blank=True)),
        ("destinations", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=2), size=None)),
        ("end_uses", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=20), size=None)),
        ("period_from", models.DateField(verbose_name="first day")),
        ("period_until", models.DateField(verbose_name="last day")),
        ("opened_on", models.DateField(help_text="The first day on which use counts: that of its first terms.")),
        ("used", models.BigIntegerField()),
        ("over_used", models.BigIntegerField()),
        ("frozen", models.BooleanField(default=False,
            help_text="Its books did not agree, and nobody has lifted that yet.")),
        ("chain_seq", models.BigIntegerField()),
        ("chain_digest", models.BinaryField()),
    ], options={
        "ordering": ["period_from", "ref"],
        "constraints": [
            models.UniqueConstraint(name="quota_pool_once", fields=("ref",)),
            models.CheckConstraint(name="quota_pool_not_negative",
                condition=Q(over_used__gte=0, used__gte=F("over_used"))),
            models.CheckConstraint(name="quota_pool_of_something",
                condition=(Q(measure="gross") & ~Q(category="", element="", list_name=""))
                | (Q(measure="content") & ~Q(element=""))),
        ],
    }),
    migrations.CreateModel("PoolChange", [
        ID,
        ("ref", models.CharField(verbose_name="number", max_length=30)),
        ("measure", models.CharField(verbose_name="what is counted", max_length=10,
            choices=[("content", "Contained element"), ("gross", "Mass of the goods")])),
        ("element", models.CharField(verbose_name="element", max_length=2, blank=True)),
        ("category", models.CharField(verbose_name="category", max_length=40, blank=True)),
        ("list_name", models.CharField(verbose_name="list", max_length=20, blank=True)),
        ("destinations", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=2), size=None)),
        ("end_uses", ArrayField(blank=True, default=list, base_field=models.CharField(max_length=20), size=None)),
        ("period_from", models.DateField(verbose_name="first day")),
        ("period_until", models.DateField(verbose_name="last day")),
        ("cap", models.BigIntegerField()),
        ("state", models.CharField(verbose_name="state", max_length=10, default="open",
            choices=[("open", "Open"), ("blocked", "Blocked"), ("suspended", "Suspended")])),
        ("public", models.BooleanField(verbose_name="public",
            help_text="Does everybody read whether something is left of it?")),
        ("from_day", models.DateField(verbose_name="from")),
        ("reason", models.TextField(verbose_name="reason")),
        ("proposed_at", models.DateTimeField()),
        ("decided_at", models.DateTimeField(null=True)),
        ("approved", models.BooleanField(null=True)),
        ("decision_reason", models.TextField(blank=True)),
        ("decided_by", models.ForeignKey(USER, PROTECT, null=True, related_name="+")),
        ("proposed_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("pool", models.ForeignKey("licensing.quotapool", PROTECT, null=True, related_name="changes")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="pool_change_one_at_a_time", fields=("ref",), condition=Q(decided_at=None)),
            models.CheckConstraint(name="pool_change_in_its_period", condition=Q(from_day__lte=F("period_until"))),
            models.CheckConstraint(name="pool_change_cap", condition=Q(cap__gte=0)),
            models.CheckConstraint(name="pool_change_two_people",
                condition=Q(approved=None, decided_at=None, decided_by=None) | (Q(approved__isnull=False,
                decided_at__isnull=False, decided_by__isnull=False) & ~Q(decided_by=F("proposed_by")))),
        ],
    }),
    migrations.CreateModel("PoolMovement", [
        ID,
        ("seq", models.BigIntegerField()),
        ("at", models.DateTimeField()),
        ("kind", models.CharField(max_length=5, choices=[("terms", "Terms"), ("use", "Use"), ("free", "Free")])),
        ("cap", models.BigIntegerField(null=True)),
        ("state", models.CharField(max_length=10, blank=True,
            choices=[("open", "Open"), ("blocked", "Blocked"), ("suspended", "Suspended")])),
        ("public", models.BooleanField(null=True)),
        ("from_day", models.DateField(null=True)),
        ("change_id", models.BigIntegerField(null=True)),
        ("license_id", models.BigIntegerField(null=True)),
        ("shipment_id", models.BigIntegerField(null=True)),
        ("shipment_ref", models.CharField(max_length=16, blank=True)),
        ("line_number", models.PositiveSmallIntegerField(null=True)),
        ("gross", models.BigIntegerField(null=True)),
        ("share", models.DecimalField(null=True, max_digits=12, decimal_places=10)),
        ("basis", models.CharField(max_length=40, blank=True)),
        ("amount", models.BigIntegerField()),
        ("over", models.BigIntegerField()),
        ("used_after", models.BigIntegerField()),
        ("digest", models.BinaryField()),
        ("pool", models.ForeignKey("licensing.quotapool", PROTECT, related_name="movements", db_index=False)),
    ], options={
        "ordering": ["pool", "seq"],
        "indexes": [
            models.Index(name="pool_movement_of_shipment", fields=["shipment_id"],
                condition=Q(shipment_id__isnull=False)),
            models.Index(name="pool_movement_of_license", fields=["license_id"],
                condition=Q(license_id__isnull=False)),
            models.Index(name="pool_terms", fields=["pool", "from_day", "seq"], condition=Q(kind="terms")),
        ],
        "constraints": [
            models.UniqueConstraint(name="pool_movement_once", fields=("pool", "seq")),
            models.UniqueConstraint(name="pool_movement_of_a_change", fields=("change_id",),
                condition=Q(change_id__isnull=False)),
            models.CheckConstraint(name="pool_movement_not_negative", condition=Q(amount__gte=F("over"), over__gte=0)),
        ],
    }),
    migrations.CreateModel("PoolCheck", [
        ("pool", models.OneToOneField("licensing.quotapool", PROTECT, primary_key=True, serialize=False,
            related_name="+")),
        ("seq", models.BigIntegerField()),
        ("digest", models.BinaryField()),
        ("used", models.BigIntegerField()),
        ("over_used", models.BigIntegerField()),
        ("at", models.DateTimeField()),
    ]),
    migrations.CreateModel("Question", [
        ID,
        ("asked_at", models.DateTimeField()),
        ("about", ArrayField(base_field=models.CharField(max_length=12,
            choices=[("goods", "Goods and their description"), ("hs_code", "Customs goods codes"),
            ("quantity", "Quantities"), ("end_user", "End-users"), ("end_use", "End-use"),
            ("consignee", "Who receives the goods"), ("window", "Planned dates"), ("ports", "Customs ports"),
            ("declaration", "End-use declaration"), ("contract", "Contract or order history"),
            ("tech_desc", "Technical description or test report"), ("company", "Papers of the company"),
            ("other", "Other")]), size=None)),
        ("text", models.TextField()),
        ("due_on", models.DateField()),
        ("application", models.ForeignKey("licensing.application", PROTECT, related_name="questions")),
        ("asked_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="question_about_something", condition=Q(about__len__gte=1)),
        ],
        "triggers": [
            guard("licensing.Question", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("QuestionEntry", [
        ID,
        ("kind", models.CharField(max_length=6, choices=[("part", "Answered in part"), ("answer", "Answered"),
            ("ask", "Asked on"), ("read", "Read by the reviewer"), ("close", "Closed by the reviewer"),
            ("silent", "No answer came")])),
        ("at", models.DateTimeField()),
        ("text", models.TextField(blank=True)),
        ("due_on", models.DateField(blank=True, null=True)),
        ("by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("files", models.ManyToManyField("core.document", blank=True, related_name="+")),
        ("question", models.ForeignKey("licensing.question", PROTECT, related_name="entries")),
    ], options={
        "verbose_name_plural": "question entries",
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="question_ends_once", fields=("question",),
                condition=Q(kind__in=["answer", "close", "silent"])),
            models.CheckConstraint(name="question_asked_or_closed_in_words", condition=~Q(kind__in=["ask", "close"])
                | ~Q(text="")),
        ],
        "triggers": [
            guard("licensing.QuestionEntry", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("ExchangeRate", [
        ID,
        ("month", models.DateField()),
        ("currency", models.CharField(max_length=3)),
        ("cny", models.DecimalField(max_digits=18, decimal_places=8)),
    ], options={
        "ordering": ["-month", "currency"],
        "constraints": [
            models.UniqueConstraint(name="exchange_rate_once", fields=("month", "currency")),
            models.CheckConstraint(name="exchange_rate_of_a_month", condition=Q(cny__gt=0, month__day=1)
                & ~Q(currency="CNY")),
        ],
        "triggers": [
            guard("licensing.ExchangeRate", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Service", [
        ID,
        ("opened_at", models.DateTimeField()),
        ("decision", models.OneToOneField("licensing.decisionstep", PROTECT, related_name="service")),
        ("opened_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "triggers": [
            guard("licensing.Service", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Reconsideration", [
        ID,
        ("filed_at", models.DateTimeField()),
        ("grounds", models.TextField()),
        ("decision", models.OneToOneField("licensing.decisionstep", PROTECT, related_name="reconsideration")),
        ("filed_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("files", models.ManyToManyField("core.document", blank=True, related_name="+")),
    ], options={
        "constraints": [
            models.CheckConstraint(name="reconsideration_has_grounds", condition=~Q(grounds="")),
        ],
        "triggers": [
            guard("licensing.Reconsideration", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("ReconsiderationEntry", [
        ID,
        ("kind", models.CharField(max_length=6, choices=[("admit", "Request accepted"), ("extend", "Time extended")])),
        ("at", models.DateTimeField()),
        ("reason", models.TextField(blank=True)),
        ("by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("reconsideration", models.ForeignKey("licensing.reconsideration", PROTECT, related_name="entries")),
    ], options={
        "verbose_name_plural": "reconsideration entries",
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="reconsideration_entry_once", fields=("reconsideration", "kind")),
            models.CheckConstraint(name="reconsideration_extended_for_a_reason", condition=~Q(kind="extend")
                | ~Q(reason="")),
        ],
        "triggers": [
            guard("licensing.ReconsiderationEntry", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Screening", [
        ID,
        ("party_version", models.IntegerField()),
        ("hit", models.CharField(max_length=20)),
        ("list_version", models.CharField(max_length=80)),
        ("screened_on", models.DateField()),
        ("reason", models.TextField(blank=True)),
        ("at", models.DateTimeField()),
        ("application", models.ForeignKey("licensing.application", PROTECT, related_name="screenings")),
        ("by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("party", models.ForeignKey("exporters.party", PROTECT, related_name="screenings")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="screening_names_its_list", condition=~Q(list_version="")),
            models.CheckConstraint(name="screening_hit_has_a_reason", condition=Q(hit="none") | ~Q(reason="")),
        ],
        "triggers": [
            guard("licensing.Screening", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Simulation", [
        ID,
        ("stage", models.CharField(max_length=10, default="asked", choices=[("asked", "Waiting for a worker"),
            ("running", "Being worked out"), ("done", "Done"), ("stopped", "Stopped")])),
        ("digest", models.CharField(max_length=64)),
        ("starts_at", models.DateTimeField()),
        ("asked_at", models.DateTimeField()),
        ("taken_until", models.DateTimeField(null=True)),
        ("done", models.PositiveIntegerField(default=0)),
        ("total", models.PositiveIntegerField(default=0)),
        ("book_at", models.DateTimeField(null=True)),
        ("newest", models.BigIntegerField(null=True, help_text="The key of the newest edition that it knew.")),
        ("result", models.JSONField(null=True)),
        ("asked_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("draft", models.ForeignKey("licensing.draft", PROTECT, related_name="simulations")),
    ], options={
        "ordering": ["-pk"],
        "indexes": [
            models.Index(name="simulation_open", fields=["id"], condition=Q(stage__in=["asked", "running"])),
        ],
        "constraints": [
            models.CheckConstraint(name="simulation_done_has_a_result", condition=~Q(stage="done")
                | Q(book_at__isnull=False, newest__isnull=False, result__isnull=False)),
        ],
        "triggers": [
            guard("licensing.Simulation", "done_once", "UPDATE OR DELETE", "OLD.stage = 'done'", runs="insert_only"),
        ],
    }),
    migrations.CreateModel("Supplement", [
        ID,
        ("requested_at", models.DateTimeField()),
        ("due_on", models.DateField()),
        ("application", models.OneToOneField("licensing.application", PROTECT, related_name="supplement")),
        ("requested_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "triggers": [
            guard("licensing.Supplement", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("SupplementPoint", [
        ID,
        ("number", models.PositiveSmallIntegerField()),
        ("text", models.TextField()),
        ("supplement", models.ForeignKey("licensing.supplement", PROTECT, related_name="points")),
    ], options={
        "ordering": ["supplement", "number"],
        "constraints": [
            models.UniqueConstraint(name="supplement_point_once", fields=("supplement", "number")),
            models.CheckConstraint(name="supplement_point_in_words", condition=~Q(text="")),
        ],
        "triggers": [
            guard("licensing.SupplementPoint", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("SupplementAnswer", [
        ID,
        ("at", models.DateTimeField()),
        ("text", models.TextField(blank=True)),
        ("by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("files", models.ManyToManyField("core.document", blank=True, related_name="+")),
        ("point", models.OneToOneField("licensing.supplementpoint", PROTECT, related_name="answer")),
    ], options={
        "triggers": [
            guard("licensing.SupplementAnswer", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Verdict", [
        ID,
        ("facts", models.JSONField()),
        ("prohibited", models.JSONField(default=list)),
        ("held", models.JSONField(default=list)),
        ("forbidden", models.BooleanField(default=False)),
        ("end_user", models.ForeignKey("licensing.licenseenduser", PROTECT, related_name="verdicts", db_index=False)),
        ("line", models.ForeignKey("licensing.licenseline", PROTECT, related_name="verdicts")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="verdict_once", fields=("end_user", "line")),
        ],
    }),
    migrations.CreateModel("Visit", [
        ID,
        ("shipment", models.CharField(max_length=16, blank=True)),
        ("kind", models.CharField(max_length=15, choices=[("post_shipment", "Post-shipment check"),
            ("site_visit", "Site visit")])),
        ("made_on", models.DateField()),
        ("went", models.CharField(max_length=300)),
        ("outcome", models.CharField(max_length=15, choices=[("as_expected", "As expected"),
            ("discrepancy", "Discrepancy"), ("not_done", "Could not be done")])),
        ("note", models.TextField()),
        ("recorded_at", models.DateTimeField()),
        ("end_user", models.ForeignKey("licensing.licenseenduser", PROTECT, null=True, related_name="visits")),
        ("files", models.ManyToManyField("core.document", blank=True, related_name="+")),
        ("license", models.ForeignKey("licensing.license", PROTECT, related_name="visits")),
        ("recorded_by", models.ForeignKey(USER, PROTECT, related_name="+", db_index=False)),
    ], options={
        "ordering": ["-made_on", "-pk"],
        "constraints": [
            models.CheckConstraint(name="visit_says_who_and_what", condition=~Q(went="") & ~Q(note="")),
            models.CheckConstraint(name="visit_kind", condition=Q(kind__in=["post_shipment", "site_visit"])),
            models.CheckConstraint(name="visit_outcome",
                condition=Q(outcome__in=["as_expected", "discrepancy", "not_done"])),
        ],
        "triggers": [
            guard("licensing.Visit", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Follow", [
        ID,
        ("code", models.CharField(max_length=60)),
        ("at", models.DateTimeField()),
        ("by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="follows")),
    ], options={
        "ordering": ["code"],
        "constraints": [
            models.UniqueConstraint(name="follow_once", fields=("exporter", "code")),
        ],
    }),
    migrations.CreateModel("WindowWarning", [
        ID,
        ("window", models.CharField(max_length=200)),
        ("instrument", models.CharField(max_length=60)),
        ("last_day", models.DateField(db_index=True)),
        ("stage", models.SmallIntegerField()),
        ("at", models.DateTimeField()),
        ("edition", models.ForeignKey("licensing.policyedition", PROTECT, related_name="+", db_index=False)),
        ("organization", models.ForeignKey("core.organization", PROTECT, related_name="+")),
    ], options={
        "verbose_name": "warning of a window's end",
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="window_warning_once",
                fields=("organization", "window", "last_day", "stage")),
            models.CheckConstraint(name="window_warning_stage", condition=Q(stage__in=(7, 30, 90))),
        ],
        "triggers": [
            guard("licensing.WindowWarning", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [("licensing", name) for name in """
        0001_initial 0002_simulations_done_once 0003_doors 0004_accounts 0005_report_days
        0006_report_days_of_conditions 0007_sweeps 0008_hold 0009_corrections 0010_pools 0011_take 0012_books
        0013_pool_shares 0014_said_once 0015_doors 0016_sums_in_two_steps 0017_chains_that_moved
        0018_facts_of_suspensions 0019_sums_by_hashing 0020_one_place_each 0021_declaration_questions
        0022_declaration_of_its_end_user 0023_declaration_as_signed 0024_intents 0025_declaration_ends
        0026_company_stopped 0027_revocations 0028_surrendered 0029_declaration_invalid 0030_reconsideration
        0031_changed_refusals 0032_guard_of_changed 0033_no_cause_open 0034_codes_of_end_users
        0035_paper_original 0036_replaced 0037_visits 0038_inquiries 0039_cited_inquiries 0040_keeps_its_case
        0041_copied 0042_renewals 0043_special_circumstances 0044_modes 0045_told_of_renewal 0046_merged
        0047_surrendered_with_those_before 0048_own_goods 0049_revoked_as_said 0050_prices 0051_goods_described
    """.split()]
    dependencies = [
        ("core", "0001_squashed_0015_typed_answers"),
        ("exporters", "0001_squashed_0008_telephones"),
    ]
    operations = [
        migrations.RunSQL("SET LOCAL check_function_bodies = off"),  # guards speak of tables that follow
        run("guards"),  # what the triggers below call
        migrations.RunSQL("SET LOCAL check_function_bodies = on"),
        Together(TABLES),
        # Partitioned by month, which Django can't say.
        migrations.SeparateDatabaseAndState([run("movements"), migrations.RunSQL("SELECT movement_months()")], [
            migrations.CreateModel("Movement", [
                ("pk", models.CompositePrimaryKey("id", "at", primary_key=True, blank=True, editable=False,
                    serialize=False)),
                ("id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("exporter_id", models.BigIntegerField()),
                ("license_id", models.BigIntegerField()),
                ("line_id", models.BigIntegerField()),
                ("line_number", models.PositiveSmallIntegerField()),
                ("kind", models.CharField(max_length=10, choices=[("authorize", "Authorize"), ("credit", "Credit"),
                    ("reserve", "Reserve"), ("release", "Release"), ("draw", "Draw"), ("over_clear", "Over Clear"),
                    ("adjust", "Adjust"), ("lapse", "Lapse"), ("unlapse", "Unlapse"), ("tolerance", "Tolerance"),
                    ("carry", "Carry"), ("pass_on", "Pass On")])),
                ("quantity", models.BigIntegerField()),
                ("held", models.BooleanField(help_text="Did it come out of (or go into) a reservation?")),
                ("shipment_id", models.BigIntegerField(null=True)),
                ("shipment_ref", models.CharField(max_length=16, blank=True)),
                ("available_after", models.BigIntegerField()),
                ("account", models.CharField(max_length=10, default="quantity", choices=[("quantity", "Quantity"),
                    ("value", "Value"), ("allotment", "Allotment")])),
                ("digest", models.BinaryField(null=True)),
                ("end_user_id", models.BigIntegerField(null=True, help_text="Whose allotment.")),
                ("rate", models.DecimalField(null=True, help_text="At which a value was converted.", max_digits=18,
                    decimal_places=8)),
                ("seq", models.BigIntegerField(null=True,
                    help_text="Which of its line's; none, where no chain was yet.")),
                ("transaction", models.BigIntegerField(default=0,
                    help_text="Readers go by it: ids follow no order of commits.")),
            ], options={
                "indexes": [
                    models.Index(name="movement_of_license", fields=["license_id", "transaction", "id"]),
                ],
            }),
        ]),
        migrations.RunSQL("ALTER TABLE licensing_licenseline SET (fillfactor = 70)"),  # an update stays on its page
        # An end-user of a case rests on a declaration of its own: Django knows no key of two columns.
        migrations.AddConstraint("declaration",
            models.UniqueConstraint(name="declaration_of_its_end_user", fields=("id", "end_user"))),
        migrations.RunSQL("""
            ALTER TABLE licensing_applicationenduser ADD CONSTRAINT application_end_user_declared
            FOREIGN KEY (declaration_id, party_id) REFERENCES licensing_declaration (id, end_user_id)
            DEFERRABLE INITIALLY DEFERRED
        """),
        run("post", "pools", "ledger", "corrections", "sweeps", "hold", "doors", "books"),
        # Guards whose functions take rows of tables, or whose table is none of Django's.
        Together([
            AddTrigger("ceiling", guard("licensing.Ceiling", "ceiling_has_room", "UPDATE",
                "NEW.reserved > OLD.reserved AND NEW.reserved + NEW.drawn > NEW.authorized")),
            AddTrigger("movement", guard("licensing.Movement", "insert_only", "UPDATE OR DELETE")),
            AddTrigger("quotapool", guard("licensing.QuotaPool", "pool_has_room", "UPDATE",
                "NEW.used - NEW.over_used > OLD.used - OLD.over_used")),
            AddTrigger("poolchange", guard("licensing.PoolChange", "pool_change_decided_once", "UPDATE",
                "OLD.decided_at IS NOT NULL")),
        ]),
    ]

"""Companies, their parties, and whether they may file for annual licenses (decision 0046)."""

from pathlib import Path

from django.conf import settings
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
    migrations.CreateModel("Named", [], options={"proxy": True}, bases=("core.organization",)),
    migrations.CreateModel("Exporter", [
        ("organization", models.OneToOneField("core.organization", PROTECT, primary_key=True, serialize=False,
            related_name="exporter")),
        ("state", FSMField(max_length=50, default="draft", editable=False, choices=[("draft", "Draft"),
            ("pending", "Being verified"), ("active", "Active"), ("suspended", "Suspended"), ("barred", "Barred"),
            ("closed", "Closed")], protected=True)),
        ("uscc", models.CharField(verbose_name="unified social credit code", max_length=18)),
        ("customs_code", models.CharField(verbose_name="customs registration code", max_length=10, blank=True)),
        ("province", models.CharField(verbose_name="province", max_length=2, blank=True, default="")),
        ("address", models.CharField(verbose_name="address", max_length=300, blank=True)),
        ("legal_representative", models.CharField(verbose_name="legal representative", max_length=120, blank=True)),
        ("main_manager", models.CharField(verbose_name="main manager", max_length=120, blank=True)),
        ("handler", models.CharField(verbose_name="handler", max_length=120, blank=True)),
        ("verified_at", models.DateTimeField(blank=True, null=True)),
        ("business_license", models.ForeignKey("core.document", PROTECT, blank=True, null=True, related_name="+")),
        ("handler_phone", models.CharField(verbose_name="telephone of the handler", max_length=30, blank=True,
            default="", db_default="")),
        ("legal_representative_phone", models.CharField(verbose_name="telephone of the legal representative",
            max_length=30, blank=True, default="", db_default="")),
        ("main_manager_phone", models.CharField(verbose_name="telephone of the main manager", max_length=30,
            blank=True, default="", db_default="")),
    ], options={
        "constraints": [
            models.UniqueConstraint(name="exporter_code_held_once", fields=("uscc",),
                condition=~Q(state__in=("draft", "pending"))),
            models.CheckConstraint(name="exporter_province_known", condition=Q(province__in=["", "11", "12", "13",
                "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "45",
                "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"])),
            models.CheckConstraint(name="exporter_legal_representative_phone",
                condition=Q(legal_representative_phone__regex='^(\\+?[0-9][0-9 ()-]{5,28})?$')),
            models.CheckConstraint(name="exporter_main_manager_phone",
                condition=Q(main_manager_phone__regex='^(\\+?[0-9][0-9 ()-]{5,28})?$')),
            models.CheckConstraint(name="exporter_handler_phone",
                condition=Q(handler_phone__regex='^(\\+?[0-9][0-9 ()-]{5,28})?$')),
        ],
        "triggers": [
            guard("exporters.Exporter", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'draft\'',
                runs="state_begins('draft')"),
            guard("exporters.Exporter", "stopped", "UPDATE", MOVED),
            guard("exporters.Exporter", "state_moves", "UPDATE", MOVED,
                runs="state_moves('active:barred', 'active:closed', 'active:suspended', 'barred:suspended', "
                "'draft:pending', 'pending:active', 'pending:draft', 'suspended:active', 'suspended:barred')"),
            guard("exporters.Exporter", "takes_two_to_bar", "UPDATE",
                'OLD."state" IS DISTINCT FROM (NEW."state") AND NEW."state" = \'barred\'',
                runs="countersigned('exporter', 'organization_id', 'bar')"),
            guard("exporters.Exporter", "facts_stand", "UPDATE",
                'OLD."address" IS DISTINCT FROM (NEW."address") OR OLD."business_license_id" IS DISTINCT FROM '
                '(NEW."business_license_id") OR OLD."legal_representative" IS DISTINCT FROM '
                '(NEW."legal_representative") OR OLD."province" IS DISTINCT FROM (NEW."province") OR OLD."uscc" IS '
                'DISTINCT FROM (NEW."uscc")',
                runs="facts_stand('organization_id', 'uscc', 'province', 'address', 'legal_representative', "
                "'business_license_id')"),
            guard("exporters.Exporter", "customs_code", "UPDATE",
                'OLD."customs_code" IS DISTINCT FROM (NEW."customs_code")'),
        ],
    }, bases=FSM),
    migrations.CreateModel("AccountChange", [
        ID,
        ("before", models.JSONField()),
        ("after", models.JSONField()),
        ("is_license", models.BooleanField()),
        ("reason", models.TextField()),
        ("asked_at", models.DateTimeField()),
        ("decided_at", models.DateTimeField(null=True)),
        ("outcome", models.CharField(max_length=9, blank=True, choices=[("accepted", "Accepted"),
            ("declined", "Declined"), ("withdrawn", "Withdrawn"), ("dropped", "Dropped")])),
        ("answer", models.TextField(blank=True)),
        ("asked_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("decided_by", models.ForeignKey(USER, PROTECT, null=True, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="changes")),
        ("license_before", models.ForeignKey("core.document", PROTECT, null=True, related_name="+")),
        ("paper", models.ForeignKey("core.document", PROTECT, related_name="+")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="change_one_open", fields=("exporter",), condition=Q(outcome="")),
            models.CheckConstraint(name="change_of_something", condition=~Q(after={}) | Q(is_license=True)),
            models.CheckConstraint(name="change_says_why", condition=~Q(reason="")),
            models.CheckConstraint(name="change_decided_as_a_whole", condition=Q(Q(("answer", ""),
                ("decided_at", None), ("decided_by", None), ("outcome", "")), Q(("decided_at__isnull", False),
                ("outcome__in", ["accepted", "withdrawn", "dropped"]), ("decided_by__isnull", False)),
                Q(("decided_at__isnull", False), ("decided_by__isnull", False), ("outcome", "declined"),
                Q(("answer", ""), _negated=True)), _connector="OR")),
        ],
        "triggers": [
            guard("exporters.AccountChange", "begins_open", "INSERT", "NEW.decided_at IS NOT NULL"),
            guard("exporters.AccountChange", "decided_once", "UPDATE", "OLD.decided_at IS NOT NULL"),
            guard("exporters.AccountChange", "change_answered", "UPDATE"),
        ],
    }),
    migrations.CreateModel("Stop", [
        ID,
        ("number", models.CharField(max_length=60)),
        ("reason", models.TextField()),
        ("opened_at", models.DateTimeField()),
        ("ended_at", models.DateTimeField(blank=True, null=True)),
        ("end_reason", models.TextField(blank=True)),
        ("ended_by", models.ForeignKey(USER, PROTECT, blank=True, null=True, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="stops")),
        ("opened_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("kind", models.CharField(max_length=7, default="suspend", db_default="suspend",
            choices=[("suspend", "Suspend"), ("bar", "Bar")])),
        ("last_day", models.DateField(blank=True, null=True)),
        ("proposed_by", models.ForeignKey(USER, PROTECT, blank=True, null=True, related_name="+")),
        ("provision", models.CharField(max_length=200, blank=True, db_default="")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="stop_says_why", condition=~Q(number="") & ~Q(reason="")),
            models.CheckConstraint(name="stop_in_order", condition=Q(ended_at=None) | Q(ended_at__gte=F("opened_at"))),
            models.CheckConstraint(name="stop_ended_by_another", condition=Q(ended_at=None)
                | (Q(ended_by__isnull=False) & ~Q(ended_by=F("opened_by"))
                & (Q(proposed_by=None) | ~Q(ended_by=F("proposed_by"))))),
            models.CheckConstraint(name="stop_bars_by_two_until_a_day",
                condition=Q(kind="suspend", last_day=None, proposed_by=None)
                | (Q(kind="bar", last_day__isnull=False, proposed_by__isnull=False) & ~Q(proposed_by=F("opened_by")))),
            models.UniqueConstraint(name="stop_suspends_once", fields=("exporter",),
                condition=Q(ended_at=None, kind="suspend")),
        ],
    }),
    migrations.CreateModel("Qualification", [
        ("exporter", models.OneToOneField("exporters.exporter", PROTECT, primary_key=True, serialize=False,
            related_name="qualification")),
        ("state", FSMField(max_length=50, default="none", editable=False, choices=[("none", "Not qualified"),
            ("asked", "Asked for"), ("granted", "Qualified"), ("lapsed", "Lapsed")], protected=True)),
        ("last_day", models.DateField(blank=True, null=True)),
    ], options={
        "constraints": [
            models.CheckConstraint(name="qualification_granted_through_a_day",
                condition=~Q(state__in=["granted", "lapsed"]) | Q(last_day__isnull=False)),
        ],
        "triggers": [
            guard("exporters.Qualification", "state_moves", "UPDATE", MOVED,
                runs="state_moves('asked:granted', 'asked:none', 'granted:lapsed', 'lapsed:asked', 'none:asked')"),
            guard("exporters.Qualification", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'none\'',
                runs="state_begins('none')"),
        ],
    }, bases=FSM),
    migrations.CreateModel("CompliancePaper", [
        ID,
        ("audited_on", models.DateField()),
        ("filed_at", models.DateTimeField()),
        ("document", models.ForeignKey("core.document", PROTECT, related_name="+")),
        ("filed_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="compliance_papers")),
    ], options={
        "ordering": ["pk"],
        "triggers": [
            guard("exporters.CompliancePaper", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("PaperRecord", [
        ID,
        ("number", models.IntegerField()),
        ("first_day", models.DateField()),
        ("last_day", models.DateField()),
        ("filed_at", models.DateTimeField()),
        ("document", models.ForeignKey("core.document", PROTECT, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="paper_records")),
        ("filed_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="paper_record_counts", condition=Q(number__gt=0)),
            models.CheckConstraint(name="paper_record_in_order", condition=Q(last_day__gte=F("first_day"))),
        ],
        "triggers": [
            guard("exporters.PaperRecord", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("RecordAnswer", [
        ("record", models.OneToOneField("exporters.paperrecord", PROTECT, primary_key=True, serialize=False,
            related_name="answer")),
        ("accepted", models.BooleanField()),
        ("reason", models.TextField()),
        ("answered_at", models.DateTimeField()),
        ("answered_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "constraints": [
            models.CheckConstraint(name="record_answer_says_why", condition=~Q(reason="")),
        ],
        "triggers": [
            guard("exporters.RecordAnswer", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Examination", [
        ID,
        ("occasion", models.CharField(max_length=8, choices=[("ask", "Ask"), ("grant", "Grant"),
            ("decline", "Decline"), ("renew", "Renew")])),
        ("edition", models.CharField(max_length=40)),
        ("results", models.JSONField()),
        ("missing", models.IntegerField()),
        ("examined_at", models.DateTimeField()),
        ("examined_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("paper", models.ForeignKey("exporters.compliancepaper", PROTECT, null=True, related_name="+")),
        ("qualification", models.ForeignKey("exporters.qualification", PROTECT, related_name="examinations")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="examination_granted_when_met", condition=~Q(occasion__in=["grant", "renew"])
                | Q(missing=0, paper__isnull=False)),
        ],
        "triggers": [
            guard("exporters.Examination", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Party", [
        ID,
        ("ref", models.CharField(max_length=16, unique=True)),
        ("name", models.CharField(verbose_name="name", max_length=200)),
        ("name_local", models.CharField(verbose_name="name in its own script", max_length=200, blank=True)),
        ("address", models.CharField(verbose_name="address", max_length=300)),
        ("site_address", models.CharField(verbose_name="site of use", max_length=300, blank=True)),
        ("nature", models.CharField(verbose_name="kind", max_length=12, blank=True,
            choices=[("commercial", "Commercial"), ("government", "Government"), ("military", "Military"),
            ("academic", "Academic"), ("individual", "Individual")])),
        ("business", models.CharField(verbose_name="business", max_length=300, help_text="What it makes or does.",
            validators=[MinLengthValidator(3)])),
        ("registration_no", models.CharField(verbose_name="registration number", max_length=60, blank=True)),
        ("email", models.EmailField(verbose_name="email address", max_length=254, blank=True)),
        ("version", models.PositiveIntegerField(default=1)),
        ("created_at", models.DateTimeField()),
        ("country", models.ForeignKey("core.country", PROTECT, verbose_name="country or region", related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="parties")),
    ], options={"verbose_name_plural": "parties", "ordering": ["name", "pk"]}),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [("exporters", name) for name in """
        0001_initial 0002_stopped 0003_closed 0004_bars 0005_changes 0006_bars_follow
        0007_order_names_its_provision 0008_telephones
    """.split()]
    dependencies = [("core", "0001_squashed_0015_typed_answers")]
    operations = [
        run("guards"),  # what the triggers below call
        Together(TABLES),
        # A proxy has no table to be made with.
        AddTrigger("named", guard("exporters.Named", "names_stand", "UPDATE",
            'OLD."name_en" IS DISTINCT FROM (NEW."name_en") OR OLD."name_zh" IS DISTINCT FROM (NEW."name_zh")',
            runs="facts_stand('id', 'name_zh', 'name_en')", table="core_organization")),
    ]

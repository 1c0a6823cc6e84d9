"""People, documents, history and answers kept: what the other tables stand on (decision 0046)."""

import datetime
import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models
from django.db.models import F, PROTECT, Q
from pgtrigger.migrations import AddTrigger

from core.migrating import Together, guard

SQL = Path(__file__).parent.parent / "sql"
USER = settings.AUTH_USER_MODEL
ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def run(*names):
    return migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in names])


TABLES = [
    migrations.CreateModel("LegalDay", [
        ("day", models.DateField(primary_key=True, serialize=False)),
        ("working", models.BooleanField()),
        ("kind", models.CharField(max_length=20, choices=[("workday", "Working day"),
            ("makeup_workday", "Make-up working day"), ("weekend", "Weekend"), ("public_holiday", "Public holiday")])),
        ("name", models.CharField(max_length=100, blank=True)),
        ("provisional", models.BooleanField()),
        ("source", models.CharField(max_length=200)),
    ], options={
        "ordering": ["day"],
        "constraints": [
            models.CheckConstraint(name="legal_day_worked_as_its_kind_says",
                condition=Q(kind__in=("workday", "makeup_workday"), working=True)
                | Q(kind__in=("weekend", "public_holiday"), working=False)),
        ],
    }),
    migrations.CreateModel("Country", [
        ("code", models.CharField(primary_key=True, max_length=2, serialize=False)),
        ("name_en", models.CharField(max_length=100)),
        ("name_zh", models.CharField(max_length=100, blank=True)),
    ], options={"verbose_name_plural": "countries", "ordering": ["name_en"]}),
    migrations.CreateModel("Organization", [
        ID,
        ("kind", models.CharField(max_length=10, choices=[("exporter", "Exporter"), ("ministry", "Ministry"),
            ("customs", "Customs")])),
        ("name_en", models.CharField(verbose_name="name in English", max_length=200)),
        ("name_zh", models.CharField(verbose_name="name in Chinese", max_length=200, blank=True)),
        ("created_at", models.DateTimeField(auto_now_add=True)),
        ("closed_at", models.DateTimeField(null=True, editable=False,
            help_text="From then on its people and keys read, and change nothing.")),
    ], options={
        "constraints": [
            models.CheckConstraint(name="organization_kind",
                condition=Q(kind__in=["exporter", "ministry", "customs"])),
        ],
    }),
    migrations.CreateModel("User", [
        ID,
        ("password", models.CharField(verbose_name="password", max_length=128)),
        ("last_login", models.DateTimeField(verbose_name="last login", blank=True, null=True)),
        ("email", models.EmailField(verbose_name="email address", max_length=254, unique=True)),
        ("name", models.CharField(verbose_name="your name", max_length=120)),
        ("nature", models.CharField(max_length=8, default="person",
            choices=[("person", "Person"), ("service", "Program"), ("clock", "Clock")])),
        ("language", models.CharField(max_length=10, blank=True, default="", db_default="")),
        ("is_active", models.BooleanField(default=True)),
        ("created_at", models.DateTimeField(auto_now_add=True)),
    ]),
    migrations.CreateModel("Membership", [
        ID,
        ("roles", ArrayField(default=list, base_field=models.CharField(max_length=20, choices=[("clerk", "Clerk"),
            ("signatory", "Signatory"), ("viewer", "Viewer"), ("intake", "Intake officer"),
            ("reviewer", "Reviewing officer"), ("decider", "Deciding officer"),
            ("reconsiderer", "Reconsideration officer"), ("policy_officer", "Policy officer"),
            ("policy_approver", "Policy approver"), ("auditor", "Auditor"), ("admin", "Accounts administrator"),
            ("customs", "Customs officer")]), size=None)),
        ("province", models.CharField(max_length=2, blank=True, default="")),
        ("ended_at", models.DateTimeField(blank=True, null=True)),
        ("user", models.OneToOneField(USER, PROTECT, related_name="membership")),
        ("organization", models.ForeignKey("core.organization", PROTECT, related_name="memberships")),
    ], options={
        "constraints": [
            models.CheckConstraint(name="membership_roles_known", condition=Q(roles__contained_by=["clerk",
                "signatory", "viewer", "intake", "reviewer", "decider", "reconsiderer", "policy_officer",
                "policy_approver", "auditor", "admin", "customs"])),
            models.CheckConstraint(name="membership_province_of_intake", condition=Q(province="")
                | Q(roles__contains=["intake"])),
            models.CheckConstraint(name="membership_province_known", condition=Q(province__in=["", "11", "12", "13",
                "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "45",
                "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"])),
        ],
    }),
    migrations.CreateModel("ApiKey", [
        ID,
        ("name", models.CharField(verbose_name="name", max_length=80)),
        ("prefix", models.CharField(max_length=16)),
        ("digest", models.CharField(max_length=64, unique=True)),
        ("scopes", ArrayField(base_field=models.CharField(max_length=40), size=None)),
        ("created_at", models.DateTimeField()),
        ("expires_at", models.DateTimeField()),
        ("revoked_at", models.DateTimeField(blank=True, null=True)),
        ("last_used_at", models.DateTimeField(blank=True, null=True)),
        ("created_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("user", models.OneToOneField(USER, PROTECT, related_name="key")),
        ("organization", models.ForeignKey("core.organization", PROTECT, related_name="keys")),
    ], options={
        "ordering": ["-created_at", "-pk"],
        "constraints": [
            models.CheckConstraint(name="key_lasts_at_most_365_days", condition=Q(expires_at__lte=F("created_at")
                + models.Value(datetime.timedelta(days=365)))),
        ],
    }),
    migrations.CreateModel("RoleGrant", [
        ID,
        ("roles", ArrayField(blank=True, base_field=models.CharField(max_length=20, choices=[("clerk", "Clerk"),
            ("signatory", "Signatory"), ("viewer", "Viewer"), ("intake", "Intake officer"),
            ("reviewer", "Reviewing officer"), ("decider", "Deciding officer"),
            ("reconsiderer", "Reconsideration officer"), ("policy_officer", "Policy officer"),
            ("policy_approver", "Policy approver"), ("auditor", "Auditor"), ("admin", "Accounts administrator"),
            ("customs", "Customs officer")]), size=None)),
        ("province", models.CharField(max_length=2, blank=True, default="")),
        ("proposed_at", models.DateTimeField()),
        ("confirmed_at", models.DateTimeField(blank=True, null=True)),
        ("dropped_at", models.DateTimeField(blank=True, null=True)),
        ("confirmed_by", models.ForeignKey(USER, PROTECT, blank=True, null=True, related_name="+")),
        ("membership", models.ForeignKey("core.membership", PROTECT, related_name="grants")),
        ("proposed_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "ordering": ["-proposed_at", "-pk"],
        "constraints": [
            models.CheckConstraint(name="grant_by_two_admins", condition=Q(confirmed_by=None)
                | ~Q(confirmed_by=F("proposed_by"))),
            models.UniqueConstraint(name="grant_one_open", fields=("membership",),
                condition=Q(confirmed_at=None, dropped_at=None)),
        ],
    }),
    migrations.CreateModel("HistoryLine", [
        ID,
        ("subject_kind", models.CharField(max_length=20)),
        ("subject_id", models.BigIntegerField()),
        ("subject_ref", models.CharField(max_length=40)),
        ("seq", models.PositiveIntegerField()),
        ("verb", models.CharField(max_length=40)),
        ("from_state", models.CharField(max_length=30, blank=True)),
        ("to_state", models.CharField(max_length=30, blank=True)),
        ("at", models.DateTimeField()),
        ("reason", models.TextField(blank=True)),
        ("edition", models.CharField(max_length=40, blank=True)),
        ("facts", models.JSONField(blank=True, default=dict)),
        ("previous_hash", models.CharField(max_length=64, blank=True)),
        ("hash", models.CharField(max_length=64)),
        ("actor", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "ordering": ["subject_kind", "subject_id", "seq"],
        "constraints": [
            models.UniqueConstraint(name="history_one_chain", fields=("subject_kind", "subject_id", "seq")),
        ],
        "triggers": [
            guard("core.HistoryLine", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Delivery", [
        ID,
        ("consumer", models.CharField(max_length=20, default="mail")),
        ("to", models.CharField(max_length=254, blank=True, default="", db_default="")),
        ("due_at", models.DateTimeField()),
        ("tries", models.PositiveSmallIntegerField(default=0)),
        ("error", models.TextField(blank=True)),
        ("failed_at", models.DateTimeField(blank=True, null=True)),
        ("refused", models.BooleanField(default=False, db_default=False)),
        ("delivered_at", models.DateTimeField(blank=True, null=True)),
        ("ended_at", models.DateTimeField(blank=True, null=True)),
        ("line", models.ForeignKey("core.historyline", PROTECT, related_name="deliveries")),
    ], options={
        "verbose_name_plural": "deliveries",
        "indexes": [
            models.Index(name="delivery_waiting", fields=["due_at"], condition=Q(delivered_at=None, ended_at=None)),
        ],
        "constraints": [
            models.UniqueConstraint(name="delivery_once_a_reader", fields=("line", "consumer", "to")),
        ],
    }),
    migrations.CreateModel("Document", [
        ID,
        ("name", models.CharField(max_length=200)),
        ("media_type", models.CharField(max_length=100)),
        ("sha256", models.CharField(max_length=64)),
        ("size", models.PositiveIntegerField()),
        ("content", models.BinaryField()),
        ("uploaded_at", models.DateTimeField()),
        ("uploaded_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("organization", models.ForeignKey("core.organization", PROTECT, related_name="+")),
    ], options={
        "triggers": [
            guard("core.Document", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Paper", [
        ID,
        ("kind", models.CharField(max_length=30)),
        ("number", models.PositiveSmallIntegerField()),
        ("data", models.TextField()),
        ("typst", models.CharField(max_length=20)),
        ("fonts", models.CharField(max_length=64)),
        ("template", models.CharField(max_length=64)),
        ("made_at", models.DateTimeField()),
        ("document", models.OneToOneField("core.document", PROTECT, related_name="paper")),
        ("line", models.ForeignKey("core.historyline", PROTECT, related_name="papers")),
        ("credential", models.TextField(blank=True, db_default="")),
        ("part", models.BigIntegerField(db_default=0)),
    ], options={
        "ordering": ["line", "pk"],
        "constraints": [
            models.UniqueConstraint(name="paper_once_a_step", fields=("line", "kind", "part")),
        ],
        "triggers": [
            guard("core.Paper", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Idempotency", [
        ID,
        ("key", models.CharField(max_length=255)),
        ("fingerprint", models.CharField(max_length=64)),
        ("status", models.PositiveSmallIntegerField(null=True)),
        ("content_type", models.CharField(max_length=60, blank=True)),
        ("body", models.TextField(blank=True)),
        ("created_at", models.DateTimeField()),
        ("organization", models.ForeignKey("core.organization", PROTECT, related_name="+", db_index=False)),
    ], options={
        "indexes": [
            models.Index(name="idempotency_typed", fields=["created_at"], condition=Q(key__startswith="typed:")),
        ],
        "constraints": [
            models.UniqueConstraint(name="idempotency_key_once", fields=("organization", "key")),
        ],
    }),
    migrations.CreateModel("Mail", [
        ID,
        ("at", models.DateTimeField(auto_now_add=True)),
        ("message_id", models.CharField(max_length=200, blank=True)),
        ("sender", models.CharField(max_length=200)),
        ("recipients", models.TextField()),
        ("subject", models.CharField(max_length=300)),
        ("body", models.TextField()),
    ], options={"ordering": ["-id"]}),
    migrations.CreateModel("Proposal", [
        ID,
        ("subject_kind", models.CharField(max_length=20)),
        ("subject_id", models.BigIntegerField()),
        ("subject_ref", models.CharField(max_length=40)),
        ("verb", models.CharField(max_length=40)),
        ("reason", models.TextField()),
        ("facts", models.JSONField(blank=True, default=dict)),
        ("proposed_at", models.DateTimeField()),
        ("decided_at", models.DateTimeField(null=True)),
        ("carried", models.BooleanField(null=True)),
        ("decision_reason", models.TextField(blank=True)),
        ("decided_by", models.ForeignKey(USER, PROTECT, null=True, related_name="+")),
        ("document", models.ForeignKey("core.document", PROTECT, null=True, related_name="+")),
        ("proposed_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "ordering": ["pk"],
        "indexes": [
            models.Index(name="proposal_of_subject", fields=["subject_kind", "subject_id", "verb"]),
        ],
        "constraints": [
            models.UniqueConstraint(name="proposal_one_open", fields=("subject_kind", "subject_id", "verb"),
                condition=Q(decided_at=None)),
            models.CheckConstraint(name="proposal_decided_as_a_whole",
                condition=Q(carried=None, decided_at=None, decided_by=None, decision_reason="")
                | Q(carried__isnull=False, decided_at__isnull=False, decided_by__isnull=False)),
            models.CheckConstraint(name="proposal_carried_by_another", condition=Q(carried=None) | Q(carried=False)
                | ~Q(decided_by=F("proposed_by"))),
        ],
        "triggers": [
            guard("core.Proposal", "proposal_decided_once", "UPDATE", "OLD.decided_at IS NOT NULL",
                runs="decided_once"),
            guard("core.Proposal", "proposal_begins_open", "INSERT", "NEW.decided_at IS NOT NULL", runs="begins_open"),
        ],
    }),
    migrations.CreateModel("KeptText", [
        ("id", models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, serialize=False)),
        ("route", models.CharField(max_length=100)),
        ("data", models.TextField()),
        ("files", models.JSONField(default=list)),
        ("kept_at", models.DateTimeField(auto_now_add=True)),
        ("user", models.ForeignKey(USER, models.CASCADE, related_name="+")),
    ], options={
        "indexes": [
            models.Index(name="kept_text_of_user", fields=["user", "-kept_at"]),
        ],
    }),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [("core", name) for name in """
        0001_initial 0002_claims 0003_history_lines 0004_claims_many 0005_fewer_indexes 0006_answer_kept_at_once
        0007_planned_once 0008_keys 0009_proof_of_a_key 0010_proposals 0011_closed 0012_papers
        0013_proposals_begin_open 0014_credentials 0015_typed_answers
    """.split()]
    dependencies = []
    operations = [
        BtreeGistExtension(),  # four eyes are exclusion constraints
        run("ground", "guards", "proposals"),  # what the triggers below call
        Together(TABLES),
        run("answers", "claims", "claims_many", "history", "keys"),
        AddTrigger("idempotency", guard("core.Idempotency", "answered_once", "UPDATE", "OLD.status IS NOT NULL")),
    ]

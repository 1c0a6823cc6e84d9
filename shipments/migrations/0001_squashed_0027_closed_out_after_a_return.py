"""Shipments, what customs said of them, and incidents (decision 0046)."""

from pathlib import Path

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, PROTECT, Q
from django_fsm import FSMField, FSMModelMixin

from core.migrating import Together, guard

SQL = Path(__file__).parent.parent / "sql"
USER = settings.AUTH_USER_MODEL
ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
FSM = (FSMModelMixin, models.Model)
MOVED = 'OLD."state" IS DISTINCT FROM (NEW."state")'


def run(*names):
    return migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in names])


TABLES = [
    migrations.CreateModel("Shipment", [
        ID,
        ("ref", models.CharField(max_length=16)),
        ("client_reference", models.CharField(max_length=64)),
        ("state", FSMField(max_length=50, default="reserved", editable=False, choices=[("reserved", "Reserved"),
            ("declared", "Declared"), ("part_cleared", "Partly cleared"), ("cleared", "Cleared"),
            ("departed", "Departed"), ("delivered", "Delivered"), ("questioned", "Questioned by customs"),
            ("returned", "Returned"), ("cancelled", "Cancelled"), ("expired", "Reservation lapsed"),
            ("rejected", "Rejected by customs")], protected=True)),
        ("destination", models.CharField(max_length=2)),
        ("port", models.CharField(max_length=5)),
        ("planned_on", models.DateField()),
        ("reserved_until", models.DateField()),
        ("final", models.BooleanField(default=False)),
        ("declaration_no", models.CharField(max_length=18, blank=True)),
        ("declared_at", models.DateTimeField(blank=True, null=True)),
        ("cleared_at", models.DateTimeField(blank=True, null=True)),
        ("counted", models.BooleanField(default=True,
            help_text="Does it count against the license's number of clearances?")),
        ("created_at", models.DateTimeField()),
        ("consignee", models.ForeignKey("exporters.party", PROTECT, related_name="+", db_index=False)),
        ("created_by", models.ForeignKey(USER, PROTECT, related_name="+", db_index=False)),
        ("end_user", models.ForeignKey("exporters.party", PROTECT, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="shipments", db_index=False)),
        ("license", models.ForeignKey("licensing.license", PROTECT, related_name="shipments", db_index=False)),
        ("delivered_on", models.DateField(blank=True, null=True)),
        ("delivery_proof", models.ForeignKey("core.document", PROTECT, null=True, related_name="+", db_index=False)),
        ("departed_on", models.DateField(blank=True, null=True)),
        ("report_due_on", models.DateField(blank=True, null=True,
            help_text="The last day on which to report its delivery, if anybody asks for that.")),
    ], options={
        "ordering": ["-id"],
        "indexes": [
            models.Index(name="shipment_reservation", fields=["reserved_until"], condition=Q(state="reserved")),
            models.Index(name="shipment_report_due", fields=["report_due_on"],
                condition=Q(report_due_on__isnull=False, state__in=["cleared", "departed"])),
            models.Index(name="shipment_report_owed", fields=["exporter", "report_due_on"],
                condition=Q(report_due_on__isnull=False, state__in=["cleared", "departed"])),
            models.Index(name="shipment_proven", fields=["delivery_proof"], condition=Q(delivery_proof__isnull=False)),
            models.Index(name="shipment_clearance", fields=["license", "counted", "state"]),
            models.Index(name="shipment_questioned", fields=["declared_at"], condition=Q(state="questioned")),
        ],
        "constraints": [
            models.UniqueConstraint(name="shipment_client_reference_once", fields=("exporter", "client_reference")),
            models.CheckConstraint(name="shipment_reported_with_its_days",
                condition=~Q(state__in=["departed", "delivered"]) | (Q(departed_on__isnull=False)
                & (Q(state="departed") | Q(delivered_on__gte=F("departed_on"), delivered_on__isnull=False)))),
        ],
        "triggers": [
            guard("shipments.Shipment", "state_begins", "INSERT", 'NEW."state" IS DISTINCT FROM \'reserved\'',
                runs="state_begins('reserved')"),
            guard("shipments.Shipment", "state_moves", "UPDATE", MOVED,
                runs="state_moves('cancelled:cleared', 'cancelled:declared', 'cancelled:part_cleared', "
                "'cleared:departed', 'cleared:returned', 'declared:cancelled', 'declared:cleared', "
                "'declared:part_cleared', 'declared:questioned', 'declared:rejected', 'delivered:returned', "
                "'departed:delivered', 'departed:returned', 'expired:cleared', 'expired:declared', "
                "'expired:part_cleared', 'part_cleared:cleared', 'part_cleared:returned', 'questioned:cancelled', "
                "'questioned:cleared', 'questioned:declared', 'questioned:part_cleared', 'questioned:rejected', "
                "'reserved:cancelled', 'reserved:cleared', 'reserved:declared', 'reserved:expired', "
                "'reserved:part_cleared')"),
        ],
    }, bases=FSM),
    migrations.CreateModel("ShipmentLine", [
        ID,
        ("line_number", models.PositiveSmallIntegerField()),
        ("quantity", models.BigIntegerField()),
        ("unit", models.CharField(max_length=10)),
        ("hs_code", models.CharField(max_length=10, blank=True)),
        ("value", models.DecimalField(blank=True, null=True, max_digits=18, decimal_places=2)),
        ("currency", models.CharField(max_length=3, blank=True)),
        ("composition", models.JSONField(blank=True, default=dict, help_text="As stated: {symbol: fraction}.")),
        ("held", models.BigIntegerField()),
        ("drawn", models.BigIntegerField(default=0)),
        ("released", models.BigIntegerField(default=0)),
        ("over_cleared", models.BigIntegerField(default=0)),
        ("added", models.BooleanField(db_default=False, help_text="It crossed, and was never reserved.")),
        ("shipment", models.ForeignKey("shipments.shipment", PROTECT, related_name="lines", db_index=False)),
        ("worth", models.BigIntegerField(default=0, db_default=0, help_text="Hundredths reserved of a capped value.")),
        ("worth_drawn", models.BigIntegerField(default=0, db_default=0)),
        ("worth_held", models.BigIntegerField(default=0, db_default=0)),
        ("credited", models.BigIntegerField(default=0, db_default=0)),
        ("returned", models.BigIntegerField(default=0, db_default=0)),
        ("contents", models.JSONField(default=dict, db_default={},
            help_text="What of it counts: {symbol: {share, basis}}, where something was stated.")),
    ], options={
        "ordering": ["shipment", "line_number"],
        "constraints": [
            models.UniqueConstraint(name="shipment_line_once", fields=("shipment", "line_number")),
            models.CheckConstraint(name="shipment_line_not_negative", condition=Q(drawn__gte=0, held__gte=0,
                over_cleared__gte=0, quantity__gt=0, released__gte=0)),
            models.CheckConstraint(name="shipment_line_worth",
                condition=Q(worth__gte=0, worth_drawn__gte=0, worth_held__gte=0)),
            models.CheckConstraint(name="shipment_line_returned_crossed",
                condition=Q(returned__gte=0, returned__lte=F("drawn") + F("over_cleared"))),
            models.CheckConstraint(name="shipment_line_credited_returned",
                condition=Q(credited__gte=0, credited__lte=F("returned")) & Q(credited__lte=F("drawn"))),
        ],
    }),
    migrations.CreateModel("CustomsDeclaration", [
        ID,
        ("number", models.CharField(max_length=18, unique=True)),
        ("declared_at", models.DateTimeField()),
        ("lawful", models.BooleanField()),
        ("shipment", models.ForeignKey("shipments.shipment", PROTECT, related_name="declarations")),
    ], options={
        "ordering": ["pk"],
        "triggers": [
            guard("shipments.CustomsDeclaration", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("CustomsMessage", [
        ID,
        ("message_id", models.CharField(max_length=80)),
        ("event", models.CharField(max_length=12)),
        ("fingerprint", models.CharField(max_length=64)),
        ("body", models.JSONField()),
        ("received_at", models.DateTimeField()),
        ("status", models.PositiveSmallIntegerField()),
        ("answer", models.TextField()),
        ("source", models.ForeignKey("core.organization", PROTECT, related_name="+")),
        ("shipment", models.ForeignKey("shipments.shipment", PROTECT, null=True, related_name="messages")),
        ("corrects", models.ForeignKey("shipments.customsmessage", PROTECT, null=True,
            help_text="The clearance that it corrects, also where it names a correction of it.", related_name="+",
            db_index=False)),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="customs_message_once", fields=("source", "message_id")),
        ],
        "triggers": [
            guard("shipments.CustomsMessage", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Resolution", [
        ID,
        ("quantity", models.BigIntegerField()),
        ("drawn", models.BigIntegerField(null=True)),
        ("over_cleared", models.BigIntegerField(null=True)),
        ("line", models.ForeignKey("shipments.shipmentline", PROTECT, related_name="resolutions")),
        ("message", models.ForeignKey("shipments.customsmessage", PROTECT, related_name="resolutions")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="resolution_once", fields=("line", "message")),
            models.CheckConstraint(name="resolution_not_negative", condition=Q(quantity__gte=0)),
        ],
        "triggers": [
            guard("shipments.Resolution", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Return", [
        ID,
        ("declaration_no", models.CharField(max_length=18)),
        ("reported_at", models.DateTimeField()),
        ("decided_at", models.DateTimeField(blank=True, null=True)),
        ("approved", models.BooleanField(null=True)),
        ("reason", models.TextField(blank=True)),
        ("decided_by", models.ForeignKey(USER, PROTECT, blank=True, null=True, related_name="+")),
        ("message", models.OneToOneField("shipments.customsmessage", PROTECT, related_name="returned")),
        ("shipment", models.ForeignKey("shipments.shipment", PROTECT, related_name="returns")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.CheckConstraint(name="return_decided_whole",
                condition=Q(approved=None, decided_at=None, decided_by=None) | Q(approved__isnull=False,
                decided_at__isnull=False, decided_by__isnull=False)),
        ],
    }),
    migrations.CreateModel("ReturnedLine", [
        ID,
        ("quantity", models.BigIntegerField()),
        ("line", models.ForeignKey("shipments.shipmentline", PROTECT, related_name="+")),
        ("of", models.ForeignKey("shipments.return", PROTECT, related_name="lines")),
    ], options={
        "ordering": ["pk"],
        "constraints": [
            models.UniqueConstraint(name="returned_line_once", fields=("of", "line")),
            models.CheckConstraint(name="returned_line_positive", condition=Q(quantity__gt=0)),
        ],
        "triggers": [
            guard("shipments.ReturnedLine", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Incident", [
        ID,
        ("ref", models.CharField(max_length=16, unique=True)),
        ("kind", models.CharField(max_length=20, choices=[("unknown_shipment", "Message about an unknown shipment"),
            ("license_not_usable", "Declared while the license was not usable"),
            ("rules_forbade", "Declared when the rules forbade it"),
            ("reservation_gone", "Declared after the reservation was gone"),
            ("over_used", "More used than a national quota has"),
            ("over_cleared", "More cleared than the license had"),
            ("declaration_used", "Declaration number of another shipment"),
            ("after_final", "Cleared after the last clearance"), ("cleared_and_rejected", "Both cleared and rejected"),
            ("unknown_line", "Cleared on a line or unit that the license does not have")])),
        ("message_id", models.CharField(max_length=80)),
        ("text", models.TextField()),
        ("facts", models.JSONField(null=True)),
        ("opened_at", models.DateTimeField()),
        ("shipment", models.ForeignKey("shipments.shipment", PROTECT, null=True, related_name="incidents")),
    ], options={
        "ordering": ["-pk"],
        "triggers": [
            guard("shipments.Incident", "insert_only", "UPDATE OR DELETE"),
        ],
    }),
    migrations.CreateModel("Handling", [
        ("incident", models.OneToOneField("shipments.incident", PROTECT, primary_key=True, serialize=False,
            related_name="handling")),
        ("ended_at", models.DateTimeField(blank=True, null=True)),
        ("owner", models.ForeignKey(USER, PROTECT, blank=True, null=True, related_name="+")),
    ], options={
        "indexes": [
            models.Index(name="handling_open", fields=["incident"], condition=Q(ended_at=None)),
        ],
        "constraints": [
            models.CheckConstraint(name="handling_ended_by_owner", condition=Q(ended_at=None) | ~Q(owner=None)),
        ],
    }),
    migrations.CreateModel("Bulk", [
        ID,
        ("ref", models.CharField(max_length=16, unique=True)),
        ("created_at", models.DateTimeField()),
        ("language", models.CharField(max_length=10)),
        ("request_id", models.CharField(max_length=32)),
        ("cancelled_at", models.DateTimeField(blank=True, null=True)),
        ("created_by", models.ForeignKey(USER, PROTECT, related_name="+")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="bulks")),
        ("again_at", models.DateTimeField(blank=True, null=True)),
        ("stopped_at", models.DateTimeField(blank=True, null=True)),
        ("stopped_because", models.CharField(max_length=10, blank=True, choices=[("revoked",
            "The key or the membership that ordered it may not book any more."), ("failed",
            "Its next rows could not be booked, however often it was tried.")])),
        ("tries", models.SmallIntegerField(default=0, help_text="Of its next rows, all in vain.")),
    ], options={"ordering": ["-id"]}),
    migrations.CreateModel("BulkRow", [
        ID,
        ("number", models.SmallIntegerField()),
        ("line", models.IntegerField(null=True)),
        ("key", models.CharField(max_length=255, blank=True)),
        ("fingerprint", models.CharField(max_length=64, blank=True)),
        ("stated", models.JSONField(null=True)),
        ("status", models.SmallIntegerField(null=True)),
        ("body", models.TextField(blank=True)),
        ("replayed", models.BooleanField(default=False)),
        ("bulk", models.ForeignKey("shipments.bulk", PROTECT, related_name="rows", db_index=False)),
    ], options={
        "ordering": ["bulk", "number"],
        "indexes": [
            models.Index(name="bulk_row_open", fields=["bulk", "number"], condition=Q(status=None)),
        ],
        "constraints": [
            models.UniqueConstraint(name="bulk_row_once", fields=("bulk", "number")),
        ],
    }),
    migrations.CreateModel("Sheet", [
        ID,
        ("ref", models.CharField(max_length=16, unique=True)),
        ("sha256", models.CharField(max_length=64)),
        ("name", models.CharField(max_length=200)),
        ("content", models.BinaryField()),
        ("uploaded_at", models.DateTimeField()),
        ("language", models.CharField(max_length=10)),
        ("found",
            models.JSONField(help_text="Rows, those refused with status and body, and what they ask of each line.")),
        ("digest", models.CharField(max_length=64, help_text="Of what was shown: whoever confirms it says which.")),
        ("bulk", models.OneToOneField("shipments.bulk", PROTECT, null=True, related_name="sheet")),
        ("exporter", models.ForeignKey("exporters.exporter", PROTECT, related_name="+")),
        ("uploaded_by", models.ForeignKey(USER, PROTECT, related_name="+")),
    ], options={
        "ordering": ["-id"],
        "constraints": [
            models.UniqueConstraint(name="sheet_once", fields=("exporter", "sha256")),
        ],
    }),
]


class Migration(migrations.Migration):
    initial = True
    replaces = [("shipments", name) for name in """
        0001_initial 0002_reserve 0003_accounts 0004_reports 0005_report_overdue 0006_sweeps 0007_bulk
        0008_reserve_many 0009_corrections 0010_resolutions_of_before 0011_pools 0012_bulk_stopped 0013_sheets
        0014_fewer_indexes 0015_books 0016_answer_kept_at_once 0017_uses_of_pools 0018_clearances 0019_doors
        0020_opened 0021_questioned 0022_one_request 0023_open_for_it 0024_taken 0025_queues 0026_one_place_each
        0027_closed_out_after_a_return
    """.split()]
    dependencies = [
        ("core", "0001_squashed_0015_typed_answers"),
        ("exporters", "0001_squashed_0008_telephones"),
        ("licensing", "0001_squashed_0051_goods_described"),
    ]
    operations = [
        Together(TABLES),
        # Unique without the second index that Django makes beside it: nobody looks for the beginning of a number.
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL("ALTER TABLE shipments_shipment ADD UNIQUE (ref)")],
            [migrations.AlterField("shipment", "ref", models.CharField(max_length=16, unique=True))],
        ),
        run("pools", "books", "reports", "reserve", "bulk", "sweeps", "doors"),
    ]

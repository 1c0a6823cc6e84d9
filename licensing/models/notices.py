"""What the ministry tells the public of rules that are no rules yet."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core.graphs import guarded
from core.languages import in_language
from core.references import REFERENCE_LONGEST
from exporters import rules
from licensing.states import NoticeState as S


@guarded(initial=S.PUBLISHED)
class Notice(FSMModelMixin, models.Model):
    """A change that is announced or under study, or that none is known of; of these instruments, as of a day.

    It judges nothing. Once published its text stays as it is; what no longer holds is withdrawn, and still shown.
    """

    PREFIX = "NT"

    class Kind(models.TextChoices):
        ANNOUNCED = "announced", _("Announced")
        UNDER_STUDY = "under_study", _("Under study")
        NO_CHANGE = "no_change", _("No change known")

    ref = models.CharField(_("number"), max_length=REFERENCE_LONGEST, unique=True)
    state = FSMField(choices=S, default=S.PUBLISHED, protected=True, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    dated = models.DateField()
    text_en = models.TextField()
    text_zh = models.TextField()
    instruments = ArrayField(models.CharField(max_length=60))
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_because = models.TextField(blank=True)

    class Meta:
        ordering = ["-dated", "-pk"]
        constraints = [
            models.CheckConstraint(name="notice_in_both_languages", condition=~Q(text_en="") & ~Q(text_zh="")),
            models.CheckConstraint(name="notice_is_about_something", condition=Q(instruments__len__gt=0)),
            models.CheckConstraint(
                name="notice_withdrawn_with_a_reason", condition=Q(withdrawn_at=None) | ~Q(withdrawn_because="")
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def text(self) -> str:
        return in_language(self.text_en, self.text_zh)

    @transition(
        field=state,
        source=S.PUBLISHED,
        target=S.WITHDRAWN,
        permission=rules.officer("notice.withdraw"),
        custom={"label": _("Withdraw it")},
    )
    def withdraw(self, *, withdrawn_at: datetime, withdrawn_because: str) -> None:
        self.withdrawn_at, self.withdrawn_because = withdrawn_at, withdrawn_because

"""Item inquiries: an exporter asks what goods are on the control list, and two officers answer."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core.graphs import countersigned, guarded
from core.guards import insert_only
from core.models import Document
from core.proposals import none_waits, waits
from core.references import REFERENCE_LONGEST
from exporters import rules
from exporters.models import Exporter
from licensing.models.editions import PolicyEdition
from licensing.models.lists import GOODS_CODE_LONG, ControlItem
from licensing.states import InquiryState as S


@countersigned("sign", S.SIGNED)
@guarded(initial=S.ASKED)
class Inquiry(FSMModelMixin, models.Model):
    """What the goods are, as the company describes them, and what they are listed as, once two officers signed that.

    control_item: none where the answer is that they are not controlled. The answer binds the ministry for these goods
    under the edition that it names.
    """

    PREFIX = "IQ"
    OPEN = Q(state=S.ASKED)

    ref = models.CharField(max_length=REFERENCE_LONGEST, unique=True)
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="inquiries")
    state = FSMField(choices=S, default=S.ASKED, protected=True, editable=False)
    description = models.TextField(_("description"))
    composition = models.JSONField(_("contained elements, at most"), default=dict, blank=True)
    hs_code = models.CharField(_("customs goods code"), max_length=GOODS_CODE_LONG, blank=True)
    files = models.ManyToManyField(Document, related_name="+", blank=True)
    asked_at = models.DateTimeField()
    control_item = models.ForeignKey(ControlItem, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    reason = models.TextField(blank=True, editable=False)
    edition = models.ForeignKey(PolicyEdition, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    signed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "inquiries"
        constraints = [
            models.CheckConstraint(name="inquiry_describes_goods", condition=~Q(description="")),
            models.CheckConstraint(
                name="inquiry_signed_is_answered",
                condition=Q(state=S.SIGNED, edition__isnull=False, signed_at__isnull=False) & ~Q(reason="")
                | ~Q(state=S.SIGNED) & Q(edition=None, signed_at=None, control_item=None, reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def answer(self) -> str:
        """What the goods were found to be; nothing before it is signed."""
        if not self.signed:
            return ""
        return str(self.control_item) if self.control_item else gettext("Not controlled")

    @property
    def signed(self) -> bool:
        return bool(self.state == S.SIGNED)

    @transition(
        field=state,
        source=S.ASKED,
        target=None,
        permission=rules.officer("inquiry.propose_sign"),
        conditions=[none_waits("sign")],
        custom={"label": _("Propose an answer")},
    )
    def propose_sign(self) -> None: ...

    @transition(
        field=state,
        source=[S.ASKED, S.WITHDRAWN],
        target=None,
        permission=rules.officer("inquiry.drop_sign"),
        conditions=[waits("sign")],
        custom={"label": _("Send the answer back")},
    )
    def drop_sign(self) -> None: ...

    @transition(
        field=state,
        source=S.ASKED,
        target=S.SIGNED,
        permission=rules.officer("inquiry.sign"),
        conditions=[waits("sign")],
        custom={"label": _("Sign the answer")},
    )
    def sign(
        self, *, control_item: ControlItem | None, answer: str, found_on: PolicyEdition, signed_at: datetime
    ) -> None:
        self.control_item, self.reason, self.edition, self.signed_at = control_item, answer, found_on, signed_at

    @transition(
        field=state,
        source=S.ASKED,
        target=S.WITHDRAWN,
        permission=rules.holder("inquiry.withdraw"),
        custom={"label": _("Withdraw")},
    )
    def withdraw(self) -> None: ...


insert_only(Inquiry.files.through)

"""Questions on a case: each a thread. What was said in it, and what ended it, are rows that are only added."""

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core.guards import insert_only
from core.models import Document, User
from licensing.models.applications import Application
from licensing.models.reconsiderations import Reconsideration


class About(models.TextChoices):
    """What of an application a question may be about: fields first, then papers."""

    GOODS = "goods", _("Goods and their description")
    HS_CODE = "hs_code", _("Customs goods codes")
    QUANTITY = "quantity", _("Quantities")
    END_USER = "end_user", _("End-users")
    END_USE = "end_use", _("End-use")
    CONSIGNEE = "consignee", _("Who receives the goods")
    WINDOW = "window", _("Planned dates")
    PORTS = "ports", _("Customs ports")
    DECLARATION = "declaration", _("End-use declaration")
    CONTRACT = "contract", _("Contract or order history")
    TECHNICAL = "tech_desc", _("Technical description or test report")
    COMPANY = "company", _("Papers of the company")
    OTHER = "other", _("Other")


class Questions(models.QuerySet["Question"]):
    def still_open(self) -> Self:
        """Those that nothing has ended yet."""
        ends = QuestionEntry.objects.filter(question=OuterRef("pk"), kind__in=QuestionEntry.ENDS)
        return self.filter(~Exists(ends))

    def with_news(self) -> Self:
        """Those in which the applicant said something that no officer has read or answered."""
        later = QuestionEntry.objects.filter(question=OuterRef("question"), pk__gt=OuterRef("pk"))
        unread = QuestionEntry.objects.filter(
            ~Exists(later.filter(kind__in=QuestionEntry.MINISTRY)),
            question=OuterRef("pk"),
            kind__in=QuestionEntry.APPLICANT,
        )
        return self.filter(Exists(unread))

    def with_anew(self) -> Self:
        """Each with `anew`: no refusal of its case was contested since it was asked."""
        contested = Reconsideration.objects.filter(decision__application=OuterRef("application"))
        return self.annotate(anew=~Exists(contested.filter(filed_at__gt=OuterRef("asked_at"))))


@insert_only
class Question(models.Model):
    """What the reviewer asked, about what, by when. The clock runs on meanwhile."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="questions")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    about = ArrayField(models.CharField(max_length=12, choices=About))
    text = models.TextField()
    due_on = models.DateField()

    objects = Questions.as_manager()
    anew: bool  # of those `with_anew`

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="question_about_something", condition=Q(about__len__gte=1))]

    def __str__(self) -> str:
        return self.text[:60]

    def about_labels(self) -> list[str]:
        return [str(About(code).label) for code in self.about]

    @property
    def end(self) -> "QuestionEntry | None":
        """What ended it."""
        return next((entry for entry in self.entries.all() if entry.kind in QuestionEntry.ENDS), None)

    @property
    def due(self) -> date:
        """The day by which to answer now: asking on sets a new one."""
        return next((entry.due_on for entry in reversed(self.entries.all()) if entry.due_on), self.due_on)

    @property
    def asked(self) -> str:
        """What is asked now: the reviewer's latest words."""
        return next((entry.text for entry in reversed(self.entries.all()) if entry.kind == "ask"), self.text)

    @property
    def has_news(self) -> bool:
        """As Questions.with_news."""
        said = [entry.kind for entry in self.entries.all()]
        return bool(said) and said[-1] in QuestionEntry.APPLICANT

    @property
    def to_read(self) -> bool:
        """Of one `with_anew`: it has news for whoever has the case now, or reconsiders it."""
        return self.has_news and (self.anew or not self.application.contested)


@insert_only
class QuestionEntry(models.Model):
    """Something said in a question's thread, by either side, or that it was read, or its end."""

    class Kind(models.TextChoices):
        PART = "part", _("Answered in part")
        ANSWER = "answer", _("Answered")
        ASK = "ask", _("Asked on")
        READ = "read", _("Read by the reviewer")
        CLOSE = "close", _("Closed by the reviewer")
        SILENT = "silent", _("No answer came")

    APPLICANT = (Kind.PART, Kind.ANSWER)
    MINISTRY = (Kind.ASK, Kind.READ, Kind.CLOSE)
    ENDS = (Kind.ANSWER, Kind.CLOSE, Kind.SILENT)

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=6, choices=Kind)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    due_on = models.DateField(null=True, blank=True)
    files = models.ManyToManyField(Document, related_name="+", blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "question entries"
        constraints = [
            models.UniqueConstraint(
                name="question_ends_once", fields=["question"], condition=Q(kind__in=["answer", "close", "silent"])
            ),
            models.CheckConstraint(
                name="question_asked_or_closed_in_words", condition=~Q(kind__in=["ask", "close"]) | ~Q(text="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:60]}"


insert_only(QuestionEntry.files.through)

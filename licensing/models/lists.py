"""The control list and the instruments that give it effect, with their provenance: as loaded, and what later editions
of the rules added. Never edited."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.decided import filled
from core.languages import in_language
from core.quantities import UNIT_LONGEST
from licensing.policy.vocabulary import CATEGORY, TERRITORY_OF
from licensing.words import terms


class Instrument(models.Model):
    """A law or an announcement, in force from a day on, clause by clause where they differ."""

    id = models.CharField(primary_key=True, max_length=20)
    title_en = models.CharField(max_length=300)
    title_zh = models.CharField(max_length=300)
    published_on = models.DateField()
    effective_from = models.DateField()
    clauses = models.JSONField(default=dict, blank=True)
    authority = models.CharField(max_length=20)
    source = models.TextField(blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return in_language(self.title_en, self.title_zh)


GOODS_CODE_SHORT, GOODS_CODE_LONG = 8, 10
GOODS_CODE_PATTERN = rf"[0-9]{{{GOODS_CODE_SHORT}}}|[0-9]{{{GOODS_CODE_LONG}}}"  # of a customs goods code
GOODS_CODE_WORDS = filled(
    _("{short} or {long} digits."),
    short="licensing.models.lists.GOODS_CODE_SHORT",
    long="licensing.models.lists.GOODS_CODE_LONG",
)
# categories of which some goods are magnets or alloys, or only contain their element; a target may be of an alloy
COMPOSED = ("magnet", "alloy", "target", "functional_material")


class ControlItem(models.Model):
    """A code of the list as an instrument states it, and how sure we are of the wording."""

    code = models.CharField(max_length=20, unique=True)
    official = models.BooleanField(help_text=_("False: our label for a category of the announcement."))
    list_name = models.CharField(max_length=20)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="items")
    element = models.CharField(max_length=10, blank=True)
    category = models.CharField(max_length=40)
    description_en = models.TextField()
    description_zh = models.TextField(blank=True)
    hs_codes = ArrayField(models.CharField(max_length=GOODS_CODE_LONG), default=list, blank=True)
    unit = models.CharField(max_length=UNIT_LONGEST)
    confidence = models.CharField(max_length=20)
    source = models.TextField(blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.code

    @property
    def description(self) -> str:
        return in_language(self.description_en, self.description_zh)

    @property
    def verified(self) -> bool:
        return self.confidence == "verified"

    @property
    def territory(self) -> str:
        """Of which exporters it may be."""
        return TERRITORY_OF[self.official]

    @property
    def category_label(self) -> str:
        return terms.word(terms.VALUES[CATEGORY], self.category)

    @property
    def composed(self) -> bool:
        """Of its goods the application form asks how much of its element they contain."""
        return bool(self.element) and self.category in COMPOSED

    def label(self) -> str:
        return f"{self.code} · {self.description}"


class EndUse(models.Model):
    """What goods are for, coded."""

    code = models.CharField(primary_key=True, max_length=20)
    name_en = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return in_language(self.name_en, self.name_zh)

"""Organizations, the people in them, and the keys of their programs."""

from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import provinces
from core.errors import FourEyes
from core.languages import in_language, spoken
from core.models.roles import Kind, Role

COUNTRY_LENGTH = 2
COUNTRY_PATTERN = f"[A-Z]{{{COUNTRY_LENGTH}}}"  # of a code


class Country(models.Model):
    """ISO 3166-1, labelled as core/data/countries.csv says: a new edition loads its labels again."""

    code = models.CharField(primary_key=True, max_length=COUNTRY_LENGTH)
    name_en = models.CharField(max_length=100)
    name_zh = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["name_en"]
        verbose_name_plural = "countries"

    def __str__(self) -> str:
        return in_language(self.name_en, self.name_zh)


class Organization(models.Model):
    """An exporter, the ministry, or customs. Cases belong to it, never to a person."""

    kind = models.CharField(max_length=10, choices=Kind)
    name_en = models.CharField(_("name in English"), max_length=200)
    name_zh = models.CharField(_("name in Chinese"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(
        null=True, editable=False, help_text="From then on its people and keys read, and change nothing."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="organization_kind", condition=Q(kind__in=Kind.values)),
        ]

    def __str__(self) -> str:
        """The name in the reader's language. A Chinese reader knows a company by its Chinese name."""
        return in_language(self.name_en, self.name_zh)

    @property
    def ref(self) -> str:
        """How history names it: the same whoever reads when it is written."""
        return self.name_en[:40]

    @property
    def other_name(self) -> str:
        """The name that `str` does not give; empty when there is none."""
        return self.name_en if str(self) == self.name_zh else self.name_zh

    @property
    def other_language(self) -> str:
        return "en" if str(self) == self.name_zh else "zh-Hans"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        fields.setdefault("language", spoken())
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who signs in, the service user behind a key, or the clock. History always names one."""

    class Nature(models.TextChoices):
        PERSON = "person", _("Person")
        SERVICE = "service", _("Program")
        CLOCK = "clock", _("Clock")

    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("your name"), max_length=120)
    nature = models.CharField(max_length=8, choices=Nature, default=Nature.PERSON)
    language = models.CharField(max_length=10, blank=True, default="", db_default="")  # of mails; as chosen last
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in str(self).split()[:2]).upper()


class Membership(models.Model):
    """A person's place: one organization, and the roles held there. Taking a role away acts on the next request."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="membership")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=20, choices=Role), default=list)
    province = models.CharField(max_length=2, blank=True, default="")  # an intake officer sees this one; empty: all
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="membership_roles_known", condition=Q(roles__contained_by=Role.values)),
            models.CheckConstraint(
                name="membership_province_of_intake", condition=Q(province="") | Q(roles__contains=[Role.INTAKE.value])
            ),
            models.CheckConstraint(name="membership_province_known", condition=Q(province__in=provinces.codes())),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.organization}"

    def role_labels(self) -> list[str]:
        return [str(Role(role).label) for role in self.roles]


KEY_DAYS_MOST = 365
KEY_PREFIX = "lk_live_"  # of one that opens something


class ApiKey(models.Model):
    """A program's key. Shown once, stored as a hash, owns a service user, ends by day or by hand: see `live_at`."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="keys")
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="key")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="key_lasts_at_most_365_days",
                condition=Q(expires_at__lte=models.F("created_at") + timedelta(days=KEY_DAYS_MOST)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def live_at(self, at: datetime) -> bool:
        """It opens something: it was not revoked, and its last instant is still to come. So live_key() finds it."""
        return self.revoked_at is None and self.expires_at > at


def anonymous() -> AnonymousUser:
    return AnonymousUser()


class RoleGrant(models.Model):
    """Roles of an officer that one administrator proposed and another confirmed; nobody confirms his own."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="grants")
    roles = ArrayField(models.CharField(max_length=20, choices=Role), blank=True)
    province = models.CharField(max_length=2, blank=True, default="")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="grant_by_two_admins",
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("proposed_by")),
            ),
            models.UniqueConstraint(
                name="grant_one_open", fields=["membership"], condition=Q(confirmed_at=None, dropped_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {', '.join(self.roles)}"

    WHO_CONFIRMS = _("Another administrator must confirm it.")

    def not_to_confirm(self, user: User) -> FourEyes | None:
        """Why this administrator does not; None where he may."""
        if self.proposed_by_id == user.pk:
            return FourEyes(f"{gettext('You proposed this.')} {self.WHO_CONFIRMS}")
        if self.membership.user_id == user.pk:
            return FourEyes(f"{gettext('This is about you.')} {self.WHO_CONFIRMS}")
        return None

    @staticmethod
    def left_to_others(user: User) -> Q:
        """Of many, those that this administrator does not confirm."""
        return Q(proposed_by=user) | Q(membership__user=user)

    def role_labels(self) -> list[str]:
        return [str(Role(role).label) for role in self.roles]

"""What every field says when it is left out."""

from django.utils.translation import gettext_lazy

NEEDED = {"required": gettext_lazy("Needed."), "null": gettext_lazy("Needed; null is not a value here.")}

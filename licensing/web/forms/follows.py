from django import forms
from django.utils.translation import gettext_lazy

from core.web.forms import length_of
from licensing.models import Follow


class FollowForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Control code, or what codes begin with"),
        max_length=length_of(Follow, "code"),
        help_text=gettext_lazy("For example 1C909.b; 1C909 also stands for all codes below it."),
    )

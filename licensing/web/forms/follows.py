from django import forms
from django.utils.translation import gettext_lazy


class FollowForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Control code, or what codes begin with"),
        max_length=60,
        help_text=gettext_lazy("For example 1C909.b; 1C909 also stands for all codes below it."),
    )

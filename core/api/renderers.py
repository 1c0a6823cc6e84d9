from rest_framework import renderers


class JSONRenderer(renderers.JSONRenderer):
    """JSON as UTF-8 text, compact; strict (no NaN)."""

    charset = "utf-8"
    compact = True
    strict = True

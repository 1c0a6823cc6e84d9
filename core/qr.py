"""A text as a QR code, with the margin that it needs: a picture, the same for the same text."""

import io

import segno

from core.typesetting import Drawing


def drawn(text: str) -> Drawing:
    # as much of an error corrected as costs no larger code; one mask, as the choice among eight takes most of the time
    code = segno.make_qr(text, error="l", boost_error=True, mask=0)
    svg = io.BytesIO()
    code.save(svg, kind="svg", border=4, xmldecl=False, nl=False, omitsize=True, svgclass=None, lineclass=None)
    return Drawing(svg.getvalue().decode())

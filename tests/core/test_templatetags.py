"""What pages print: quantities, days, state words, fields and their errors."""

import re
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import mark_safe
from pytest_django.asserts import assertHTMLEqual, assertInHTML

from core.access import NOBODY
from core.errors import Problem
from core.files import PAPER
from core.models import Country
from core.telling import Told
from core.templatetags.lodestone import (
    as_written,
    day,
    errors,
    field,
    instant,
    listed,
    quantity,
    quantity_bare,
    ref,
    state_tag,
    unit_word,
)
from core.web.fields import FilesField, GroupedBoxes, one_needed
from exporters.models import Exporter
from licensing.models import Application, Declaration, License
from shipments.models import Shipment

STYLES = Path(__file__).resolve().parent.parent.parent / "static" / "css" / "parts.css"


@pytest.mark.parametrize(
    ("base", "unit", "bare", "full"),
    [
        (12_345_678, "kg", "12,345.678", "12,345.678 kg"),
        (5_860_000, "kg", "5,860", "5,860 kg"),
        (1_500, "kg", "1.5", "1.5 kg"),
        (1, "kg", "0.001", "0.001 kg"),
        (0, "kg", "0", "0 kg"),
        (-1_500, "kg", "-1.5", "-1.5 kg"),
        (-500, "kg", "-0.5", "-0.5 kg"),
        (10**15, "kg", "1,000,000,000,000", "1,000,000,000,000 kg"),
        (9_007_199_254_740_993, "g", "9,007,199,254,740,993", "9,007,199,254,740,993 g"),
        (1, "unit", "1", "1 piece"),
        (1_200, "unit", "1,200", "1,200 pieces"),
        (12, "set", "12", "12 sets"),
        (1, "contract", "1", "1 contract"),
        (None, "kg", "", ""),
    ],
)
def test_quantity_is_exact_and_trimmed(base, unit, bare, full):
    assert (quantity_bare(base, unit), quantity(base, unit)) == (bare, full)


def test_quantity_of_an_unknown_unit_is_loud():
    with pytest.raises(KeyError):
        quantity(1, "lb")


def test_a_unit_s_word_and_what_separates_words_are_the_readers():
    assert ([unit_word(unit) for unit in ("kg", "unit")], listed(["France", "Japan"])) == (
        ["kg", "pieces"],
        "France, Japan",
    )
    with translation.override("zh-hans"):
        assert (unit_word("kg"), listed(["法国", "日本"])) == ("千克", "法国、日本")
    assert (listed([]), listed(None)) == ("", "")


def test_day_and_instant_read_the_legal_clock():
    late = datetime(2026, 11, 27, 16, 20, tzinfo=UTC)  # already the 28th in Shanghai
    assert (day(date(2026, 11, 27)), day(late), instant(late)) == ("27 Nov 2026", "28 Nov 2026", "28 Nov 2026, 00:20")
    with translation.override("zh-hans"):
        assert (day(date(2026, 9, 7)), instant(late)) == ("2026年9月7日", "2026年11月28日 00:20")
    assert (day(None), instant(None)) == ("", "")


def test_options_of_a_select_are_escaped_and_one_is_chosen():
    made = Template("{% options choices chosen %}").render(
        Context({"choices": [("a", "A & <b>"), ('"', "C")], "chosen": "a"})
    )
    assert made == '<option value="a" selected>A &amp; &lt;b&gt;</option>\n<option value="&quot;">C</option>'


def test_boxes_are_escaped_and_some_are_ticked():
    class Boxes(forms.Form):
        kinds = forms.MultipleChoiceField(
            widget=forms.CheckboxSelectMultiple, choices=[('"', "A & <b>"), ("b", mark_safe("<i>B</i>"))]
        )

    choices = Boxes({"kinds": ["b"]})["kinds"].subwidgets
    assert Template("{% boxes choices 'chk' %}").render(Context({"choices": choices})) == (
        '<label class="chk" for="id_kinds_0"><input type="checkbox" name="kinds" value="&quot;" id="id_kinds_0">'
        "<span>A &amp; &lt;b&gt;</span></label>\n"
        '<label class="chk" for="id_kinds_1"><input type="checkbox" name="kinds" value="b" id="id_kinds_1" checked>'
        "<span><i>B</i></span></label>"
    )


def widgets_of(base):
    for form in base.__subclasses__():
        yield from ((form, name, type(field.widget)) for name, field in getattr(form, "base_fields", {}).items())
        yield from widgets_of(form)


def test_no_form_asks_for_several_with_ctrl_held_down():
    """What is chosen of a list is ticked: TickedFirst."""
    import_module("config.urls")
    widgets = {one for one in widgets_of(forms.BaseForm) if not one[0].__module__.startswith(("django.", "tests."))}
    assert len(widgets) > 200
    assert [one for one in widgets if one[-1] is forms.SelectMultiple] == []


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("item <b>, unverified", '<span lang="en">item &lt;b&gt;, unverified</span>'),
        ("见公告 18/2025", '<span lang="zh-Hans">见公告 18/2025</span>'),
    ],
)
def test_a_remark_in_one_language_says_in_which(text, marked):
    assert as_written(text) == marked


def test_state_tag_has_word_shape_and_colour():
    assert state_tag(License(state="active")) == '<span class="tag ok">In force</span>'
    assert state_tag(Application(state="withdrawn")) == '<span class="tag">Withdrawn</span>'


def test_every_look_of_a_state_is_one_the_stylesheet_draws():
    drawn = set(re.findall(r"\.tag\.(\w+)", STYLES.read_text(encoding="utf-8"))) | {""}
    looks = {state.look for model in (Exporter, Declaration, Application, License, Shipment) for state in model.states}
    assert looks <= drawn


def told(sentence, *, reason="", by_clock=False, moved=False, hour=8):
    at = datetime(2026, 11, 20, hour, 20, tzinfo=UTC)
    return Told(at, sentence, "the system" if by_clock else "Zhao Min", reason, by_clock=by_clock, moved=moved)


def show_history(*lines):
    return Template("{% history lines %}").render(Context({"lines": lines}))


def test_history_says_who_what_when_and_why():
    assertHTMLEqual(
        show_history(told("Asked.", reason="<b>")),
        """
        <ol class="timeline">
          <li class="hot">
            Asked.
            <blockquote class="reason">&lt;b&gt;</blockquote>
            <small>
              <time datetime="2026-11-20T08:20:00+00:00">20 Nov 2026, 16:20</time> · Zhao Min
            </small>
          </li>
        </ol>
        """,
    )


def test_history_folds_what_the_clock_did_below_what_people_did():
    html = show_history(told("Warned.", by_clock=True), told("Issued."), told("Approved."))
    deeds, clock = html.split("<details")
    assert re.findall(r"(\w+)\.\s+<small", deeds) == ["Issued", "Approved"]
    assert re.findall(r"(\w+)\.\s+<small", clock) == ["Warned"]
    assert "1 automatic entry" in clock


def test_history_does_not_fold_what_the_clock_did_since_people_did_something():
    """Whoever follows the link of a mail about it comes to see it."""
    news = [told("Overdue.", by_clock=True, hour=11), told("Warned.", by_clock=True, hour=10)]
    html = show_history(*news, told("Issued.", hour=9), told("Moved.", by_clock=True), told("Approved.", hour=7))
    deeds, clock = html.split("<details")
    assert re.findall(r"(\w+)\.\s+<small", deeds) == ["Overdue", "Warned", "Issued", "Approved"]
    assert re.findall(r"(\w+)\.\s+<small", clock) == ["Moved"]


def test_history_folds_nothing_that_brought_another_state():
    html = show_history(told("Suspended.", by_clock=True, moved=True), told("Issued."))
    assert re.findall(r"(\w+)\.\s+<small", html) == ["Suspended", "Issued"] and "<details" not in html


def test_history_of_the_clock_alone_is_not_folded():
    html = show_history(told("Expired.", by_clock=True))
    assert "Expired." in html
    assert "<details" not in html


class Question(forms.Form):
    name = forms.CharField(label="End-user", help_text="As in its register")
    note = forms.CharField(label="Note", required=False)
    kind = forms.ChoiceField(label="Kind", widget=forms.RadioSelect, choices=[("a", "Annual"), ("p", "One shipment")])


class Refusing(Question):
    def clean(self):
        raise forms.ValidationError("These do not belong together.")


def show_field(form: forms.Form, name: str) -> str:
    return Template("{% field bound %}").render(Context({"bound": form[name]}))


def test_field_ties_label_hint_error_and_control():
    html = show_field(Question({}), "name")
    assertHTMLEqual(
        html,
        """
        <div class="field err">
          <label for="id_name">End-user</label>
          <div class="hint" id="id_name_helptext">As in its register</div>
          <p class="errmsg" id="id_name_error"><span class="vh">Error: </span>This field is required.</p>
          <input type="text" name="name" required id="id_name"
            aria-invalid="true" aria-describedby="id_name_helptext id_name_error">
        </div>
        """,
    )


def test_field_says_what_is_optional():
    label = '<label for="id_note">Note <span class="optional">(optional)</span></label>'
    assertInHTML(label, show_field(Question(), "note"))
    assert "(optional)" not in show_field(Question(), "name")


def test_of_several_fields_one_is_needed_and_none_is_called_optional():
    form = Question()
    one_needed([form.fields["name"], form.fields["note"]])
    assert '<span class="optional">(one of these is needed)</span>' in show_field(form, "note")
    assert "(optional)" not in show_field(form, "note") and "optional" not in show_field(form, "name")


def test_a_choice_is_a_fieldset_with_a_legend():
    html = show_field(Question({}), "kind")
    assertHTMLEqual(
        html,
        """
        <fieldset class="field err" aria-describedby="id_kind_error">
          <legend>Kind</legend>
          <p class="errmsg" id="id_kind_error"><span class="vh">Error: </span>This field is required.</p>
          <div class="choices">
            <label class="opt" for="id_kind_0">
              <input type="radio" name="kind" value="a" required aria-invalid="true" id="id_kind_0"><span>Annual</span>
            </label>
            <label class="opt" for="id_kind_1">
              <input type="radio" name="kind" value="p" required aria-invalid="true" id="id_kind_1">
              <span>One shipment</span>
            </label>
          </div>
        </fieldset>
        """,
    )


def test_field_shape_of_a_checkbox():
    class Sure(forms.Form):
        sure = forms.BooleanField(label="I declare it")

    result = field(Sure()["sure"])
    assert (result["checkbox"], result["fieldset"], result["optional"]) == (True, False, False)


def test_errors_link_to_their_fields_across_forms_and_sentences():
    lines = forms.formset_factory(Question, extra=0)(
        {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "form-0-name": "x", "form-0-kind": "a", "form-1-name": "x"}
    )
    result = errors(
        Refusing({"name": "x"}), lines, ["A sentence."], [Problem("/x", "required", "A problem.")], None, ""
    )
    assert result["errors"] == [
        {"href": "", "text": "These do not belong together."},
        {"href": "#id_kind_0", "text": "Kind: This field is required."},
        {"href": "#id_form-1-kind_0", "text": "Line 2, Kind: This field is required."},
        {"href": "", "text": "A sentence."},
        {"href": "", "text": "A problem."},
    ]


def test_a_label_that_is_a_sentence_ends_before_the_colon():
    class Ticked(forms.Form):
        looked = forms.BooleanField(label="I have looked at it.")

    assert errors(Ticked({}))["errors"] == [
        {"href": "#id_looked", "text": "I have looked at it: This field is required."}
    ]


class Papers(forms.Form):
    reason = forms.CharField()
    paper = forms.FileField(label="The paper", required=False)
    more = FilesField(label="More papers", kinds=PAPER, required=False)


def files(**names):
    """As a browser sends them."""
    uploads = {name: [SimpleUploadedFile(one, b"%PDF-") for one in of] for name, of in names.items()}
    return MultiValueDict(uploads)


def test_a_form_that_comes_back_names_each_file_that_was_chosen_in_it():
    sent = files(paper=["heard.pdf"], more=["a.pdf", "b.pdf"])
    assert [(error["href"], error["text"]) for error in errors([Papers({}, sent)])["errors"][1:]] == [
        ("#id_paper", "The paper: Choose the file heard.pdf again."),
        ("#id_more", "More papers: Choose the file a.pdf again."),
        ("#id_more", "More papers: Choose the file b.pdf again."),
    ]
    assert errors("It was refused.", Papers({"reason": "x"}, sent))["errors"][1]["href"] == "#id_paper"
    wrong = Papers({"reason": "x"}, sent)
    wrong.add_error("paper", "This is no PDF.")
    assert "Choose the file heard.pdf again." not in str(errors(wrong))
    assert errors(Papers({"reason": "x"}, sent), Papers())["errors"] == []
    assert [error["href"] for error in errors(Papers({}))["errors"]] == ["#id_reason"]


def test_no_errors_no_summary():
    assert Template("{% errors form %}").render(Context({"form": Question()})).strip() == ""


PAGE = Template(
    '{% extends "base.html" %}{% block title %}Parties{% endblock %}'
    "{% block content %}{% errors form %}{% if form %}{% field form.name %}{% endif %}{{ text }}{% endblock %}"
)


def test_a_page_that_adds_to_a_block_of_every_page_keeps_what_stands_there():
    page = Template('{% extends "base.html" %}{% block scripts %}{{ block.super }}<script src="own.js">{% endblock %}')
    scripts = page.render(Context({"actor": NOBODY})).split("<script src=")[1:]
    assert [words in one for words, one in zip(("base.js", "own.js"), scripts, strict=True)] == [True, True]


@pytest.mark.parametrize("form", [Question({}), Refusing({"name": "x", "kind": "a"}), None, Question(), "typed"])
@pytest.mark.parametrize(("language", "error"), [("en", "Error:"), ("zh-hans", "错误：")])
def test_a_title_says_first_that_something_is_wrong(form, language, error):
    facts = {"text": '<div class="errsum">'} if form == "typed" else {"form": form}
    with translation.override(language):
        page = PAGE.render(Context(facts | {"actor": NOBODY}))
    first = f"{error} " if isinstance(form, Question) and form.is_bound else ""
    assert f"<title>{first}Parties · Lodestone</title>" in page


def test_a_title_says_so_where_only_the_field_does():
    page = Template('{% extends "base.html" %}{% block content %}{% field form.name %}{% endblock %}')
    assert "<title>Error: " in page.render(Context({"form": Question({}), "actor": NOBODY}))
    assert "<title>Error: " not in page.render(Context({"form": Question(), "actor": NOBODY}))


def test_reference_is_kept_whole():
    assert ref("EL-7QF4K2M1R") == '<span class="ref mono nowrap" translate="no">EL-7QF4K2M1R</span>'


class Selects(forms.Form):
    bare = forms.ChoiceField(choices=[("", "---------"), ("a", "Alpha")])
    worded = forms.ChoiceField(choices=[("", "All of them"), ("a", "Alpha")])
    full = forms.ChoiceField(choices=[("a", "Alpha")])
    country = forms.ModelChoiceField(queryset=Country.objects.all())
    none = forms.ChoiceField(choices=[])


def options(name, data=None):
    html = Template("{% field bound %}").render(Context({"bound": Selects(data)[name]}))
    return re.findall(r"<option[^>]*>([^<]*)</option>", html)


def test_the_empty_choice_of_a_select_says_what_to_do(reference):
    with translation.override("en"):
        assert options("bare") == ["Choose…", "Alpha"]
        assert options("country")[0] == "Choose…"
    assert options("worded") == ["All of them", "Alpha"]
    assert (options("full"), options("none")) == (["Alpha"], [])
    assert len(options("country")) == Country.objects.count() + 1
    with translation.override("zh-hans"):
        assert options("bare")[0] == "请选择…"


def test_an_empty_choice_is_no_answer(reference):
    assert set(Selects({"bare": "", "country": ""}).errors) == {"bare", "worded", "full", "country", "none"}


def test_boxes_of_groups_stand_under_their_names():
    class Grouped(forms.Form):
        who = forms.MultipleChoiceField(
            label="Who", widget=GroupedBoxes, choices=[("A <b>", [("1", "One")]), ("B", [("2", "Two"), ("3", "Three")])]
        )

    html = show_field(Grouped({"who": ["3"]}), "who")
    assertHTMLEqual(
        html,
        """
        <fieldset class="field">
          <legend>Who</legend>
          <div class="choices">
            <fieldset class="of">
              <legend>A &lt;b&gt;</legend>
              <label class="chk" for="id_who_0_0">
                <input type="checkbox" name="who" value="1" id="id_who_0_0"><span>One</span>
              </label>
            </fieldset>
            <fieldset class="of">
              <legend>B</legend>
              <label class="chk" for="id_who_1_0">
                <input type="checkbox" name="who" value="2" id="id_who_1_0"><span>Two</span>
              </label>
              <label class="chk" for="id_who_1_1">
                <input type="checkbox" name="who" value="3" id="id_who_1_1" checked><span>Three</span>
              </label>
            </fieldset>
          </div>
        </fieldset>
        """,
    )
    assert errors(Grouped({}))["errors"][0]["href"] == "#id_who_0_0"

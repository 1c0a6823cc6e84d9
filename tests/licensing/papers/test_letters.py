"""Letters: each step that the law or the ministry writes about leaves one, in two languages, with what it decided."""

import json
import re
from datetime import date, timedelta
from html import unescape

import pytest

from core import papers
from core.access import clock as the_clock
from core.history import lines_of
from core.legal_time import legal_today
from core.models import Delivery, Document, HistoryLine, Paper
from exporters.actions import changes
from exporters.models import Exporter
from licensing import selectors
from licensing.actions import (
    amendments,
    applications,
    consultations,
    decisions,
    declarations,
    intents,
    licenses,
    receipts,
    reconsiderations,
    renewals,
    screenings,
    standing,
    supplements,
)
from licensing.clock import RECEIPT_DAYS
from licensing.models import Application, DecisionStep, License
from licensing.papers import letters
from licensing.papers.letters import LETTERS
from shipments.actions import ClearedLine, closing, receive
from tests import make, pdf, story
from tests.licensing.test_declaration_questions import change, redo, signed_anew
from tests.licensing.test_invalidations import invalidated
from tests.licensing.test_redeclared import another, redeclare, reject
from tests.make import seen

WORDS = '#panic() [*x*] $y$ \\u{41} 😀 العنوان: شارع "q"'
APRIL = "MOFCOM/GAC Ann. 18/2025, medium and heavy rare earths (April list)"
KINDS = {name: (noun, verbs) for name, _label, _write, noun, verbs in LETTERS}


def paper_of(row, kind):
    papers.make_due()
    pk = [paper.pk for paper in papers.papers_of(row) if paper.kind == kind][-1]
    return Paper.objects.select_related("line", "document").get(pk=pk)


def said_of(row, kind):
    return json.loads(paper_of(row, kind).data)


def text_of(row, kind):
    content = bytes(paper_of(row, kind).document.content)
    assert pdf.flaws_of(content) == []
    return re.sub(r"\s", "", pdf.text_of(content))


def of_case(world, ref):
    return Application.objects.get(ref=ref)


@pytest.mark.slow
def test_every_step_of_the_story_that_owes_a_paper_leaves_it(world, clock):
    """Whatever happened: of each line one, that archives take and that is made anew to the same bytes."""
    story.told(world, clock)
    papers.make_due()
    failed = Delivery.objects.filter(consumer="paper", delivered_at=None).select_related("line")
    assert [(one.line.subject_kind, one.line.verb, one.error) for one in failed] == []
    owed = {(noun, verb): name for name, (noun, verbs) in KINDS.items() for verb in verbs}
    owed |= {("license", "issue"): "certificate", ("inquiry", "sign"): "answer"}
    for verb in ("narrow", "widen"):  # they follow from other verbs, on a license of several end-users: none is here
        del owed["license", verb]
    rows = Paper.objects.select_related("line", "document").filter(part=0)
    assert {(one.line.subject_kind, one.line.verb): one.kind for one in rows} == owed
    lines = HistoryLine.objects.filter(deliveries__consumer="paper").count()
    assert rows.count() == lines
    for kind in set(owed.values()):
        one = rows.filter(kind=kind).first()
        content = bytes(one.document.content)
        assert pdf.flaws_of(content) == [], kind
        assert papers.made_anew(one) == content, kind
        assert len(pdf.pages_of(content)) <= (2 if kind == "receipt" else 1), kind  # it has the whole form


@pytest.mark.slow
def test_no_paper_names_an_officer_or_what_stays_inside(world, clock):
    """Neither who recommended or decided, nor a note, nor what a screening found."""
    story.told(world, clock)
    papers.make_due()
    data = " ".join(Paper.objects.values_list("data", flat=True))
    officers = [getattr(world.ministry, role).user for role in ("intake", "reviewer", "decider", "other_decider")]
    assert [one.name for one in officers if one.name in data or one.email in data] == []
    notes = set(DecisionStep.objects.exclude(note="").values_list("note", flat=True))
    notes |= set(DecisionStep.objects.exclude(departure="").values_list("departure", flat=True))
    assert [note for note in notes if json.dumps(note, ensure_ascii=False)[1:-1] in data] == []


def test_a_receipt_has_the_application_as_it_was_filed(world):
    case = of_case(world, world.under_review(world.application(remarks=WORDS)))
    data = said_of(case, "receipt")
    [user] = case.end_users.all()
    assert (data["again"], data["days"], data["contract"]) == (False, RECEIPT_DAYS, case.contract_no)
    assert [one["quantity"] for one in data["lines"]] == ["60,000"]
    assert [(one["price"], one["worth"]) for one in data["lines"]] == [("412.50 CNY", "24,750,000.00 CNY")]
    assert (data["contract_value"], data["payment"]) == ("", "")
    assert [(one["name"], one["declaration"]) for one in data["end_users"]] == [(user.party.name, user.declaration.ref)]
    handed_in = case.documents.select_related("document")
    assert [one["sha256"] for one in data["papers"]] == [one.document.sha256[:16] for one in handed_in]
    text = text_of(case, "receipt")
    assert "#panic()[*x*]$y$\\u{41}[U+1F600]" in text
    assert "收件不等于受理" in text and "Receiptisnotacceptance" in text
    assert "单价Unitprice412.50CNY" in text and "24,750,000.00CNY" in text


@pytest.mark.slow
def test_receipt_and_acceptance_name_the_inquiry_and_the_license(world):
    inquiry, license = make.answered(world), make.ends_in(world.license(kilograms=100), 100)
    change = make.asking(amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter))
    renewal = renewals.renew(license.ref, seen=seen(license.ref), by=world.exporter)
    renewal.lines.update(inquiry=inquiry)
    for row, words in (
        (change, f"Licensethatitwouldchange{license.ref}"),
        (renewal, f"Licensethatitwouldrenew{license.ref}"),
    ):
        case = of_case(world, world.under_review(row.ref))
        for kind in ("receipt", "acceptance"):
            data, text = said_of(case, kind), text_of(case, kind)
            assert (data["amends"], data["renews"]) == ((license.ref, "") if row == change else ("", license.ref))
            assert words in text
        assert (f"Iteminquiry{inquiry.ref}" in text_of(case, "receipt")) is (row == renewal)
    plain = of_case(world, world.under_review(world.application()))
    assert "Licensethatitwould" not in text_of(plain, "receipt") + text_of(plain, "acceptance")
    assert "Iteminquiry" not in text_of(plain, "receipt")


def test_a_receipt_says_who_answers_for_the_company_who_signed_and_what_each_end_user_declared(world):
    case = of_case(world, world.under_review(world.application()))
    data, text = said_of(case, "receipt"), text_of(case, "receipt")
    boss, declaration = str(world.exporter.user), case.end_users.get().declaration
    assert data["responsible"] == {
        "customs_code": "",
        "legal_representative": boss,
        "main_manager": boss,
        "handler": f"{boss}, +86 138 0013 8000",
    }
    assert (data["signed"]["by"], data["signed"]["at"]) == (boss, data["at"])
    [one] = data["end_users"]
    says = (declaration.product, declaration.end_use_text, declaration.yearly_need)
    assert (one["product"], one["words"], one["need"]) == says
    for words in (*says, f"Handler{boss},+8613800138000", f"Signedandfiledby{boss}"):
        assert re.sub(r"\s", "", words) in text, words
    assert "Whatwasmissingsentby" not in text and "Customsregistrationcode" not in text


def test_a_receipt_that_is_made_late_says_what_stood_when_it_was_filed(world):
    """Of the company, of what was declared, and which declaration was named."""
    rejected, redone = world.declaration(verified=False), world.declaration(verified=False)
    case = of_case(world, world.under_review(world.application(by_whom=[rejected, redone])))
    contacts = {"customs_code": "3601234567", "main_manager": "Li Na", "handler": "Wu Di", "handler_phone": "0797 812"}
    changes.restate(seen=seen(world.exporter.organization_id), by=world.exporter, **contacts)
    before = redone.product
    declarations.query(redone.ref, seen=seen(redone.ref), reason="Which?", by=world.ministry.reviewer)
    redo(redone, world.exporter, changes=["product"])
    change(redone, world, product="pumps")
    signed_anew(redone, world)
    reject(rejected, world)
    new = another(world, rejected, product="pumps")
    redeclare(case.ref, world, new)
    data = said_of(case, "receipt")
    boss = str(world.exporter.user)
    assert (data["responsible"]["customs_code"], data["responsible"]["main_manager"]) == ("", boss)
    assert data["responsible"]["handler"] == f"{boss}, +86 138 0013 8000"
    said = [(one["declaration"], one["product"]) for one in data["end_users"]]
    assert said == [(rejected.ref, before), (redone.ref, before)]
    assert [user.declaration.ref for user in case.end_users.all()] == [new.ref, redone.ref]


def test_a_receipt_of_what_was_missing_says_who_sent_that_too(world):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    supplements.request_supplement(ref, points=["The contract."], by=world.ministry.intake)
    other = make.colleague(world.exporter, "signatory")
    supplements.resubmit(ref, answers={1: supplements.Answer("Attached.")}, by=other)
    data, text = said_of(of_case(world, ref), "receipt"), text_of(of_case(world, ref), "receipt")
    assert (data["signed"]["by"], data["sent"]["by"]) == (str(world.exporter.user), str(other.user))
    assert re.sub(r"\s", "", f"What was missing sent by {other.user}") in text


def test_what_was_handed_in_at_that_instant_is_in_the_receipt(world):
    case = of_case(world, world.under_review(world.application()))
    line = lines_of(case).get(verb="submit")
    line.at = max(one.document.uploaded_at for one in case.documents.select_related("document"))
    assert len(letters.receipt(line, case)["papers"]) == case.documents.count()


def test_a_receipt_knows_nothing_of_what_came_later(world):
    """Whoever makes it late."""
    ref = world.under_review(world.application())
    case = of_case(world, ref)
    before = case.documents.count()
    late = case.documents.first()
    document = Document.objects.get(pk=late.document_id)
    document.pk, document.uploaded_at = None, case.submitted_at + timedelta(seconds=1)
    document.save(force_insert=True)
    case.documents.create(type=late.type, document=document)
    assert (len(said_of(case, "receipt")["papers"]), case.documents.count()) == (before, before + 1)


def test_an_acceptance_says_the_last_day_that_the_clock_says(world):
    case = of_case(world, world.under_review(world.application()))
    clock = selectors.clocks_of([case], legal_today())[case.pk]
    data = said_of(case, "acceptance")
    assert (data["by_law"], data["untimed"], data["of"]) == (False, False, 45)
    day = clock.deadline
    assert data["deadline"] == {"zh": f"{day.year}年{day.month}月{day.day}日", "en": f"{day:%-d %b %Y}"}
    assert data["provisional"] == clock.provisional


def test_what_is_missing_is_named_point_by_point_with_its_last_day(world):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    supplements.request_supplement(ref, points=["The contract.", WORDS], by=world.ministry.intake)
    case = of_case(world, ref)
    data = said_of(case, "supplement")
    assert [re.sub(r"\[U\+1F600\]", "😀", point) for point in data["points"]] == ["The contract.", WORDS]
    due_on = case.supplement.due_on
    assert data["due_on"]["en"] == f"{due_on:%-d %b %Y}"
    assert "一次性告知" in text_of(case, "supplement")


def test_what_is_not_accepted_says_why(world):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    receipts.not_accept(ref, reason="It is outside the scope; ask customs.", by=world.ministry.intake)
    text = text_of(of_case(world, ref), "rejection")
    assert "Itisoutsidethescope;askcustoms." in text and "不予受理通知书" in text
    assert "Anewonethatanswersthereasoncanbefiled." in text and "重新提出申请" in text


def test_a_clock_that_stands_still_is_told_with_its_notice_and_its_new_last_day(world, clock):
    ref = world.under_review(world.application())
    consultations.consult(ref, cause="expert", notice="An institute looks at it.", by=world.ministry.reviewer)
    case = of_case(world, ref)
    begun = said_of(case, "pause")
    assert (begun["cause"]["en"], begun["notice"], begun["used"]) == (
        "Expert consultation",
        "An institute looks at it.",
        0,
    )
    clock.shift(days=10)
    consultations.end_consult(ref, by=world.ministry.reviewer)
    ended = said_of(case, "resumption")
    now = selectors.clocks_of([of_case(world, ref)], legal_today())[case.pk]
    assert ended["since"] == begun["from"] != ended["from"]
    assert ended["deadline"]["en"] == f"{now.deadline:%-d %b %Y}"


LAWFUL = ["Identification of the goods", "Expert consultation", "Approval by the State Council"]


@pytest.mark.parametrize(("setting", "own"), [(False, None), (True, {"zh": "现场核查", "en": "Visit to the site"})])
def test_an_acceptance_says_what_stops_the_clock_by_law_and_what_by_the_ministry_s_own_rule(
    setting, own, world, settings
):
    settings.CLOCK_SITE_VISITS = setting
    case = of_case(world, world.under_review(world.application()))
    stops = said_of(case, "acceptance")["stops"]
    assert (stops["by_law"]["en"], stops["by_ministry"]) == (", ".join(LAWFUL), own)
    assert stops["by_law"]["zh"] == "鉴别、征询专家意见、报国务院批准"
    text = text_of(case, "acceptance")
    assert "依法不计入" in text and "ApprovalbytheStateCouncil" in text
    assert ("按本机关规定不计入" in text, "ministry’sownrule" in text, "Visittothesite" in text) == (setting,) * 3


@pytest.mark.parametrize(("cause", "by_law"), [("expert", True), ("site_visit", False)])
def test_a_clock_stands_still_by_law_or_by_the_ministry_s_own_rule(cause, by_law, world, settings):
    settings.CLOCK_SITE_VISITS = True
    ref = world.under_review(world.application())
    consultations.consult(ref, cause=cause, notice="We look at it.", by=world.ministry.reviewer)
    text = text_of(of_case(world, ref), "pause")
    for words, said in {"依法": True, "bylaw": True, "按本机关规定": False, "bytheministry’sownrule": False}.items():
        assert (words in text) == (said == by_law), words


def test_a_letter_that_is_made_late_says_what_its_day_knew(world, clock):
    ref = world.under_review(world.application())
    clock.shift(days=8)
    consultations.consult(ref, cause="expert", notice="An institute looks at it.", by=world.ministry.reviewer)
    case = of_case(world, ref)
    then = selectors.clocks_of([case], legal_today())[case.pk].used
    clock.shift(days=12)
    consultations.end_consult(ref, by=world.ministry.reviewer)
    clock.shift(days=30)
    assert selectors.clocks_of([of_case(world, ref)], legal_today())[case.pk].used > then > 0
    assert said_of(case, "pause")["used"] == then


def refused(world, **said):
    ref = world.under_review(world.application())
    facts = {"factors": ["END_USE", "END_USER"], "text": "Say what the goods are for."} | said
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", note="Inside.", by=world.ministry.reviewer, **facts)
    return ref, facts


def test_a_refusal_says_its_factors_reasons_provisions_and_the_remedy_with_its_last_day(world, clock):
    ref, facts = refused(world)
    departure = {"departure": "Doubts."}
    decisions.refuse(ref, seen=seen(ref), **facts, **departure, by=world.ministry.decider)
    case = of_case(world, ref)
    data = said_of(case, "refusal")
    assert data["factors"] == [{"zh": "最终用途", "en": "End-use"}, {"zh": "最终用户", "en": "End-user"}]
    assert data["reason"] == facts["text"]
    [line], [user] = data["applied"]["lines"], data["applied"]["end_users"]
    assert (line["code"], line["quantity"], user["name"]) == ("1C905.a.4", "60,000", case.end_users.get().party.name)
    assert [one["en"] for one in data["provisions"]] == [APRIL]
    until = selectors.reconsiderations.contestable_until(legal_today())
    assert until > date(2000, 1, 1) and data["contest_until"]["en"] == f"{until:%-d %b %Y}"
    text = text_of(case, "refusal")
    assert "自决定送达之日起60日内申请行政复议" in text and "Within60daysafterservice" in text
    assert f"{data['served']['zh']}。{data['moved']['zh']}。".replace(" ", "") in text
    assert f"{data['served']['en']}.{data['moved']['en']}.".replace(" ", "") in text
    assert "Doubts." not in text and "Inside." not in text


def provisions_on(client, world, ref):
    client.force_login(world.exporter.user)
    answer = client.get(f"/applications/{ref}/")
    found = [one["name"] for one in answer.context["provisions"]]
    assert all(one in unescape(answer.content.decode()) for one in found)
    return found


def test_a_refusal_s_page_names_the_provisions_of_its_letter(world, client):
    ref, facts = refused(world)
    decisions.refuse(ref, seen=seen(ref), **facts, departure="Doubts.", by=world.ministry.decider)
    told = [one["en"] for one in said_of(of_case(world, ref), "refusal")["provisions"]]
    assert provisions_on(client, world, ref) == told == [APRIL]


def test_the_page_of_what_was_cut_names_the_provisions_of_its_letter(world, client):
    m, ref = world.ministry, world.under_review(world.application())
    less = {"quantities_": {1: 20_000_000}, "text": "The yearly need is not shown."}
    decisions.recommend(ref, seen=seen(ref), outcome="approve", **less, by=m.reviewer)
    assert provisions_on(client, world, ref) == []
    decisions.approve(ref, seen=seen(ref), text="Granted in part.", by=m.decider)
    assert provisions_on(client, world, ref) == [APRIL]
    decisions.issue(ref, seen=seen(ref), by=m.decider)
    told = [one["en"] for one in said_of(of_case(world, ref), "grant")["provisions"]]
    assert provisions_on(client, world, ref) == told == [APRIL]


def test_the_page_of_what_is_granted_whole_names_none(world, client):
    m, ref = world.ministry, world.under_review(world.application())
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    assert provisions_on(client, world, ref) == []


def test_the_last_day_of_a_letter_is_the_one_that_a_notice_nobody_opened_leads_to(world):
    sent = date(2026, 2, 3)  # five working days later it is the 10th, and 60 days after that a Saturday
    assert selectors.reconsiderations.contestable_until(sent) == date(2026, 4, 13)


def test_an_intent_to_refuse_says_until_when_an_answer_may_come(world):
    ref, facts = refused(world)
    intents.intend(ref, seen=seen(ref), days=5, by=world.ministry.decider, **facts)
    case = of_case(world, ref)
    line = HistoryLine.objects.get(subject_kind="application", subject_id=case.pk, verb="intend")
    due_on = date.fromisoformat(line.facts["due_on"])
    assert said_of(case, "intent")["due_on"]["en"] == f"{due_on:%-d %b %Y}"
    assert said_of(case, "intent")["applied"]["kind"]["en"] == "Annual"
    assert "拟不予许可告知书" in text_of(case, "intent")


def test_what_was_cut_is_told_line_by_line_with_the_reason(world):
    kept, left = world.declaration(), world.declaration()
    ref = world.application(by_whom=[kept, left])
    asked = of_case(world, ref).end_users.get(declaration=kept)
    text = "The yearly need of the other is not shown."
    license = make.demo.issued(
        world.exporter,
        ref,
        world.ministry,
        [kept, left],
        quantities_={1: 20_000_000},
        end_users=[asked.pk],
        text=text,
    )
    case = of_case(world, ref)
    data = said_of(case, "grant")
    assert (data["in_part"], data["license"], data["reason"]) == (True, license.ref, text)
    [one] = data["lines"]
    assert (one["asked"]["quantity"], one["granted"]["quantity"]) == ("60,000", "20,000")
    assert [one["name"] for one in data["left_out"]] == [left.end_user.name]
    words = text_of(case, "grant")
    assert "部分准予许可决定书" in words and "Asked" in words and "20,000" in words
    assert "Fortherestanotherapplicationthatanswersthereasoncanbefiled." in words and "另行提出申请" in words
    assert [one["en"] for one in data["provisions"]] == [APRIL]
    assert "适用的规定" in words and re.sub(r"\s", "", APRIL) in words


def test_what_was_granted_whole_says_so(world, license):
    data = said_of(license.application, "grant")
    assert (data["in_part"], data["left_out"], data["provisions"]) == (False, [], [])
    assert "licensegrantedinpart" not in text_of(license.application, "grant")


def test_a_suspension_says_its_holder_why_and_what_still_may_happen(world, license):
    licenses.suspend(license.ref, seen=seen(license.ref), reason=WORDS, by=world.ministry.decider)
    data = said_of(license, "suspension")
    assert data["cause"]["en"] == "Enforcement"
    text = text_of(license, "suspension")
    assert "#panic()[*x*]$y$\\u{41}[U+1F600]" in text
    assert "已向海关申报的照常放行" in text and "clearedasusual" in text


def test_a_suspension_that_nobody_gave_a_reason_for_says_it_in_both_languages(world, license):
    licenses.freeze(license.pk, by=papers.clock())
    [reason] = said_of(license, "suspension")["reasons"]
    assert "line by line" in reason["en"] and "逐项核对" in reason["zh"]


def test_what_screening_found_is_nobody_s_to_read_in_a_letter(world, license):
    """Its holder reads that the ministry looks into a question, as on the page."""
    ref = world.under_review(world.application(by_whom=[license.end_users.get().declaration]))
    user = of_case(world, ref).end_users.get()
    facts = {"hit": "control_list", "list_version": "LIST-9", "screened_on": legal_today(), "reason": "Named there."}
    screenings.screen(ref, end_users=[user.pk], by=world.ministry.reviewer, **facts)
    papers.make_due()
    data = " ".join(paper.data for paper in Paper.objects.all())
    assert "looks into a question about this end-user" in data
    assert "Named there." not in data and "LIST-9" not in data


def test_a_lift_says_whether_the_license_can_be_used_again(world, license):
    for reason in ("One.", "Two."):
        licenses.suspend(license.ref, seen=seen(license.ref), reason=reason, by=world.ministry.decider)
    active = []
    for cause in license.suspensions.all():
        facts = {"suspension": cause.pk, "reason": "It is over."}
        licenses.lift(license.ref, seen=seen(license.ref), **facts, by=world.ministry.other_decider)
        active.append(tuple(said_of(license, "lift")[name] for name in ("state", "part")))
    assert active == [("suspended", ""), ("active", "")]
    assert "恢复有效" in text_of(license, "lift")


def test_an_end_says_the_way_the_provision_that_the_ministry_names_and_why(world, license):
    make.ended(world, license)
    data = said_of(license, "revocation")
    assert data["way"] == {"zh": "撤销", "en": "Quashed"}
    assert (data["provision"], data["reason"]) == (make.ENDING["provision"], make.ENDING["reason"])


def test_whoever_changed_a_license_has_on_paper_what_took_its_place(world, license):
    ref = make.asking(amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)).ref
    make.demo.under_review(world.exporter, ref, world.ministry)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    new = decisions.issue(ref, seen=seen(ref), by=world.ministry.decider)
    assert said_of(license, "replacement")["new"] == new.ref
    assert "许可证更替通知书" in text_of(license, "replacement") and new.ref in text_of(license, "replacement")
    assert (
        said_of(license, "certificate")["lines"][0]["quantity"] == said_of(new, "certificate")["lines"][0]["quantity"]
    )
    assert said_of(of_case(world, ref), "grant")["replaces"] == license.ref
    assert f"Ittakestheplaceof{license.ref}" in text_of(of_case(world, ref), "grant")


def test_whoever_hands_it_back_has_that_on_paper_with_what_lapsed(world):
    license = world.license()
    world.clear(world.shipment(license, 100_000).ref, 100_000)
    licenses.surrender(license.ref, seen=seen(license.ref), reason="Not needed.", by=world.exporter)
    text = text_of(license, "surrender")
    assert "许可证交回确认书" in text and "Quantitieswhenitended" in text and "Free,andlapsed" in text
    assert quantities(said_of(license, "surrender")) == [(1, "59,900 kg", "0")]


def test_letters_are_numbered_in_their_order(world, license):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="One.", by=world.ministry.decider)
    papers.make_due()
    kinds = [(1, "certificate"), (2, "extract"), (3, "suspension")]
    assert [(one.number, one.kind) for one in papers.papers_of(license)] == kinds
    names = [one.document.name for one in papers.papers_of(license) if not one.part]
    assert names == [f"{license.ref}-1-certificate.pdf", f"{license.ref}-3-suspension.pdf"]
    assert Document.objects.filter(name__in=names).count() == 2


def test_the_case_s_pages_list_its_letters(world, license, client):
    papers.make_due()
    ref = license.application.ref
    for actor, address in (
        (world.exporter, f"/applications/{ref}/"),
        (world.ministry.decider, f"/desk/cases/{ref}/"),
    ):
        client.force_login(actor.user)
        client.post("/language/", {"language": "en", "next": "/"})
        text = client.get(address).content.decode()
        absent = [one for one in ("Notice of acceptance", "Decision: license granted", "SHA-256") if one not in text]
        assert absent == [], address
        client.post("/language/", {"language": "zh-hans", "next": "/"})
        assert "受理通知书" in client.get(address).content.decode()


def test_a_refusal_that_is_upheld_names_the_provisions_on_which_it_rests(world):
    m = world.ministry
    ref, facts = refused(world)
    decisions.refuse(ref, seen=seen(ref), **facts, departure="Doubts.", by=m.decider)
    reconsiderations.reconsider(ref, seen=seen(ref), grounds="It is known.", by=world.exporter)
    reconsiderations.admit(ref, seen=seen(ref), by=m.reconsiderer)
    reconsiderations.uphold(ref, seen=seen(ref), **facts, by=m.reconsiderer)
    case = of_case(world, ref)
    assert [one["en"] for one in said_of(case, "reconsideration")["provisions"]] == [APRIL]
    assert "适用的规定" in text_of(case, "reconsideration")


def test_a_refusal_that_is_changed_says_what_is_granted_beside_what_was_asked_and_for_how_long(world):
    m = world.ministry
    kept, left = world.declaration(), world.declaration()
    ref = world.under_review(world.application(by_whom=[kept, left]))
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", factors=["END_USE"], text="Why?", by=m.reviewer)
    decisions.refuse(ref, seen=seen(ref), factors=["END_USE"], text="Why?", departure="Doubts.", by=m.decider)
    reconsiderations.reconsider(ref, seen=seen(ref), grounds="It is known.", by=world.exporter)
    reconsiderations.admit(ref, seen=seen(ref), by=m.reconsiderer)
    user = of_case(world, ref).end_users.get(declaration=kept).pk
    less = {"quantities_": {1: 20_000_000}, "months": 6, "end_users": [user], "text": "For a year's need."}
    reconsiderations.change(ref, seen=seen(ref), acknowledged=make.tick(ref), by=m.reconsiderer, **less)
    decisions.reopen(ref, seen=seen(ref), reason="News", by=m.other_decider)  # before the worker comes to the letter
    data, text = said_of(of_case(world, ref), "reconsideration"), text_of(of_case(world, ref), "reconsideration")
    [one] = data["lines"]
    assert (one["asked"]["quantity"], one["granted"]["quantity"]) == ("60,000", "20,000")
    assert (data["in_part"], data["months"], data["shorter"]) == (True, 6, True)
    assert [one["name"] for one in data["left_out"]] == [left.end_user.name]
    words = ("Askedandgranted", "60,000", "20,000", "Validfor", "6months", "Itendsbeforetheplannedwindow")
    assert [one for one in (*words, re.sub(r"\s", "", left.end_user.name)) if one not in text] == []


def account(world):
    return Exporter.objects.get(pk=world.exporter.organization_id)


def test_a_company_that_is_suspended_has_the_decision_with_provision_reasons_and_remedy(world, license):
    make.stopped(world, reason=WORDS)
    data, text = said_of(account(world), "account"), text_of(account(world), "account")
    assert (data["step"], data["order"], data["provision"]) == ("suspend", "2026-7", make.PROVISION)
    assert (data["licenses"], data["lapsed"], data["last_day"]) == ([license.ref], True, None)
    assert "账户暂停决定书" in text and "Decision:accountsuspended" in text and license.ref in text
    assert "#panic()[*x*]$y$\\u{41}[U+1F600]" in text and re.sub(r"\s", "", make.PROVISION) in text
    assert "您单位人员仍可登录并查阅全部内容" in text and "Yourpeoplestillsigninandreadeverything" in text
    assert "行政复议" in text and "administrativereconsiderationwithin60days" in text


def test_a_company_that_is_barred_is_told_through_which_day_and_then_that_it_is_over(world, license, clock):
    make.barred(world, days=30)
    data, text = said_of(account(world), "account"), text_of(account(world), "account")
    until = f"{legal_today() + timedelta(days=30):%-d %b %Y}"
    assert (data["step"], data["order"], data["provision"]) == ("bar", "P-9", make.PROVISION)
    assert data["last_day"]["en"] == until and "Openapplicationsstandstill" in text
    assert "行政复议" in text
    clock.shift(days=31)
    standing.end_bar(account(world).pk, by=the_clock())
    data, text = said_of(account(world), "account"), text_of(account(world), "account")
    assert (data["step"], data["last_day"]["en"]) == ("end_bar", until)
    assert "禁止期满通知书" in text and "行政复议" not in text


def test_a_company_that_is_reinstated_is_told_which_licenses_come_back(world, license):
    make.stopped(world)
    make.reinstated(world)
    data, text = said_of(account(world), "account"), text_of(account(world), "account")
    assert (data["step"], data["licenses"], data["lapsed"]) == ("reinstate", [license.ref], False)
    assert "账户恢复决定书" in text and "Itsrecordsareinorder." in text and "行政复议" not in text


def test_a_company_that_closed_its_account_has_that_on_paper(world, client):
    leaver = make.exporter(world.ministry, "Leaving Co., Ltd.")
    closing.close(seen=seen(leaver.organization_id), by=leaver)
    row = Exporter.objects.get(pk=leaver.organization_id)
    assert said_of(row, "account")["step"] == "close" and "账户关闭确认书" in text_of(row, "account")


def test_the_company_and_its_officers_open_the_letter_from_its_page_and_nobody_else(world, license, client):
    make.stopped(world)
    paper, pk = paper_of(account(world), "account"), world.exporter.organization_id
    address = f"/documents/{paper.document_id}/"
    for reader, page in ((world.exporter, "/company/"), (world.ministry.intake, f"/desk/exporters/{pk}/")):
        client.force_login(reader.user)
        assert address in client.get(page).content.decode()
        assert client.get(address).status_code == 200
    client.force_login(make.exporter(world.ministry, "Other Co., Ltd.").user)
    assert client.get(address).status_code == 404


def test_a_suspension_says_how_much_was_cleared_beyond_the_license(world):
    license = world.license(kilograms=10)
    world.clear(world.shipment(license, 10_000).ref, 12_000)
    [line] = said_of(license, "suspension")["rest"]
    assert (line["left"]["quantity"], line["over"]["quantity"]) == ("0", "2")
    assert "超出许可放行" in text_of(license, "suspension")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["suspension", "revocation", "account"])
def test_a_letter_of_many_words_continues_and_obeys_none_of_them(kind, world, license):
    """A reason of thirty thousand characters, in every script, in lines of which some can't be broken."""
    if kind == "suspension":
        licenses.suspend(license.ref, seen=seen(license.ref), reason="x", by=world.ministry.decider)
    elif kind == "account":
        make.stopped(world)
    else:
        make.ended(world, license)
    paper = paper_of(account(world) if kind == "account" else license, kind)
    words = f"{WORDS} {'A' * 400} 株式会社" * 40 + "\n\n" + "#set page(fill: red)\n" * 40
    data = json.loads(paper.data) | {"reason": words, "provision": words, "reasons": [{"zh": words, "en": words}]}
    content = papers.typeset(papers._kinds[kind].template, papers.text_of(data), paper.line.at)
    assert pdf.flaws_of(content) == []
    pages = pdf.pages_of(content)
    assert len(pages) > 2
    assert all("Continues" in page for page in pages[:-1]) and "Continues" not in pages[-1]
    text = re.sub(r"\s", "", pdf.text_of(content))
    assert text.count("A") >= 400 * 40 * (1 if kind == "suspension" else 2)
    assert pdf.outside(content, left=50, right=545, bottom=25, top=820) == []


def test_a_license_that_is_suspended_when_a_correction_reopens_it_has_its_letter(world):
    """Its only end-user was closed while it was used up."""
    row = world.declaration()
    license = make.demo.issued(world.exporter, world.application(by_whom=[row], kilograms=100), world.ministry, [row])
    shipment = world.shipment(license, 100_000)
    cleared = world.clear(shipment.ref, 100_000)
    invalidated(row, world)
    facts = {"corrects": cleared.message.message_id, "declaration_no": cleared.message.declaration_no}
    lines = [ClearedLine(1, 90_000, "kg")]
    receive(world.message(shipment.ref, "corrected", reason="Weighed", lines=lines, **facts), by=world.customs)
    said = said_of(license, "suspension")
    assert said["cause"]["en"] == "An invalid declaration of the end-user"
    assert said["end_users"] == row.end_user.name


def quantities(data):
    return [
        (one["number"], f"{one['left']['quantity']} {one['left']['unit']['en']}", one["held"]["quantity"])
        for one in data["rest"]
    ]


@pytest.mark.parametrize("late", [False, True])
def test_a_suspension_and_an_end_say_what_was_free_and_what_was_held_then_and_how_to_contest(late, world):
    license = world.license()
    world.shipment(license, 100_000)
    kept = world.shipment(license, 50_000)
    world.clear(kept.ref, 20_000, final=False)
    licenses.suspend(license.ref, seen=seen(license.ref), reason=WORDS, by=world.ministry.decider)
    make.ended(world, License.objects.get(pk=license.pk))
    if late:
        world.clear(kept.ref, 30_000)
    for kind, free in (("suspension", "Free,andstopped"), ("revocation", "Free,andlapsed")):
        assert quantities(said_of(license, kind)) == [(1, "59,850 kg", "130")]
        text = text_of(license, kind)
        assert free in text and "59,850" in text and "130" in text
        assert "行政复议" in text and "administrativereconsiderationwithin60days" in text
        assert "Whatisonlyreservedmustnotbedeclaredanymore" in text or kind == "suspension"


def test_whoever_is_closed_out_of_a_license_that_goes_on_has_it_on_paper(world):
    license = world.license(kilograms=1_000, users=2)
    ref = world.under_review(world.application(by_whom=[license.end_users.order_by("pk")[0].declaration]))
    facts = {"hit": "control_list", "list_version": "LIST-9", "screened_on": legal_today(), "reason": "Named there."}
    user = of_case(world, ref).end_users.get()
    screenings.screen(ref, end_users=[user.pk], by=world.ministry.reviewer, **facts)
    data = said_of(license, "suspension")
    assert data["in_part"] and data["end_users"] == user.party.name
    text = text_of(license, "suspension")
    assert "Notice:licenseclosedinpart" in text and "Forallothersgoodsarereserved" in text
    assert "Namedthere" not in text


@pytest.fixture
def of_two_goods(world):
    """Each line is for one of its end-users alone. With what the first declared."""
    license = world.apart()
    return license, license.end_users.order_by("pk")[0].declaration


def test_who_is_closed_and_open_again_reads_of_his_own_lines_by_name(world, of_two_goods, client):
    license, row = of_two_goods
    ref = world.under_review(world.application(by_whom=[row]))
    facts = {"hit": "watch_list", "list_version": "LIST-9", "screened_on": legal_today(), "reason": "Named there."}
    screenings.screen(ref, end_users=[of_case(world, ref).end_users.get().pk], by=world.ministry.reviewer, **facts)
    name = row.end_user.name
    data = said_of(license, "suspension")
    assert (data["end_users"], data["lines"]) == (name, "1")
    assert quantities(data) == [(1, "100 kg", "0")]
    facts = {"end_user": license.end_users.get(declaration=row).pk, "hit": "none", "reason": "Another."}
    facts |= {"list_version": "LIST-9", "seen": seen(license.ref)}
    screenings.resolve(license.ref, **facts, by=world.ministry.reviewer)
    data = said_of(license, "lift")
    assert (data["part"], data["state"], data["end_users"], data["lines"]) == ("open", "active", name, "1")
    text = text_of(license, "lift")
    assert "许可证部分恢复使用通知书" in text and "Goodsoftheselinescanbereservedfortheseend-users" in text
    client.force_login(world.exporter.user)
    client.cookies["language"] = "en"
    page = unescape(client.get(f"/licenses/{license.ref}/").content.decode())
    assert f"Line 1 is closed for {name}" in page and f"Line 1 is open again for {name}" in page
    names = ["Notice: license closed in part", "Notice: a part of the license is open again"]
    assert [re.search(rf">\s*{name}\s*</a>", page) is not None for name in names] == [True, True]


def test_what_is_closed_by_another_cause_still_is_said_to_be(world, of_two_goods):
    license, row = of_two_goods
    ref = world.under_review(world.application(by_whom=[row]))
    hit = {"hit": "watch_list", "list_version": "LIST-9", "reason": "Named there."}
    asked = {"end_users": [of_case(world, ref).end_users.get().pk], "screened_on": legal_today()}
    screenings.screen(ref, by=world.ministry.reviewer, **asked, **hit)
    invalidated(row, world)
    user = license.end_users.get(declaration=row).pk
    facts = hit | {"hit": "none", "end_user": user, "seen": seen(license.ref)}
    screenings.resolve(license.ref, **facts, by=world.ministry.reviewer)
    assert said_of(license, "lift")["part"] == "closed"
    text = text_of(license, "lift")
    assert "Anothercauseisopen,sothatthispartisstillclosed." in text and "inforceagain" not in text


def test_a_refusal_says_which_answer_to_the_intent_lay_there_and_no_more(world, clock, client):
    ref = world.under_review(world.application())
    no = {"factors": ["END_USE"], "text": "No."}
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=world.ministry.reviewer, **no)
    intents.intend(ref, seen=seen(ref), days=5, by=world.ministry.decider, **no)
    intents.respond(ref, text="It is known.", by=world.exporter)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=world.ministry.decider, **no)
    case = of_case(world, ref)
    [told] = said_of(case, "refusal")["announced"]
    assert told["answered_on"] == told["on"]
    said = text_of(case, "refusal")
    assert f"Youranswerof{told['answered_on']['en'].replace(' ', '')}wasbeforewhoeverdecidedthis." in said
    client.force_login(world.exporter.user)
    page = " ".join(client.get(f"/applications/{ref}/").content.decode().split())
    assert "was before whoever decided this." in page
    for text in (said, page):
        assert "washeard" not in text and "was heard" not in text and "weighed" not in text, "nobody wrote that down"


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ("Notice: request to reconsider accepted", "Decision on reconsideration: upheld")),
        ("zh-hans", ("行政复议受理通知书", "行政复议决定书：维持")),
    ],
)
def test_each_letter_about_a_reconsideration_is_called_by_its_step(language, names, world, client):
    ref, facts = refused(world)
    decisions.refuse(ref, seen=seen(ref), **facts, departure="Doubts.", by=world.ministry.decider)
    reconsiderations.reconsider(ref, seen=seen(ref), grounds="It is known.", by=world.exporter)
    by = {"by": world.ministry.reconsiderer}
    reconsiderations.admit(ref, seen=seen(ref), **by)
    reconsiderations.uphold(ref, seen=seen(ref), factors=["END_USE"], text="It is not.", **by)
    papers.make_due()
    client.force_login(world.exporter.user)
    client.cookies["language"] = language
    page = client.get(f"/applications/{ref}/").content.decode()
    assert [re.search(rf">\s*{name}\s*</a>", page) is not None for name in names] == [True, True]
    assert names[1].replace(" ", "") in text_of(of_case(world, ref), "reconsideration")

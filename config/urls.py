"""Every address. A route without a row in core/access.csv answers 404."""

from django.urls import include, path

from core.web import outbox, people
from core.web import pages as core
from core.web.lists import addresses as lists
from core.web.proposals import PROPOSALS
from core.web.sessions import session
from core.web.steps import addresses
from exporters.web import lists as exporters_lists
from exporters.web import pages as exporters
from licensing.web import check, departures, desk, follows, holds, notices, policy, pools, proposals, rulebook, typed
from licensing.web import lists as licensing_lists
from licensing.web import pages as licensing
from shipments.web import bulk, customs
from shipments.web import lists as shipments_lists
from shipments.web import pages as shipments

urlpatterns = [
    path("api/v1/", include("config.api")),  # first, as addresses are tried in turn and these are called most
    path("", shipments.overview, name="overview"),
    path("healthz", core.healthz, name="healthz"),
    path("readyz", core.readyz, name="readyz"),
    path(".well-known/jwks.json", core.jwks, name="jwks"),
    path("language/", core.set_language, name="set_language"),
    path("accounts/", include("allauth.account.urls")),
    path("session/", session, name="session"),
    path("account/", core.account, name="account"),
    path("mailbox/", core.mailbox, name="mailbox"),
    path("mailbox/<int:pk>/", core.mailbox_read, name="mailbox.read"),
    path("documents/<int:pk>/", core.document, name="document"),
    *lists("members/", people.MEMBERS),
    path("members/add/", core.member_add, name="member.add"),
    path("members/withdraw/", core.invitation_withdraw, name="invitation.withdraw"),
    path("invitations/", core.invitation, name="invitation"),
    path("invitations/<str:token>/", core.invitation_link, name="invitation.link"),
    path("members/<int:pk>/", core.member_change, name="member.change"),
    path("keys/", core.keys, name="keys"),
    path("keys/<int:pk>/revoke/", core.key_revoke, name="key.revoke"),
    *lists("officers/", people.OFFICERS),
    path("officers/offices/add/", core.office_add, name="office.add"),
    path("officers/add/", core.officer_add, name="officer.add"),
    path("officers/<int:pk>/", core.officer_change, name="officer.change"),
    path("officers/grants/<int:pk>/confirm/", core.grant_confirm, name="grant.confirm"),
    path("mail/", outbox.mail, name="mail"),
    path("mail/<int:pk>/send_again/", outbox.send_again, name="delivery.send_again"),
    path("mail/<int:pk>/end/", outbox.end, name="delivery.end"),
    # exporters
    path("company/", exporters.company, name="company"),
    *addresses("company/", "company"),
    path("company/province/", exporters.company_province, name="company.province"),
    *lists("parties/", exporters_lists.PARTIES),
    path("parties/new/", exporters.party_new, name="party.new"),
    path("parties/<str:ref>/", exporters.party, name="party"),
    path("parties/<str:ref>/edit/", exporters.party_edit, name="party.edit"),
    *lists("declarations/", licensing_lists.DECLARATIONS),
    path("declarations/new/", licensing.declaration_form, name="declaration.new"),
    path("declarations/<str:ref>/", licensing.declaration, name="declaration"),
    *addresses("declarations/<str:ref>/", "declaration"),
    path("declarations/<str:ref>/edit/", licensing.declaration_form, name="declaration.edit"),
    path("declarations/<str:ref>/form/", licensing.declaration_paper, name="declaration.form"),
    *lists("applications/", licensing_lists.APPLICATIONS),
    path("applications/new/", licensing.application_form, name="application.new"),
    path("applications/typed/", typed.application_typed, name="application.typed"),
    path("applications/<str:ref>/", licensing.application, name="application"),
    *addresses("applications/<str:ref>/", "application"),
    path("applications/<str:ref>/rules/", licensing.application_rules, name="application.rules"),
    path("applications/<str:ref>/edit/", licensing.application_form, name="application.edit"),
    path("applications/<str:ref>/documents/", licensing.application_document, name="application.document"),
    path(
        "applications/<str:ref>/documents/<int:paper>/remove/",
        licensing.application_document_remove,
        name="application.document.remove",
    ),
    path("applications/<str:ref>/submit/", licensing.application_submit, name="application.submit"),
    path("applications/<str:ref>/withdraw/", licensing.application_withdraw, name="application.withdraw"),
    *lists("licenses/", licensing_lists.LICENSES),
    path("licenses/<str:ref>/", shipments.license_page, name="license"),
    *addresses("licenses/<str:ref>/", "license"),
    *lists("shipments/", shipments_lists.SHIPMENTS),
    path("shipments/new/", shipments.shipment_new, name="shipment.new"),
    path("shipments/file/", bulk.sheet_new, name="sheet.new"),
    path("shipments/file/template.csv", bulk.sheet_template, name="sheet.template.csv"),
    path("shipments/file/<str:ref>/", bulk.sheet, name="sheet"),
    path("shipments/file/<str:ref>/problems.csv", bulk.sheet_file, name="sheet.file.csv"),
    path("shipments/bulk/<str:ref>/", bulk.bulk, name="bulk"),
    path("shipments/bulk/<str:ref>/outcomes.csv", bulk.bulk_file, name="bulk.file.csv"),
    path("shipments/bulk/<str:ref>/cancel/", bulk.bulk_cancel, name="bulk.cancel"),
    path("shipments/<str:ref>/", shipments.shipment, name="shipment"),
    *addresses("shipments/<str:ref>/", "shipment"),
    path("shipments/<str:ref>/cancel/", shipments.shipment_cancel, name="shipment.cancel"),
    *lists("control-list/", licensing_lists.CONTROL_LIST),
    path("control-list/followed/", follows.follows, name="follows"),
    path("control-list/followed/end/", follows.end, name="follow.end"),
    path("check/", check.check, name="check"),
    path("rules/", rulebook.rules, name="rules"),
    path("rules/holds/", holds.holds, name="holds"),
    path("rules/quotas/", pools.public, name="quotas"),
    path("rules/proposals/", proposals.proposals, name="proposals"),
    path("rules/proposals/<str:ref>/", proposals.proposal, name="proposal"),
    *addresses("rules/proposals/<str:ref>/", "proposal"),
    path("rules/editions/<str:ref>/", rulebook.edition, name="rules.edition"),
    path("rules/editions/<str:ref>/text/", rulebook.edition_text, name="rules.edition.text"),
    path("rules/<path:name>/", rulebook.instrument, name="rules.instrument"),
    # customs
    path("customs/", customs.search, name="customs"),
    path("customs/licenses/<str:ref>/", customs.license_page, name="customs.license"),
    path("customs/shipments/<str:ref>/", customs.shipment_page, name="customs.shipment"),
    *addresses("customs/shipments/<str:ref>/", "customs.shipment"),
    # the ministry
    *lists("desk/", licensing_lists.QUEUE),
    *lists("desk/countersign/", licensing_lists.COUNTERSIGN),
    *lists("desk/proposals/", PROPOSALS),
    *lists("desk/reconsiderations/", licensing_lists.RECONSIDERATIONS),
    path("desk/cases/<str:ref>/", desk.case, name="desk.case"),
    *addresses("desk/cases/<str:ref>/", "desk.case"),
    *lists("desk/declarations/", licensing_lists.DESK_DECLARATIONS),
    path("desk/declarations/<str:ref>/", desk.declaration, name="desk.declaration"),
    *addresses("desk/declarations/<str:ref>/", "desk.declaration"),
    *lists("desk/exporters/", exporters_lists.COMPANIES),
    path("desk/exporters/<int:pk>/", exporters.desk_exporter, name="desk.exporter"),
    *addresses("desk/exporters/<int:pk>/", "desk.exporter"),
    *lists("desk/licenses/", licensing_lists.DESK_LICENSES),
    path("desk/licenses/<str:ref>/", shipments.license_page, name="desk.license"),
    *addresses("desk/licenses/<str:ref>/", "desk.license"),
    path("desk/shipments/<str:ref>/", shipments.shipment, name="desk.shipment"),
    *lists("desk/reports/", shipments_lists.REPORTS),
    *addresses("desk/shipments/<str:ref>/", "desk.shipment"),
    *lists("desk/incidents/", shipments_lists.INCIDENTS),
    path("desk/incidents/<str:ref>/", shipments.incident, name="desk.incident"),
    *addresses("desk/incidents/<str:ref>/", "desk.incident"),
    path("desk/quotas/", pools.board, name="desk.pools"),
    path("desk/quotas/new/", pools.begin, name="poolchange.new"),
    path("desk/quotas/changes/<int:pk>/", pools.change, name="desk.poolchange"),
    *addresses("desk/quotas/changes/<int:pk>/", "desk.poolchange"),
    path("desk/quotas/<str:ref>/", pools.pool, name="desk.pool"),
    *addresses("desk/quotas/<str:ref>/", "desk.pool"),
    path("desk/policy/", policy.policy, name="desk.policy"),
    path("desk/policy/departures/", departures.departures, name="desk.departures"),
    path("desk/policy/new/", policy.begin, name="draft.new"),
    path("desk/policy/editions/<str:ref>/", policy.edition, name="desk.edition"),
    path("desk/policy/editions/<str:ref>/text/", policy.edition_text, name="desk.edition.text"),
    path("desk/policy/notices/", notices.notices, name="desk.notices"),
    path("desk/policy/notices/new/", notices.publish, name="notice.new"),
    path("desk/policy/notices/<str:ref>/", notices.notice, name="desk.notice"),
    *addresses("desk/policy/notices/<str:ref>/", "desk.notice"),
    path("desk/policy/<str:ref>/", policy.draft, name="desk.draft"),
    *addresses("desk/policy/<str:ref>/", "desk.draft"),
    path("desk/policy/<str:ref>/comments/", proposals.comments, name="desk.draft.comments"),
    path("desk/policy/<str:ref>/figures/", policy.simulation_csv, name="desk.draft.figures"),
    path("desk/policy/<str:ref>/text/", policy.draft_text, name="desk.draft.text"),
    path("desk/policy/<str:ref>/rows/<str:part>/", policy.draft_rows, name="desk.draft.rows"),
    path("desk/policy/<str:ref>/rows/<str:part>/new/", policy.draft_row, name="desk.draft.row.new"),
    path("desk/policy/<str:ref>/rows/<str:part>/row/<path:key>/", policy.draft_row, name="desk.draft.row"),
]

handler400 = "core.web.errors.bad_request"
handler403 = "core.web.errors.permission_denied"
handler404 = "core.web.errors.not_found"
handler429 = "core.web.errors.too_often"  # allauth's, of its other forms
handler500 = "core.web.errors.server_error"

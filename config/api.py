"""The REST door's addresses, below /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from core.api import docs
from licensing.api import applications, assessments, deadline, verify
from licensing.api import views as licensing
from shipments.api import bulk, reports
from shipments.api import views as shipments

urlpatterns = [
    path("assessments/", assessments.Assessments.as_view(), name="api.assessments"),
    path("applications/", applications.Applications.as_view(), name="api.applications"),
    path("applications/<str:ref>/", applications.ApplicationDetail.as_view(), name="api.application"),
    path("control-items/", licensing.ControlItems.as_view(), name="api.control-items"),
    path("calendar/deadline/", deadline.Deadline.as_view(), name="api.calendar.deadline"),
    path("verify/<str:ref>/", verify.Verify.as_view(), name="api.verify"),
    path("licenses/", licensing.Licenses.as_view(), name="api.licenses"),
    path("licenses/<str:ref>/", licensing.LicenseDetail.as_view(), name="api.license"),
    path("licenses/<str:ref>/movements/", licensing.Movements.as_view(), name="api.movements"),
    path("shipments/", shipments.Shipments.as_view(), name="api.shipments"),
    path("shipments/check/", shipments.ShipmentCheck.as_view(), name="api.shipments.check"),
    path("shipments/bulk/", bulk.ShipmentBulk.as_view(), name="api.shipments.bulk"),
    path("shipments/bulk/<str:ref>/", bulk.BulkJob.as_view(), name="api.shipments.bulk.job"),
    path("shipments/bulk/<str:ref>/cancel/", bulk.BulkCancel.as_view(), name="api.shipments.bulk.cancel"),
    path("shipments/<str:ref>/", shipments.ShipmentDetail.as_view(), name="api.shipment"),
    path("shipments/<str:ref>/cancel/", shipments.ShipmentCancel.as_view(), name="api.shipment.cancel"),
    path("shipments/<str:ref>/departure/", reports.ShipmentDeparture.as_view(), name="api.shipment.departure"),
    path("shipments/<str:ref>/delivery/", reports.ShipmentDelivery.as_view(), name="api.shipment.delivery"),
    path("customs/messages/", shipments.CustomsMessages.as_view(), name="api.customs.messages"),
    path("schema/", SpectacularAPIView.as_view(), name="api.schema"),
    path("docs/", docs.page, name="api.docs"),
    path("docs/explorer/", SpectacularSwaggerSplitView.as_view(url_name="api.schema"), name="api.explorer"),
]

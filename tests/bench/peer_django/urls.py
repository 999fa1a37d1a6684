"""Where the viewsets are."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from tests.bench.peer_django.views import BeneficiaryViewSet, NumberedBeneficiaryViewSet, health

router = DefaultRouter()
router.register("beneficiaries", BeneficiaryViewSet, basename="beneficiary")
router.register("numbered-beneficiaries", NumberedBeneficiaryViewSet, basename="numbered-beneficiary")
urlpatterns = [path("health", health), path("", include(router.urls))]

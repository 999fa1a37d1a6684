"""Beneficiaries of the caller's own organization and territory."""

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import PermissionDenied
from rest_framework.pagination import PageNumberPagination

from tests.bench.peer_django.models import Beneficiary

_KEYS = ("strict_key", "loose_key", "skeleton_key", "search")


class BeneficiarySerializer(serializers.ModelSerializer):
    class Meta:
        model = Beneficiary
        exclude = _KEYS


class BeneficiaryViewSet(mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    serializer_class = BeneficiarySerializer

    def get_queryset(self) -> QuerySet[Beneficiary]:
        user = self.request.user
        return Beneficiary.objects.filter(organization_id=user.organization_id, territory__startswith=user.territory)

    def perform_create(self, serializer: BeneficiarySerializer) -> None:
        user = self.request.user
        if not serializer.validated_data["territory"].startswith(user.territory):
            raise PermissionDenied
        serializer.save(organization_id=user.organization_id)


class NumberedBeneficiaryViewSet(BeneficiaryViewSet):
    """The same list in numbered pages."""

    pagination_class = PageNumberPagination


def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})

"""A bearer token and a look-up of its user at each request, as `djangorestframework-simplejwt` does it."""

from django.core.exceptions import ValidationError
from jose import JWTError, jwt
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tests.bench.peer_django.models import Account
from tests.bench.tokens import ALGORITHM, SECRET_KEY


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Account, str] | None:
        parts = get_authorization_header(request).split()
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            return None
        token = parts[1].decode()
        try:
            claims = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
            user = Account.objects.get(pk=claims["sub"])
        except (JWTError, KeyError, ValidationError, Account.DoesNotExist) as error:
            raise AuthenticationFailed from error
        if user.disabled_at:
            raise AuthenticationFailed
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

"""Access tokens of the peers, as the tutorials make them: HS256 with one shared secret."""

from datetime import UTC, datetime, timedelta

from jose import jwt

SECRET_KEY = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"
ALGORITHM = "HS256"


def create_access_token(subject: str) -> str:
    return str(jwt.encode({"exp": datetime.now(UTC) + timedelta(hours=2), "sub": subject}, SECRET_KEY, algorithm=ALGORITHM))

"""A peer in the usual tutorial manner: FastAPI and SQLModel as in their own tutorials and in the full-stack template.

A session as a `yield` dependency, an engine with its defaults, `response_model`, a look-up of the user at each request, lists with
offset, limit and a count. It serves the tables of the service; `uvicorn tests.bench.peer_fastapi:app` runs it on DATABASE_URL.
"""

import os
import uuid
from collections.abc import Generator
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from pydantic import BaseModel
from sqlalchemy import DateTime
from sqlmodel import Field, Session, SQLModel, create_engine, func, select

from tests.bench.tokens import ALGORITHM, SECRET_KEY

DATABASE_URL = os.environ["DATABASE_URL"]
# As SQLModel's tutorial has it for SQLite; nothing else is set.
connect_args = {"check_same_thread": False} if DATABASE_URL.startswith("sqlite") else {}
engine = create_engine(DATABASE_URL, connect_args=connect_args)


def now() -> datetime:
    return datetime.now(UTC)


class User(SQLModel, table=True):
    __tablename__ = "account"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    email: str = Field(unique=True, max_length=254)
    password_hash: str = Field(max_length=200)
    name: str = Field(max_length=200)
    organization_id: uuid.UUID
    role: str
    duty: str
    territory: str = Field(max_length=16)
    administrator: bool = False
    disabled_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class BeneficiaryBase(SQLModel):
    surname: str = Field(min_length=1, max_length=80)
    given_name: str = Field(min_length=1, max_length=80)
    patronymic: str | None = Field(default=None, max_length=80)
    sex: str = Field(max_length=10)
    birth_date: date
    birth_precision: str = Field(default="day", max_length=10)
    phone_as_written: str | None = Field(default=None, max_length=40)
    phone_e164: str | None = Field(default=None, max_length=16)
    deceased_on: date | None = None
    note: str | None = Field(default=None, max_length=4000)
    is_synthetic: bool = False
    territory: str = Field(max_length=16)


class BeneficiaryCreate(BeneficiaryBase):
    pass


class Beneficiary(BeneficiaryBase, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    version: int = 1
    organization_id: uuid.UUID
    name_latin: str = ""
    name_cyrillic: str = ""
    strict_key: str = ""
    loose_key: str = ""
    skeleton_key: str = ""
    search: str = ""


class BeneficiaryPublic(BeneficiaryBase):
    id: uuid.UUID
    created_at: datetime
    updated_at: datetime
    version: int
    organization_id: uuid.UUID
    name_latin: str
    name_cyrillic: str


class BeneficiariesPublic(SQLModel):
    data: list[BeneficiaryPublic]
    count: int | None = None


class TokenPayload(BaseModel):
    sub: uuid.UUID


oauth2_scheme = OAuth2PasswordBearer(tokenUrl="login/access-token")


def get_db() -> Generator[Session, None, None]:
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_db)]
TokenDep = Annotated[str, Depends(oauth2_scheme)]


def get_current_user(session: SessionDep, token: TokenDep) -> User:
    try:
        payload = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
        token_data = TokenPayload(**payload)
    except (JWTError, ValueError) as error:
        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Could not validate credentials") from error
    user = session.get(User, token_data.sub)
    if not user:
        raise HTTPException(status_code=404, detail="User not found")
    if user.disabled_at:
        raise HTTPException(status_code=400, detail="Inactive user")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/beneficiaries/", response_model=BeneficiariesPublic)
def read_beneficiaries(session: SessionDep, current_user: CurrentUser, offset: int = 0, limit: int = 50, count: bool = True) -> Any:
    own = (Beneficiary.organization_id == current_user.organization_id, Beneficiary.territory.like(f"{current_user.territory}%"))
    total = session.exec(select(func.count()).select_from(Beneficiary).where(*own)).one() if count else None
    beneficiaries = session.exec(select(Beneficiary).where(*own).order_by(Beneficiary.id).offset(offset).limit(limit)).all()
    return BeneficiariesPublic(data=beneficiaries, count=total)


@app.get("/beneficiaries/{id}", response_model=BeneficiaryPublic)
def read_beneficiary(session: SessionDep, current_user: CurrentUser, id: uuid.UUID) -> Any:
    beneficiary = session.get(Beneficiary, id)
    if not beneficiary:
        raise HTTPException(status_code=404, detail="Beneficiary not found")
    if beneficiary.organization_id != current_user.organization_id or not beneficiary.territory.startswith(current_user.territory):
        raise HTTPException(status_code=403, detail="Not enough permissions")
    return beneficiary


@app.post("/beneficiaries/", response_model=BeneficiaryPublic, status_code=201)
def create_beneficiary(session: SessionDep, current_user: CurrentUser, beneficiary_in: BeneficiaryCreate) -> Any:
    if not beneficiary_in.territory.startswith(current_user.territory):
        raise HTTPException(status_code=403, detail="Not enough permissions")
    beneficiary = Beneficiary.model_validate(beneficiary_in, update={"organization_id": current_user.organization_id})
    session.add(beneficiary)
    session.commit()
    session.refresh(beneficiary)
    return beneficiary

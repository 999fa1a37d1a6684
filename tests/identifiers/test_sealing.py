"""What is stored opens in its place alone, and nobody reads a number off the database."""

import base64
import logging
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.database import Database, uuid7
from app.identifiers import sealing
from app.identifiers.keys import keys
from app.identifiers.models import Identifier, IdentifierKeyMissing, IdentifierKind, IdentifierUnreadable
from app.identifiers.values import read
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.identifiers import PINFL, make_identifier, pinfl, url_of

PLACE: dict[str, Any] = {"row": uuid7(), "person": uuid7(), "kind": "pinfl"}


def test_it_opens_where_it_was_sealed(own_keys: Any) -> None:
    ciphertext, version = sealing.seal(PINFL, **PLACE)
    assert sealing.unseal(ciphertext, version, **PLACE) == PINFL
    assert PINFL.encode() not in ciphertext
    assert len(ciphertext) == 12 + len(PINFL) + 16


def test_a_nonce_is_used_once(own_keys: Any) -> None:
    sealed = [sealing.seal(PINFL, **PLACE)[0] for _ in range(500)]
    assert len({one[:12] for one in sealed}) == 500
    assert len({one[12:] for one in sealed}) == 500


@pytest.mark.parametrize("change", [{"row": uuid7()}, {"person": uuid7()}, {"kind": "passport"}])
def test_it_opens_nowhere_else(own_keys: Any, change: dict[str, Any]) -> None:
    ciphertext, version = sealing.seal(PINFL, **PLACE)
    with pytest.raises(IdentifierUnreadable):
        sealing.unseal(ciphertext, version, **(PLACE | change))


def test_any_changed_bit_is_seen(own_keys: Any) -> None:
    ciphertext, version = sealing.seal(PINFL, **PLACE)
    for place in range(len(ciphertext)):
        spoilt = bytearray(ciphertext)
        spoilt[place] ^= 1
        with pytest.raises(IdentifierUnreadable):
            sealing.unseal(bytes(spoilt), version, **PLACE)
    for cut in (b"", ciphertext[:12], ciphertext[:-1], ciphertext + b"\0"):
        with pytest.raises(IdentifierUnreadable):
            sealing.unseal(cut, version, **PLACE)


def test_the_version_is_bound_as_well(own_keys: Any) -> None:
    """Even if the same key stood under another version."""
    ciphertext, _ = sealing.seal(PINFL, **PLACE)
    folder = own_keys.folder
    (folder / "identifiers-2.key").write_bytes((folder / "identifiers-1.key").read_bytes())
    with pytest.raises(IdentifierUnreadable):
        sealing.unseal(ciphertext, 2, **PLACE)
    with pytest.raises(IdentifierKeyMissing):
        sealing.unseal(ciphertext, 3, **PLACE)


def test_the_blind_index(own_keys: Any) -> None:
    value = read(IdentifierKind.PASSPORT, "AA1234567")
    assert sealing.blind(value) == sealing.blind(read(IdentifierKind.PASSPORT, "аа 123-45-67"))
    assert len(sealing.blind(value)) == 32
    others = [read(IdentifierKind.ID_CARD, "AA1234567"), read(IdentifierKind.PASSPORT, "AA1234568")]
    assert len({sealing.blind(value), *(sealing.blind(one) for one in others)}) == 3
    before = sealing.blind(value)
    (own_keys.folder / "identifiers-index-1.key").write_bytes(base64.b64encode(b"another" * 4 + b"keys"))
    keys(anew=True)
    assert sealing.blind(value) != before, "whoever has not got the key cannot try numbers"


# --- through the API ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


def stored(db: Database, key: str) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(sa.select(*Identifier.__table__.c).where(Identifier.id == uuid.UUID(key))).one()


def tamper(db: Database, key: str, **change: Any) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.update(Identifier.__table__).where(Identifier.id == uuid.UUID(key)).values(**change))


def test_what_was_tampered_with_is_our_fault_and_shows_nothing(db: Database, ngo: Caller, caplog: pytest.LogCaptureFixture) -> None:
    girl = make_beneficiary(ngo)
    first, second = make_identifier(ngo, girl), make_identifier(ngo, make_beneficiary(ngo), value=pinfl("6170512034002"))
    whole = stored(db, first["id"])
    flipped = bytes([*whole.ciphertext[:-1], whole.ciphertext[-1] ^ 1])
    nonce = bytes([whole.ciphertext[0] ^ 1, *whole.ciphertext[1:]])
    elsewhere = stored(db, second["id"]).ciphertext
    for change in (
        {"ciphertext": flipped},
        {"ciphertext": nonce},
        {"ciphertext": elsewhere},
        {"kind": "project_number"},
        {"ciphertext": b""},
    ):
        tamper(db, first["id"], **change)
        for url in (f"/v1/identifiers/{first['id']}", url_of(girl)):
            refused = ngo.get(url)
            assert (refused.status_code, refused.json()["code"]) == (500, "identifier_unreadable"), change
            assert PINFL[7:] not in refused.text
        tamper(db, first["id"], ciphertext=whole.ciphertext, kind="pinfl")
    tamper(db, first["id"], key_version=7)
    refused = ngo.get(f"/v1/identifiers/{first['id']}")
    assert (refused.status_code, refused.json()["code"]) == (503, "identifier_key_missing")
    tamper(db, first["id"], key_version=whole.key_version)
    assert ngo.get(f"/v1/identifiers/{first['id']}").json()["value"] == PINFL
    told = [record for record in caplog.records if record.name == "himoya.identifiers" and record.levelno == logging.ERROR]
    assert len(told) >= 11
    assert all(first["id"] in record.getMessage() for record in told)
    assert PINFL not in caplog.text


def test_a_number_does_not_open_under_another_person(db: Database, ngo: Caller) -> None:
    """Whoever can write the database gives another person's number to a person of theirs and reads it: no."""
    girl, other = make_beneficiary(ngo), make_beneficiary(ngo)
    made = make_identifier(ngo, girl)
    tamper(db, made["id"], beneficiary_id=uuid.UUID(other["id"]))
    assert ngo.get(url_of(other)).status_code == 500


def test_the_number_stands_nowhere(db: Database, ngo: Caller, callers: Callers, caplog: pytest.LogCaptureFixture) -> None:
    """Every way with a number, right and wrong, and then every table and every line of the log."""
    caplog.set_level(logging.DEBUG)
    girl, planted, passport = make_beneficiary(ngo), PINFL, "AA7654321"
    made = make_identifier(ngo, girl, id=str(uuid7()))
    ngo.post(url_of(girl), {"kind": "passport", "value": passport}, key="passport")
    ngo.post(url_of(girl), {"kind": "passport", "value": passport}, key="passport")
    ngo.post(url_of(girl), {"kind": "pinfl", "value": planted}, key="again")
    ngo.post(url_of(girl), {"kind": "id_card", "value": planted}, key="wrong")
    ngo.post(url_of(girl), {"kind": "pinfl", "value": planted, "planted": planted})
    ngo.post("/v1/identifiers/lookup", {"kind": "pinfl", "value": planted}, key="looked")
    ngo.get(url_of(girl))
    ngo.get(f"/v1/identifiers/{made['id']}")
    ngo.patch(f"/v1/identifiers/{made['id']}", {"issuer": "X"}, version=1)
    ngo.post(f"/v1/identifiers/{made['id']}/end", {"ended_on": "2024-01-01", "end_reason": "other"}, version=2, key="ended")
    from app.audit.views import views

    views.flush()
    with db.engine.connect() as connection:
        rows = [
            repr(tuple(row))
            for table in sa.inspect(connection).get_table_names()
            for row in connection.execute(sa.select("*").select_from(sa.table(table)))
        ]
    text = "\n".join(rows)
    assert len(rows) > 10
    for secret in (planted, passport, planted[7:], passport[2:]):
        assert secret not in text
        assert secret.encode().hex() not in text
        assert secret not in caplog.text
        assert not [record for record in caplog.records if secret in repr(record.__dict__)]


def test_a_body_cannot_be_guessed_from_what_is_kept(db: Database, ngo: Caller) -> None:
    """Digests of whole bodies are kept for retries; with a number in them they are keyed, or the number could be tried out."""
    import hashlib

    girl, key = make_beneficiary(ngo), str(uuid7())
    sent = ngo.post(url_of(girl), {"id": key, "kind": "pinfl", "value": PINFL}, key="kept")
    body = sent.request.content
    plain = {hashlib.sha256(text).hexdigest() for text in (body, f"POST {url_of(girl)}?\n".encode() + body)}
    with db.engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT fingerprint FROM idempotency")).scalars().all()
    assert len(kept) == 1
    assert not plain & set(kept)
    from app.identifiers.schemas import IdentifierCreate

    assert stored(db, key).origin not in (None, IdentifierCreate.model_validate_json(body).origin())

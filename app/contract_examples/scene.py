"""The scene: who and what the examples are about, and what a field shows wherever it stands.

Nobody in it exists. The family is called Namunaviy and whoever works with it Misoliy, and both words say so: they mean "of an example". It
is registered in Shovot in February 2026, the mother takes part in a training in March and gets a certificate.
"""

import uuid
from typing import Any, Final

ABSENT: Final = object()
"""Said of a field that the example leaves out."""
SITE = "https://himoya.example"


def key_of(name: str) -> str:
    """The id of a row of the scene: always the same, in the form of a UUID of version 7 of February 2026."""
    drawn = uuid.uuid5(uuid.NAMESPACE_URL, f"{SITE}/{name}").hex
    return f"019c{drawn[:4]}-{drawn[4:8]}-7{drawn[9:12]}-8{drawn[13:16]}-{drawn[20:]}"


NGO, COMMITTEE, PLACE = map(key_of, ("ngo", "committee", "mahalla"))
SPECIALIST, VENUE = key_of("specialist"), key_of("venue")
ACCOUNT, VIEWER, CLIENT = key_of("account"), key_of("viewer"), key_of("client")
FAMILY, BRANCH = key_of("family"), key_of("branch")
FATHER, MOTHER, GIRL, BOY, GRANDMOTHER = map(key_of, ("father", "mother", "girl", "boy", "grandmother"))
TWIN = key_of("twin")
"""The girl, registered once more under another spelling."""
TRAINING, ROSTER = key_of("training"), key_of("roster")
SESSION = key_of("session")
ENROLLMENT, SECOND_ENROLLMENT = key_of("enrollment"), key_of("second-enrollment")
"""Of the mother and of the father."""
CERTIFICATE, SCHEME, CATEGORY, RECORD = map(key_of, ("certificate", "scheme", "category", "record"))
CONSENT, IDENTIFIER, KINSHIP, CANDIDATE, MERGE = map(key_of, ("consent", "identifier", "kinship", "candidate", "merge"))
GLASS, HOLD, ERASURE, RULE, HEADCOUNT = map(key_of, ("break-glass", "legal-hold", "erasure", "rule", "headcount"))

SHOVOT, MAHALLA, URGANCH = "1733230", "1733230-0004", "1733217"
PINFL = "61705140000006"
"""Of the girl by its form: female, born on 17 May 2014; with serial numbers of zeros, which are given to nobody."""
NUMBER = "7K3M-9QXR-2H04"
TOKEN = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLiJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl"  # noqa: S105 – opens nothing.


def at(created: str, updated: str | None = None) -> dict[str, str]:
    """When a row was made, and when it was changed last."""
    return {"created_at": created, "updated_at": updated or created}


def named(latin: str, cyrillic: str) -> dict[str, Any]:
    """A name in both scripts, as answers show it."""
    return {"latin": f"Namunaviy {latin}", "cyrillic": f"Намунавий {cyrillic}"}


GIRL_NAMES = named("Dilnoza Karim qizi", "Дилноза Карим қизи")
MOTHER_NAMES = named("Zuhra Olim qizi", "Зуҳра Олим қизи")
FATHER_NAMES = named("Karim Sodiq oʻgʻli", "Карим Содиқ ўғли")
BOY_NAMES = named("Sardor Karim oʻgʻli", "Сардор Карим ўғли")
NGO_NAMES = {"uz_latn": "Misol oila", "uz_cyrl": "Мисол оила", "ru": "Примерная семья", "en": "Example Family"}
COMMITTEE_NAMES = {
    "uz_latn": "Misol qoʻmita",
    "uz_cyrl": "Мисол қўмита",
    "ru": "Примерный комитет",
    "en": "Example Committee",
}
TITLE = {
    "uz_latn": "Ota-onalik koʻnikmalari",
    "uz_cyrl": "Ота-оналик кўникмалари",
    "ru": "Родительские навыки",
    "en": "Parenting skills",
}

WORDS: dict[str, Any] = {
    # Of every row.
    "id": key_of("row"),
    "created_at": "2026-02-10T05:30:00Z",
    "updated_at": "2026-02-10T05:30:00Z",
    "version": 1,
    "organization_id": NGO,
    "territory": SHOVOT,
    # Whom it is about.
    "family_id": FAMILY,
    "beneficiary_id": GIRL,
    "enrollment_id": ENROLLMENT,
    "surname": "Намунавий",
    "given_name": "Дилноза",
    "patronymic": "Карим қизи",
    "sex": "female",
    "birth_date": "2014-05-17",
    "birth_precision": "day",
    "person_names": GIRL_NAMES,
    # Who did it.
    "actor_id": ACCOUNT,
    "account_id": VIEWER,
    "account_duty": "manager",
    # What stands in several answers.
    "access_token": TOKEN,
    "refresh_token": "h7Qm2vXw9c-Lr4TzKp0sYdNbE6uJgAfH1iOqW5xVt3M",
    "expires_in": 900,
    "title": TITLE,
    "issuer": NGO_NAMES,
    "hours": 24,
    "next": None,
    # Only where they are asked for.
    "total": ABSENT,
    "total_is_capped": ABSENT,
}
"""By a field's name, wherever it stands and whatever it stands in; where it means something else, the object says so."""

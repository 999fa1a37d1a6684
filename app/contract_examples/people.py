"""The family: who is in it, what is known of them, what they agreed to."""

from typing import Any

from app.contract_examples.scene import (
    ABSENT,
    BOY,
    BOY_NAMES,
    BRANCH,
    CANDIDATE,
    CATEGORY,
    COMMITTEE,
    COMMITTEE_NAMES,
    CONSENT,
    FAMILY,
    FATHER,
    FATHER_NAMES,
    GIRL,
    GIRL_NAMES,
    GRANDMOTHER,
    IDENTIFIER,
    KINSHIP,
    MERGE,
    MOTHER,
    MOTHER_NAMES,
    PINFL,
    RECORD,
    SCHEME,
    SHOVOT,
    TWIN,
    URGANCH,
    VIEWER,
    at,
    key_of,
)

# --- families ---------------------------------------------------------------------------------------------------------------
_ADDRESS, _FAMILY_NUMBER = "Guliston koʻchasi 4", "4T8W-1NBX"
_HOUSEHOLD = {"territory": SHOVOT, "address": _ADDRESS, "housing": "owned", "monthly_income": 3_200_000, "size": 4}
_FAMILY = {**_HOUSEHOLD, "id": FAMILY, "number": _FAMILY_NUMBER, "status": "active"}


def _person(key: str, given_name: str, patronymic: str, sex: str, birth_date: str, **other: Any) -> dict[str, Any]:
    """A person as it is registered."""
    named = {"surname": "Намунавий", "given_name": given_name, "patronymic": patronymic}
    return {"id": key, **named, "sex": sex, "birth_date": birth_date, **other}


def _member(key: str, relationship: str, names: dict[str, Any], *, sex: str, birth_date: str, age: int, **other: Any) -> dict[str, Any]:
    """A present member, as the family's answers show it."""
    known: dict[str, Any] = {
        "id": key,
        "membership_id": key_of(f"membership of {key}"),
        "names": names,
        "sex": sex,
        "birth_date": birth_date,
    }
    known |= {"birth_precision": "day", "age": age, "deceased_on": None, "relationship_to_head": relationship}
    return {**known, "is_head": relationship == "head", "is_primary_caregiver": False, "started_on": None, **other}


def _told(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    """What each is to the head."""
    return [{"beneficiary_id": key, "relationship_to_head": becomes} for key, becomes in pairs]


MEMBERSHIP = key_of(f"membership of {GIRL}")
MEMBERS = [
    _member(FATHER, "head", FATHER_NAMES, sex="male", birth_date="1985-01-01", age=40, birth_precision="year"),
    _member(MOTHER, "spouse", MOTHER_NAMES, sex="female", birth_date="1988-03-02", age=37, is_primary_caregiver=True),
    _member(GIRL, "child", GIRL_NAMES, sex="female", birth_date="2014-05-17", age=11),
    _member(BOY, "child", BOY_NAMES, sex="male", birth_date="2022-09-02", age=3),
]
POSSIBLE = {
    "registered_id": TWIN,
    "beneficiary_id": GIRL,
    "candidate_id": CANDIDATE,
    "names": GIRL_NAMES,
    "birth_date": "2014-05-17",
    "score": 1.0,
    "reasons": ["names_match_strictly", "same_patronymic", "same_birth_date", "same_phone", "same_district", "same_sex"],
}
_FAMILIES: dict[str, dict[str, Any]] = {
    "FamilyCreate": {
        "id": FAMILY,
        **_HOUSEHOLD,
        "members": [
            _person(FATHER, "Карим", "Содиқ ўғли", "male", "1985-01-01", birth_precision="year", relationship_to_head="head"),
            _person(
                MOTHER,
                *("Зуҳра", "Олим қизи", "female", "1988-03-02"),
                phone="90 123-45-67",
                relationship_to_head="spouse",
                is_primary_caregiver=True,
            ),
            _person(GIRL, "Дилноза", "Карим қизи", "female", "2014-05-17", relationship_to_head="child"),
            _person(BOY, "Сардор", "Карим ўғли", "male", "2022-09-02", relationship_to_head="child"),
        ],
    },
    "FamilyUpdate": {"housing": "with_relatives", "size": 5},
    "FamilyRead": _FAMILY,
    "FamilyWithMembersRead": {**_FAMILY, "members": MEMBERS},
    "FamilyRegisteredRead": {**_FAMILY, "members": MEMBERS, "possible_duplicates": []},
    "MemberAdd": {
        "id": key_of("membership of the grandmother"),
        "beneficiary_id": ABSENT,
        "person": _person(GRANDMOTHER, "Ойша", "Собир қизи", "female", "1956-11-20"),
        "relationship_to_head": "parent",
        "started_on": "2026-03-01",
    },
    "MembershipUpdate": {"relationship_to_head": "stepchild", "started_on": "2014-05-17"},
    "MembershipEnd": {"reason": "moved_away", "note": "Oʻqishga ketdi", "ended_on": "2026-03-20"},
    "MembershipRead": {"id": MEMBERSHIP, "names": GIRL_NAMES, "relationship_to_head": "child", "started_on": "2014-05-17"},
    "MemberAddedRead": {
        **at("2026-03-01T05:10:00Z"),
        "id": key_of("membership of the grandmother"),
        "beneficiary_id": GRANDMOTHER,
        "names": {"latin": "Namunaviy Oysha Sobir qizi", "cyrillic": "Намунавий Ойша Собир қизи"},
        "relationship_to_head": "parent",
        "started_on": "2026-03-01",
        "possible_duplicates": [],
    },
    "HeadChange": {
        "beneficiary_id": MOTHER,
        "relationships": _told((FATHER, "spouse"), (GIRL, "child"), (BOY, "child")),
        "on": "2026-06-01",
    },
    "CaregiversChange": {"caregivers": [MOTHER, FATHER], "on": "2026-06-15"},
    "FamilyMove": {"territory": URGANCH, "address": "Namunaviy koʻchasi 7", "moved_on": "2026-04-01", "note": "Ish topildi"},
    "FamilySplit": {
        "id": BRANCH,
        "members": _told((MOTHER, "head"), (BOY, "child")),
        "remaining": ABSENT,
        "territory": SHOVOT,
        "address": "Namunaviy koʻchasi 9",
        "on": "2026-04-10",
        "note": "Alohida yashaydi",
    },
    "FamilyMerge": {
        "into": FAMILY,
        "relationships": _told((MOTHER, "spouse"), (BOY, "child")),
        "on": "2026-05-02",
        "note": "Yana birga yashaydi",
    },
    "ResidenceRead": {"id": key_of("residence"), "territory": SHOVOT, "address": _ADDRESS},
}

# --- people -----------------------------------------------------------------------------------------------------------------
_GIRL = {"id": GIRL, "territory": SHOVOT, "names": GIRL_NAMES, "age": 11, "phone": "90 123-45-67", "phone_e164": "+998901234567"}
_BENEFICIARIES: dict[str, dict[str, Any]] = {
    "PersonNamesRead": GIRL_NAMES,
    "BeneficiaryCreate": {
        **_person(TWIN, "Dilnoza", "Karim qizi", "female", "2014-05-17"),
        "surname": "Namunaviy",
        "territory": SHOVOT,
    },
    "BeneficiaryUpdate": {"patronymic": "Карим қизи", "phone": "90 123-45-67"},
    "BeneficiaryRead": _GIRL,
    "BeneficiaryWrittenRead": {**_GIRL, "possible_duplicates": []},
    "KinshipCreate": {
        "id": KINSHIP,
        "person_id": MOTHER,
        "relative_id": GIRL,
        "kind": "parent",
        "is_legal": True,
        "started_on": "2014-05-17",
    },
    "KinshipUpdate": {"is_legal": True, "note": "Tugʻilganlik haqidagi guvohnoma koʻrsatildi"},
    "KinshipEnd": {"ended_on": "2026-03-20"},
    "KinshipRead": {
        "id": KINSHIP,
        "person": {"id": MOTHER, "names": MOTHER_NAMES},
        "relative": {"id": GIRL, "names": GIRL_NAMES},
        "is_legal": True,
        "started_on": "2014-05-17",
    },
}

# --- what is known of them --------------------------------------------------------------------------------------------------
_MONTHS = [("2025-11", 3_100_000), ("2025-12", 3_300_000), ("2026-01", 3_200_000)]
_SOURCES = [{"source": "wages", "amount": 2_600_000, "note": "Qurilishda"}, {"source": "benefit", "amount": 600_000}]
_ANSWERS = dict.fromkeys(("hearing", "walking", "remembering", "self_care", "communicating"), "no_difficulty")
_CIRCUMSTANCES = {
    "seeing": "some_difficulty",
    **_ANSWERS,
    "functioning_assessed_on": "2026-02-12",
    "disability_status": "none",
    "school_status": "in_school",
    "school": "12-maktab",
    "grade": 5,
    "school_since": "2021-09-02",
    "immunization_up_to_date": True,
    "citizenship": "UZ",
    "missing_documents": ["residence_registration"],
}
_SCHEME_NAMES = {"uz_latn": "Misol reyestr", "uz_cyrl": "Мисол реестр", "ru": "Примерный реестр", "en": "Example register"}
_CATEGORY_NAMES = {
    "uz_latn": "Nogironligi boʻlgan bola",
    "uz_cyrl": "Ногиронлиги бўлган бола",
    "ru": "Ребёнок с инвалидностью",
    "en": "Child with a disability",
}
_SOURCE = "Misol uchun olingan qaror"
_SCHEME = {"names": _SCHEME_NAMES, "code": "example_register", "source": _SOURCE, "valid_from": "2020-01-01"}
_CATEGORY = {"names": _CATEGORY_NAMES, "scheme_id": SCHEME, "code": "child_with_disability", "applies_to": "person"}
_TOLD = at("2026-02-12T06:10:00Z")
_RECORD = {"since": "2026-02-12", "evidence": "Tibbiy xulosa koʻrsatildi"}
_IDENTIFIER = {"kind": "pinfl", "value": "6170514•••••••"}
_KNOWN: dict[str, dict[str, Any]] = {
    "IncomeMonthPut": {"sources": _SOURCES},
    "IncomeMonthRead": {"version": 1, "updated_at": "2026-02-12T06:10:00Z", "total": 3_200_000, "sources": _SOURCES},
    "PerCapitaIncomeRead": {
        "on": "2026-02-12",
        "months": [{"month": month, "total": total} for month, total in _MONTHS],
        "total": 9_600_000,
        "missing_months": [],
        "complete": True,
        "members": 4,
        "per_capita": 800_000,
    },
    "RuleRead": {
        "code": "example_rule",
        "title": {"uz_latn": "Misol qoida", "uz_cyrl": "Мисол қоида", "ru": "Примерное правило", "en": "Example rule"},
        "in_force_from": "2020-01-01",
        "source": _SOURCE,
    },
    "CircumstancesPut": _CIRCUMSTANCES,
    "CircumstancesUpdate": {"grade": 6, "school_since": "2021-09-02"},
    "CircumstancesRead": {**_TOLD, **_CIRCUMSTANCES, "territory": SHOVOT, "has_disability": False},
    "VulnerabilitySchemeCreate": {"id": SCHEME, **_SCHEME},
    "VulnerabilitySchemeUpdate": {"valid_to": "2030-12-31"},
    "VulnerabilitySchemeRead": {"id": SCHEME, **_SCHEME},
    "VulnerabilityCategoryCreate": {"id": CATEGORY, **_CATEGORY},
    "VulnerabilityCategoryUpdate": {"names": {"en": "Child with a disability"}},
    "VulnerabilityCategoryRead": {"id": CATEGORY, **_CATEGORY, "scheme": "example_register", "valid_from": "2020-01-01"},
    "VulnerabilityRecordCreate": {"id": RECORD, "beneficiary_id": GIRL, "family_id": ABSENT, "category_id": CATEGORY, **_RECORD},
    "VulnerabilityRecordUpdate": {"evidence": "Tibbiy xulosa 2026-yil fevralda yangilandi"},
    "VulnerabilityRecordEnd": {"until": "2026-04-30"},
    "VulnerabilityRecordRead": {
        **_TOLD,
        "id": RECORD,
        "beneficiary_id": GIRL,
        "family_id": None,
        "territory": SHOVOT,
        "category_id": CATEGORY,
        "category": "child_with_disability",
        "category_names": _CATEGORY_NAMES,
        "scheme": "example_register",
        **_RECORD,
    },
    "IdentifierCreate": {"id": IDENTIFIER, "kind": "pinfl", "value": PINFL, "issuer": "Shovot tumani IIB"},
    "IdentifierUpdate": {"issued_on": "2026-02-02", "issuer": "Shovot tumani IIB"},
    "IdentifierEnd": {"ended_on": "2026-03-20", "end_reason": "entered_in_error"},
    "LookUp": {"kind": "pinfl", "value": PINFL},
    "IdentifierRead": {**_TOLD, "id": IDENTIFIER, **_IDENTIFIER, "issuer": "Shovot tumani IIB"},
    "IdentifierAddedRead": {
        **_TOLD,
        "id": IDENTIFIER,
        **_IDENTIFIER,
        "issuer": "Shovot tumani IIB",
        "warnings": [],
        "possible_duplicates": [],
    },
    "HolderRead": {"names": GIRL_NAMES, "birth_year": 2014, "territory": SHOVOT},
}

# --- what they agreed to ----------------------------------------------------------------------------------------------------
_OPEN = ["identity", "contact", "household"]
_GIVING = {
    "method": "written",
    "witness": "Misoliy Lola",
    "given_on": "2026-02-11",
    "assents": [{"beneficiary_id": GIRL, "assent": "given"}],
}
_TERMS = {
    "beneficiary_id": ABSENT,
    "family_id": FAMILY,
    "purpose": "information_sharing",
    "recipients": [{"organization_id": COMMITTEE}],
    "categories": _OPEN,
    "given_by_id": MOTHER,
    "capacity": "caregiver",
    "notice_version": "2026-1",
}
_CONSENTS: dict[str, dict[str, Any]] = {
    "ConsentCreate": {"id": CONSENT, **_TERMS, "valid_until": "2036-12-31", "giving": _GIVING},
    "ConsentUpdate": {"categories": ["identity", "household"], "valid_until": "2036-12-31"},
    "ConsentRefuse": {"note": "Oila oʻylab koʻradi"},
    "ConsentWithdraw": {"reason": "changed_mind", "withdrawn_by_id": MOTHER},
    "ConsentRenew": {"id": key_of("renewed consent"), "valid_until": "2039-12-31", "giving": {**_GIVING, "given_on": "2026-03-01"}},
    "Giving": _GIVING,
    "ConsentRead": {
        **at("2026-02-11T07:00:00Z"),
        **_TERMS,
        "id": CONSENT,
        "beneficiary_id": None,
        "valid_from": "2026-02-11",
        "valid_until": "2036-12-31",
        "last_day": "2032-05-16",
        "status": "given",
        "status_at": "2026-02-11T07:00:00Z",
        "method": "written",
        "witness": "Misoliy Lola",
        "given_on": "2026-02-11",
        "given_at": "2026-02-11T07:00:00Z",
        "recipients": [{"organization_id": COMMITTEE, "kind": None, "names": COMMITTEE_NAMES}],
        "covers": [
            {
                "beneficiary_id": one["id"],
                "membership_id": one["membership_id"],
                "names": one["names"],
                "child_assent": {GIRL: "given", BOY: "not_asked_young_age"}.get(one["id"]),
            }
            for one in MEMBERS[1:]
        ],
        "not_covered": [{"beneficiary_id": FATHER, "names": FATHER_NAMES, "reason": "adult_speaks_for_self"}],
    },
    "OpenedRead": {
        "family_id": FAMILY,
        "beneficiary_id": None,
        "categories": _OPEN,
        "organization_id": COMMITTEE,
        "organization_names": COMMITTEE_NAMES,
        "source": "consent",
        "source_id": CONSENT,
        "opens_at": "2026-02-11T07:00:00Z",
        "closes_at": "2036-12-31T19:00:00Z",
    },
    "NoticeRead": {"version": "2026-1", "valid_from": "2026-01-01"},
    "NoticeTextRead": {"language": "uz-Latn", "title": "Maʼlumotlaringiz haqida xabarnoma"},
    "NoticeSectionRead": {"heading": "Biz kimmiz", "text": "Anketada nomi yozilgan tashkilot mahallangizdagi oilalarga yordam beradi."},
    "WordingRead": {"word": "identity", "text": "Ism-familiya va tugʻilgan sana."},
}

# --- registered twice -------------------------------------------------------------------------------------------------------
_PERSON: dict[str, Any] = {
    "names": GIRL_NAMES,
    "sex": "female",
    "birth_date": "2014-05-17",
    "birth_precision": "day",
    "phone_e164": "+998901234567",
}
_PERSON |= {"deceased_on": None, "merged_into_id": None}
_ONE = {"id": GIRL, "created_at": "2026-02-10T05:30:00Z", "territory": SHOVOT}
_ONE |= {"surname": "Намунавий", "given_name": "Дилноза", "patronymic": "Карим қизи"}
_OTHER = {"id": TWIN, "created_at": "2026-03-05T09:15:00Z", "territory": SHOVOT}
_OTHER |= {"surname": "Namunaviy", "given_name": "Dilnoza", "patronymic": "Karim qizi"}
_MERGE = {
    "id": MERGE,
    "candidate_id": CANDIDATE,
    "winner_id": GIRL,
    "loser_id": TWIN,
    "choices": {"phone": "a"},
    "left_behind": [],
    "moved": [{"table": "identifier", "rows": 1}],
    "stayed": [],
    "merged_by": VIEWER,
    "undoable_until": "2026-04-05T09:40:00Z",
    **at("2026-03-06T09:40:00Z"),
}
_DUPLICATES: dict[str, dict[str, Any]] = {
    "CandidateCreate": {"id": CANDIDATE, "a_id": GIRL, "b_id": TWIN, "note": "Bir kishiga oʻxshaydi"},
    "CandidateDecision": {"note": "Egizaklar"},
    "MergeCreate": {"winner_id": GIRL, "fields": {"phone": "a", "territory": "a"}, "absent": "fill", "note": "Onasi tasdiqladi"},
    "MergeUndo": {"changed": "keep"},
    "CandidateRead": {
        **at("2026-03-05T09:15:00Z"),
        "id": CANDIDATE,
        "score": POSSIBLE["score"],
        "reasons": POSSIBLE["reasons"],
        "a": {**_ONE, **_PERSON},
        "b": {**_OTHER, **_PERSON},
        "differences": ["surname", "given_name", "patronymic", "territory"],
    },
    "MergeRead": _MERGE,
    "MergeDoneRead": {**_MERGE, "warnings": []},
}
PEOPLE = {**_FAMILIES, **_BENEFICIARIES, **_KNOWN, **_CONSENTS, **_DUPLICATES}

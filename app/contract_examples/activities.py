"""The training that the mother takes part in, and her certificate."""

from typing import Any

from app.contract_examples.scene import (
    ABSENT,
    CERTIFICATE,
    COMMITTEE,
    ENROLLMENT,
    FATHER,
    FATHER_NAMES,
    HEADCOUNT,
    MOTHER,
    MOTHER_NAMES,
    NGO_NAMES,
    NUMBER,
    ROSTER,
    SECOND_ENROLLMENT,
    SESSION,
    SHOVOT,
    SITE,
    TITLE,
    TRAINING,
    VENUE,
    at,
    key_of,
)

_MOTHER = {"kind": "beneficiary", "id": MOTHER, "name": MOTHER_NAMES["cyrillic"]}
_FATHER = {"kind": "beneficiary", "id": FATHER, "name": FATHER_NAMES["cyrillic"]}
_DAY = "day"
_STARTS, _ENDS = {"date": "2026-03-10", "precision": _DAY}, {"date": "2026-03-11", "precision": _DAY}
_RULE = {"min_attendance_percent": 80, "min_post_test": 60}
_SIGNERS = [{"name": "Misoliy Lola", "post": "Direktor"}]
_PLAN = {
    "territory": SHOVOT,
    "title": TITLE,
    "description": "Ota-onalar uchun ikki kunlik mashgʻulot.",
    "competencies": ["Bolani zoʻravonliksiz tarbiyalaydi"],
    "languages": ["uz"],
    "starts_on": _STARTS,
    "ends_on": _ENDS,
    "venue_id": VENUE,
    "signers": _SIGNERS,
    "completion_rule": _RULE,
}
_SESSION = {"number": 1, "topic": "Bola huquqlari", "facilitators": ["Misoliy Lola"], "mandatory": True}
_SHEET = [{"enrollment_id": ENROLLMENT, "presence": "present"}, {"enrollment_id": SECOND_ENROLLMENT, "presence": "excused"}]
_RESULTS = [
    {"enrollment_id": ENROLLMENT, "kind": "pre", "score": 40, "taken_on": "2026-03-10"},
    {"enrollment_id": ENROLLMENT, "kind": "post", "score": 85, "taken_on": "2026-03-11"},
]
_UNMET = [
    {"code": "attendance_too_low", "details": {"required_percent": 80, "attended_percent": 0}},
    {"code": "mandatory_session_missed", "details": {"session_numbers": [1]}},
    {"code": "post_test_missing", "details": {"required": 60}},
]
_COUNT = {"participants": 31, "certificates": 28, "audience": "Ota-onalar", "source": "Yakuniy hisobot, 2026-yil mart"}
_TRAININGS: dict[str, dict[str, Any]] = {
    "TrainingCreate": {"id": TRAINING, **_PLAN, "capacity": 25},
    "TrainingUpdate": {"capacity": 30},
    "TrainingCancel": {"reason": "Zal taʼmirda"},
    "CoHosts": {"organization_ids": [COMMITTEE]},
    "TrainingRead": {
        **at("2026-02-16T09:00:00Z", "2026-03-12T10:00:00Z"),
        "id": TRAINING,
        "roster_id": ROSTER,
        **_PLAN,
        "status": "completed",
        "status_at": "2026-03-12T10:00:00Z",
        "has_waitlist": True,
        "counts": {"capacity": 30, "seated": 2, "waitlisted": 0, "completed": 1},
        "participants": {"count": 2, "basis": "named"},
        "reported": [],
        "co_host_ids": [COMMITTEE],
        "version": 5,
    },
    "SessionCreate": {"id": SESSION, **_SESSION, "starts_at": "2026-03-10T09:00:00+05:00", "ends_at": "2026-03-10T13:00:00+05:00"},
    "SessionUpdate": {"topic": "Bola huquqlari va muloqot"},
    "SessionRead": {
        **at("2026-02-16T09:20:00Z"),
        "id": SESSION,
        **_SESSION,
        "starts_at": "2026-03-10T04:00:00Z",
        "ends_at": "2026-03-10T08:00:00Z",
    },
    "EnrollmentCreate": {"id": ENROLLMENT, "beneficiary_id": MOTHER, "specialist_id": ABSENT},
    "EnrollmentEnd": {"reason": "Boshqa tumanga koʻchdi"},
    "EnrollmentRead": {
        **at("2026-03-02T06:00:00Z"),
        "id": ENROLLMENT,
        "participant": _MOTHER,
        "status": "confirmed",
        "status_at": "2026-03-02T06:00:00Z",
    },
    "AttendanceSheet": {"items": _SHEET},
    "AttendanceSheetRead": {"session_id": SESSION, "version": 2, "items": _SHEET},
    "TestResults": {"items": _RESULTS},
    "TestResultRead": {**at("2026-03-11T09:30:00Z"), "id": key_of("result"), "kind": "post", "score": 85, "taken_on": "2026-03-11"},
    "CompletionsRead": {
        "is_settled": True,
        "completion_rule": _RULE,
        "sessions": 1,
        "items": [
            {"enrollment_id": ENROLLMENT, "participant": _MOTHER, "status": "completed", "is_complete": True, "unmet": []},
            {
                "enrollment_id": SECOND_ENROLLMENT,
                "participant": _FATHER,
                "status": "not_completed",
                "is_complete": False,
                "unmet": _UNMET,
            },
        ],
    },
    "HeadcountCreate": {"id": HEADCOUNT, "roster_ids": [ROSTER], **_COUNT},
    "HeadcountRead": {**at("2026-03-20T06:45:00Z"), "id": HEADCOUNT, "roster_ids": [ROSTER], **_COUNT},
}

# --- certificates -----------------------------------------------------------------------------------------------------------
_PAGE = f"{SITE}/v/{NUMBER}"
_PLACE = {"uz_latn": "Shovot tumani", "uz_cyrl": "Шовот тумани", "ru": "Шаватский район", "en": "Shovot district"}
_CERTIFICATES: dict[str, dict[str, Any]] = {
    "CertificatesIssue": {"dry_run": True},
    "CertificatesIssued": {
        "dry_run": True,
        "counts": {"issued": 1, "already_issued": 0, "not_eligible": 1},
        "outcomes": [
            {
                "enrollment_id": ENROLLMENT,
                "participant": _MOTHER,
                "outcome": "issued",
                "reasons": [],
                "warnings": [],
                "certificate_id": None,
            },
            {
                "enrollment_id": SECOND_ENROLLMENT,
                "participant": _FATHER,
                "outcome": "not_eligible",
                "reasons": _UNMET,
                "warnings": [],
                "certificate_id": None,
            },
        ],
    },
    "CertificateRevoke": {"category": "wrong_details", "reason": "Familiya xato yozilgan"},
    "CertificateRead": {
        "id": CERTIFICATE,
        "roster_id": ROSTER,
        "beneficiary_id": MOTHER,
        "holder_latin": MOTHER_NAMES["latin"],
        "holder_cyrillic": MOTHER_NAMES["cyrillic"],
        "starts_on": _STARTS,
        "ends_on": _ENDS,
        "place": _PLACE,
        "signers": _SIGNERS,
        "template_version": 1,
        "issued_on": "2026-03-12",
        **at("2026-03-12T10:05:00Z"),
        "verify_url": _PAGE,
    },
    "VerificationRead": {
        "holder": {"latin": "N*** Z*** O***", "cyrillic": "Н*** З*** О***"},
        "issuer": NGO_NAMES,
        "starts_on": _STARTS,
        "ends_on": _ENDS,
        "issued_on": "2026-03-12",
        "page": _PAGE,
    },
    "SurnameCheck": {"surname": "Namunaviy"},
    "SurnameCheckRead": {"matches": True},
}
ACTIVITIES = {**_TRAININGS, **_CERTIFICATES}

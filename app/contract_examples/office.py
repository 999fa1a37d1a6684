"""Who works with the family and on what terms: partners, accounts, the trail, emergencies, and how long data are kept."""

from typing import Any

from app.contract_examples.scene import (
    ACCOUNT,
    CLIENT,
    COMMITTEE,
    COMMITTEE_NAMES,
    CONSENT,
    ERASURE,
    FAMILY,
    GIRL,
    GLASS,
    HOLD,
    MAHALLA,
    NGO,
    NGO_NAMES,
    PINFL,
    PLACE,
    RULE,
    SHOVOT,
    SITE,
    SPECIALIST,
    VENUE,
    VIEWER,
    at,
    key_of,
)

# --- who logs in ------------------------------------------------------------------------------------------------------------
_PASSWORD, _EMAIL = "bir gap parol boʻla oladi", "lola@misoliy.example"
_ACCOUNT = {"email": _EMAIL, "name": "Misoliy Lola", "duty": "manager", "territory": "1733"}
_CLIENT = {"name": "Tungi hisobot", "territory": "1733", "scopes": ["places:read", "trainings:read"]}
_CLIENT_ID = f"client-{CLIENT.replace('-', '')}"
_IDENTITY: dict[str, dict[str, Any]] = {
    "LogIn": {"email": _EMAIL, "password": _PASSWORD},
    "PasswordChange": {"current": _PASSWORD, "new": "yana bir uzun gap parol boʻladi"},
    "MeRead": {
        **_ACCOUNT,
        "id": ACCOUNT,
        "kind": "account",
        "permissions": ["beneficiaries:read", "beneficiaries:write", "trainings:read"],
    },
    "AccountCreate": {**_ACCOUNT, "id": ACCOUNT, "password": _PASSWORD},
    "AccountUpdate": {"duty": "specialist", "territory": SHOVOT},
    "AccountRead": {**_ACCOUNT, "id": ACCOUNT, "role": "ngo"},
    "ServiceClientCreate": {**_CLIENT, "id": CLIENT},
    "ServiceClientRead": {**_CLIENT, "id": CLIENT, "client_id": _CLIENT_ID, "role": "ngo"},
    "ServiceClientCreated": {**_CLIENT, "id": CLIENT, "client_id": _CLIENT_ID, "role": "ngo", "client_secret": "shown-this-once"},
    "ClientTokenRead": {"scope": "places:read trainings:read"},
    "KeySetRead": {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "kid": "2026-02",
                "use": "sig",
                "alg": "ES256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }
        ]
    },
    "MetadataRead": {
        "issuer": SITE,
        "token_endpoint": f"{SITE}/v1/oauth/token",
        "jwks_uri": f"{SITE}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "response_types_supported": [],
        "scopes_supported": ["beneficiaries:read", "places:read", "trainings:read"],
    },
}

# --- partners and places ----------------------------------------------------------------------------------------------------
_MAHALLA_NAMES = {"uz_latn": "Misoliy", "uz_cyrl": "Мисолий", "ru": "Мисолий", "en": "Misoliy"}
_VENUE_NAMES = {"uz_latn": "Misol markazi", "uz_cyrl": "Мисол маркази", "ru": "Примерный центр", "en": "Example Center"}
_CONTACT = {"name": "Misoliy Lola", "post": "Direktor", "phone": "90 123-45-67", "emails": [_EMAIL]}
_ORGANIZATION = {"id": NGO, "kind": "ngo", "names": NGO_NAMES, "territory": "1733", "valid_from": "2019-01-15"}
_SPECIALIST = {"id": SPECIALIST, "surname": "Мисолий", "given_name": "Лола", "patronymic": "Анвар қизи", "post": "Psixolog"}
_AT_WORK = {"phone": "90 123-45-67", "email": _EMAIL}
_PARTNERS: dict[str, dict[str, Any]] = {
    "NamesRead": NGO_NAMES,
    "PlaceCreate": {
        "id": PLACE,
        "district": SHOVOT,
        "soato": MAHALLA,
        "names": _MAHALLA_NAMES,
        "aliases": ["Eski Misoliy"],
        "is_pilot": True,
    },
    "PlaceUpdate": {"names": {"ru": "Мисолий"}, "is_pilot": False},
    "PlaceRead": {
        "id": PLACE,
        "soato": MAHALLA,
        "level": "mahalla",
        "parent_soato": SHOVOT,
        "names": _MAHALLA_NAMES,
        "aliases": ["Eski Misoliy"],
        "is_pilot": True,
    },
    "OrganizationCreate": {**_ORGANIZATION, "contacts": [_CONTACT]},
    "OrganizationUpdate": {"names": {"en": "Example Family Fund"}, "contacts": [_CONTACT]},
    "OrganizationRead": {**_ORGANIZATION, "contacts": [{**_CONTACT, "phone_e164": "+998901234567"}]},
    "SpecialistCreate": {**_SPECIALIST, **_AT_WORK},
    "SpecialistUpdate": {"post": "Katta psixolog"},
    "SpecialistRead": {**_SPECIALIST, **_AT_WORK, "phone_e164": "+998901234567"},
    "VenueCreate": {"id": VENUE, "names": _VENUE_NAMES, "address": "Markaziy koʻcha 2"},
    "VenueUpdate": {"address": "Markaziy koʻcha 2, 2-qavat"},
    "VenueRead": {"id": VENUE, "names": _VENUE_NAMES, "address": "Markaziy koʻcha 2"},
}

# --- who looked, and emergencies --------------------------------------------------------------------------------------------
_CRYING = "Qoʻshnilar kechadan beri bola yigʻisini eshitmoqda."
_BROUGHT_IN = "Bola shifoxonaga hushsiz keltirilgan, yaqinlari maʼlum emas."
_EMERGENCY = {"category": "child_alone", "reason": _CRYING, "minutes": 120}
_LOOKED: dict[str, dict[str, Any]] = {
    "AuditEntryRead": {
        "at": "2026-02-12T06:20:00Z",
        "actor_kind": "account",
        "action": "family.updated",
        "subject_type": "family",
        "subject_id": FAMILY,
        "changes": {"size": {"before": 4, "after": 5}, "address": {"before": "***", "after": "***"}},
        "request_id": "019c2f6e6d1b7a378d1b2a6f4e8c0d17",
    },
    "AccessRead": {
        "id": 4711,
        "at": "2026-02-20T09:00:01Z",
        "operation": "get_beneficiary",
        "times": 1,
        "subject": {"kind": "beneficiary", "id": GIRL},
    },
    "ViewerRead": {
        "id": VIEWER,
        "kind": "account",
        "name": "Misoliy Nodira",
        "duty": "manager",
        "organization_id": COMMITTEE,
        "organization_names": COMMITTEE_NAMES,
    },
    "GroundRead": {"kind": "consent", "grant_id": key_of("grant"), "consent_id": CONSENT, "consent_purpose": "information_sharing"},
    "BreakGlassCreate": {"id": GLASS, **_EMERGENCY},
    "BreakGlassByNumber": {"pinfl": PINFL, "category": "medical_emergency", "reason": _BROUGHT_IN, "minutes": 60},
    "BreakGlassReview": {"verdict": "justified", "note": "Bola yolgʻiz edi, ona kasalxonada"},
    "BreakGlassRead": {
        **at("2026-03-14T18:40:00Z"),
        "id": GLASS,
        "account_name": "Misoliy Nodira",
        "accessor_organization_id": COMMITTEE,
        "category": "child_alone",
        "reason": _CRYING,
        "opened_at": "2026-03-14T18:40:00Z",
        "closes_at": "2026-03-14T20:40:00Z",
    },
    "AlertsRead": {
        "break_glass_unreviewed": 1,
        "break_glass_oldest": "2026-03-14T18:40:00Z",
        "consents_expiring": 2,
        "consents_earliest": "2026-04-01",
    },
}

# --- how long data are kept -------------------------------------------------------------------------------------------------
_COURT, _SENT = "Sud hujjatlarni soʻragan", "Hujjatlar sudga yuborildi"
_RULE = {"code": "after_last_activity", "basis": "last_activity", "months": 60, "action": "anonymize", "reason": "Qonun besh yil soʻraydi"}
_ERASURE = {"asked_by": "caregiver", "asked_on": "2026-04-02", "note": "Ona idoraga keldi"}
_COUNTS = {"due": 3, "held": 1, "anonymized": 2, "deleted": 0, "failed": 0, "rows_deleted": [{"table": "consent_subject", "rows": 4}]}
_RETENTION: dict[str, dict[str, Any]] = {
    "RetentionRuleCreate": {"id": RULE, **_RULE},
    "RetentionRuleUpdate": {"months": 72, "reason": "Buxgalteriya qoidasi"},
    "RetentionRuleRead": {"id": RULE, **_RULE, "is_active": True},
    "RetentionRunRead": {
        **at("2026-05-01T21:00:00Z"),
        "id": key_of("run"),
        "finished_at": "2026-05-01T21:00:09Z",
        "counts": {"after_last_activity": _COUNTS},
    },
    "LegalHoldCreate": {"id": HOLD, "reason": _COURT},
    "LegalHoldRelease": {"reason": _SENT},
    "LegalHoldRead": {**at("2026-04-02T10:00:00Z"), "id": HOLD, "territory": SHOVOT, "reason": _COURT},
    "ErasureRequestCreate": {"id": ERASURE, **_ERASURE},
    "ErasureRefusal": {"reason": "Sud ishi tugaguncha saqlanadi"},
    "ErasureRequestRead": {**at("2026-04-02T09:30:00Z"), "id": ERASURE, "territory": SHOVOT, **_ERASURE},
}
_REST: dict[str, dict[str, Any]] = {
    "ListRead": {"name": "sex", "words": [{"word": "female", "label": "female"}, {"word": "male", "label": "male"}]},
    "VocabularyRead": {"language": "en"},
}
OFFICE = {**_IDENTITY, **_PARTNERS, **_LOOKED, **_RETENTION, **_REST}

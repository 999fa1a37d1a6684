"""Organizations, specialists and venues, made over HTTP."""

from typing import Any

from tests.callers import Caller, Callers
from tests.planted import all_planted, planted

Body = dict[str, Any]


def organization_body(**other: Any) -> Body:
    """What the published record says of the Women's Committee."""
    contact = {
        "name": planted("Бунёдбек Маматюсупов"),
        "post": "Миллий/ҳудудий қотиба",
        "phone": "(+71) 239-40-42",
        "emails": ["info@wcu.example"],
    }
    names = {"uz_cyrl": "Ўзбекистон Хотин-қизлар қўмитаси", "en": "Women's Committee of Uzbekistan"}
    return {"kind": "womens_committee", "names": names, "territory": "17", "contacts": [contact], **other}


def make_organization(callers: Callers, **other: Any) -> Body:
    """A registered organization."""
    made = callers.administrator().post("/v1/organizations", organization_body(**other))
    assert made.status_code == 201, made.text
    return dict(made.json())


def specialist_body(**other: Any) -> Body:
    """A social worker in Shovot."""
    named = all_planted({"surname": "Қодирова", "given_name": "Гулчеҳра", "patronymic": "Ўктамовна"})
    return {
        **named,
        "post": "Ижтимоий ходим",
        "territory": "1733230",
        "phone": "(+78) 140-97-27",
        "email": "g.qodirova@sos.example",
        **other,
    }


def make_specialist(caller: Caller, **other: Any) -> Body:
    """A registered specialist of the caller's organization."""
    made = caller.post("/v1/specialists", specialist_body(**other))
    assert made.status_code == 201, made.text
    return dict(made.json())


def venue_body(**other: Any) -> Body:
    """The social center in Urgench district."""
    return {"names": {"uz_cyrl": "SOS Болалар маҳаллалари ижтимоий маркази"}, "territory": "1733217", "address": "Марказий кўча 1", **other}


def make_venue(caller: Caller, **other: Any) -> Body:
    """A registered venue of the caller's organization."""
    made = caller.post("/v1/venues", venue_body(**other))
    assert made.status_code == 201, made.text
    return dict(made.json())

"""The report for a whole family: who looked at its own row, and at its members while they were."""

from datetime import timedelta
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from app.days import today
from app.identity.revocations import revocations
from app.languages import Language
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.beneficiaries import ANDIJON, SHOVOT, daughter, father, make_beneficiary, make_family, mother
from tests.factories.certificates import issue, make_course
from tests.factories.grants import grant
from tests.factories.oversight import FAMILIES, PEOPLE, age_looks, break_glass, consent_of, looked, looks_of
from tests.oversight.test_report import named, text_of

Body = dict[str, Any]
WORDS = {
    Language.UZ_LATN: (
        "Oilangiz maʼlumotlarini kim koʻrdi",
        "Oila maʼlumotlari: manzil, daromad",
        "Shaxsiy maʼlumotlari",
        "Rozilik berilgan",
    ),
    Language.UZ_CYRL: (
        "Оилангиз маълумотларини ким кўрди",
        "Оила маълумотлари: манзил, даромад",
        "Шахсий маълумотлари",
        "Розилик берилган",
    ),
    Language.RU: ("Кто смотрел данные вашей семьи", "Данные семьи: адрес, доход, жильё", "Личные данные", "Дано согласие"),
    Language.EN: ("Who looked at your family’s data", "The family’s data: address, income, housing", "Personal data", "It was agreed to"),
}


def url_of(family: Body) -> str:
    return f"{FAMILIES}/{family['id']}/accesses.pdf"


def report(caller: Caller, family: Body, **params: Any) -> str:
    looked()
    found = caller.get(url_of(family), params={"language": "en", **params})
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/pdf"
    assert "no-store" in found.headers["cache-control"]
    return text_of(found.content)


def member(family: Body, relationship: str) -> Body:
    return dict(next(one for one in family["members"] if one["relationship_to_head"] == relationship))


def open_to(ngo: Caller, partner: Caller, family: Body) -> None:
    """What a consent opens of the family's own row, and of nobody in it."""
    given = DataCategory.HOUSEHOLD, DataCategory.CONTACT
    grant(
        ngo,
        to_organization(partner.organization_id),
        *given,
        family_id=family["id"],
        source_id=consent_of(ngo, member(family, "head"), given_on=today() - timedelta(days=40)),
    )


@pytest.mark.parametrize("language", Language)
def test_it_tells_of_the_familys_own_row_and_of_its_members(callers: Callers, language: Language) -> None:
    ngo, partner, state = callers.ngo("17"), callers.committee("17", duty="specialist"), callers.state()
    named(partner, name_en="Committee of Shovot", name_ru="Комитет Шавата", name_uz_latn="Shovot qoʻmitasi", name_uz_cyrl="Шовот қўмитаси")
    family = make_family(ngo)
    open_to(ngo, partner, family)
    shown = partner.get(f"{FAMILIES}/{family['id']}")
    assert shown.json()["address"] == "Guliston koʻchasi 4"
    girl = member(family, "child")
    # It opens the family's row with the girl's.
    glass = break_glass(state, girl)
    assert state.get(f"{PEOPLE}/{girl['id']}").status_code == state.get(f"{FAMILIES}/{family['id']}").status_code == 200
    found = report(ngo, family, language=str(language))
    for words in WORDS[language]:
        assert words in found
    assert family["number"] in found
    script = "cyrillic" if language in (Language.UZ_CYRL, Language.RU) else "latin"
    for one in family["members"]:
        assert one["names"][script] in found
    committee = {
        Language.UZ_LATN: "Shovot qoʻmitasi",
        Language.UZ_CYRL: "Шовот қўмитаси",
        Language.RU: "Комитет Шавата",
        Language.EN: "Committee of Shovot",
    }
    assert committee[language] in found
    # Staff by function; why in a word, and not in the words that were meant for the reviewers.
    assert "Test" not in found
    assert glass["reason"] not in found


def test_a_member_is_told_of_while_they_belonged_to_it(callers: Callers) -> None:
    """What is known of somebody after they left, be it to new parents, is none of the family's; nor is what was before they came."""
    ngo = callers.ngo("17")
    family = make_family(ngo, members=[father(), mother(), daughter(started_on="2015-01-01")])
    girl, head = member(family, "child"), member(family, "head")
    looked()
    for day in (20, 10):
        ngo.get(f"{PEOPLE}/{girl['id']}")
        ngo.get(f"{PEOPLE}/{head['id']}")
        age_looks(timedelta(days=day))
    # So that she was looked at thirty and ten days ago; now she leaves between the two.
    before = report(ngo, family, until=str(today() - timedelta(days=1)))
    assert before.count("Dilnoza") == 3
    membership = girl["membership_id"]
    left = {"reason": "adopted", "ended_on": str(today() - timedelta(days=15))}
    assert ngo.post(f"{FAMILIES}/{family['id']}/memberships/{membership}/end", left, version=1).status_code == 200
    after = report(ngo, family, until=str(today() - timedelta(days=1)))
    assert after.count("Dilnoza") == 2
    assert f"(01.01.2015 – {today() - timedelta(days=15):%d.%m.%Y})" in after
    assert f"{today() - timedelta(days=30):%d.%m.%Y}" in after
    # Of the day on which she left nothing is told, and of whoever came today nothing of before.
    grown = make_beneficiary(ngo, given_name="Barno", birth_date="1999-01-01", territory=SHOVOT)
    ngo.get(f"{PEOPLE}/{grown['id']}")
    age_looks(timedelta(days=3))
    joins = {"beneficiary_id": grown["id"], "relationship_to_head": "other_relative", "started_on": str(today())}
    assert ngo.post(f"{FAMILIES}/{family['id']}/members", joins).status_code == 201
    assert report(ngo, family, until=str(today() - timedelta(days=1))).count("Barno") == 1
    ngo.get(f"{PEOPLE}/{grown['id']}")
    assert report(ngo, family, since=str(today())).count("Barno") == 2


def test_who_never_belonged_to_it_is_not_told_of(callers: Callers) -> None:
    ngo = callers.ngo("17")
    family = make_family(ngo)
    girl = member(family, "child")
    ended = {"reason": "entered_in_error", "ended_on": str(today())}
    assert ngo.post(f"{FAMILIES}/{family['id']}/memberships/{girl['membership_id']}/end", ended, version=1).status_code == 200
    looked()
    ngo.get(f"{PEOPLE}/{girl['id']}")
    assert "Dilnoza" not in report(ngo, family)


def test_a_members_certificate(callers: Callers) -> None:
    ngo, committee = callers.ngo("17"), callers.committee("17")
    course = make_course(ngo, ("Karimova", "Hulkar", None))
    issue(ngo, course)
    (certificate,) = ngo.get("/v1/certificates").json()["items"]
    # What the row is called in both scripts is told when somebody writes its name.
    assert ngo.patch(f"{PEOPLE}/{course.persons[0]}", {"given_name": "Hulkaroy"}, version=1).status_code == 200
    family = make_family(ngo)
    joins = {"beneficiary_id": course.persons[0], "relationship_to_head": "other_relative"}
    assert ngo.post(f"{FAMILIES}/{family['id']}/members", joins).status_code == 201
    looked()
    ngo.get(f"/v1/certificates/{certificate['id']}")
    found = report(ngo, family)
    assert "Certificate" in found
    assert "Hulkaroy Certificate" in found
    assert committee.get(url_of(family)).status_code == 404


def test_who_may_and_what_is_refused(callers: Callers, client: Client) -> None:
    ngo = callers.ngo("17")
    family = make_family(ngo)
    assert client.get(url_of(family)).status_code == 401
    for duty in ("specialist", "viewer"):
        assert callers.ngo("17", duty=duty, organization_id=ngo.organization_id).get(url_of(family)).status_code == 403
    committee = callers.committee("17")
    open_to(ngo, committee, family)
    for caller in (callers.ngo("17"), committee, callers.ngo(ANDIJON[:4], organization_id=ngo.organization_id)):
        assert caller.get(url_of(family)).status_code == 404
    assert callers.state().get(url_of(family)).status_code == 403
    for wrong in ({"language": "de"}, {"since": "2026"}, {"since": "2026-02-01", "until": "2026-01-01"}, {"x": "y"}):
        assert ngo.get(url_of(family), params=wrong).status_code == 422
    answer = ngo.get(url_of(family), headers={"Accept-Language": "ru"})
    assert (answer.headers["content-language"], answer.headers["content-disposition"]) == ("ru", 'attachment; filename="accesses-ru.pdf"')
    assert "Nobody looked at these data" in report(ngo, make_family(ngo, members=[father(given_name="Botir")]))


def test_a_report_is_a_look_itself(callers: Callers) -> None:
    ngo = callers.ngo("17")
    family = make_family(ngo)
    looks_of(ngo)
    ngo.get(url_of(family))
    expected = {("family", family["id"], "get_family_accesses_pdf", 1)}
    expected |= {("beneficiary", one["id"], "get_family_accesses_pdf", 1) for one in family["members"]}
    assert looks_of(ngo) == expected


def test_a_larger_family_costs_no_more(callers: Callers, statements: list[str]) -> None:
    ngo, partner, state = callers.ngo("17"), callers.committee("17"), callers.state()
    small, large = (
        make_family(ngo),
        make_family(ngo, members=[father(), mother(), *(daughter(given_name=name) for name in ("A", "B", "C", "D"))]),
    )

    def cost(family: Body) -> int:
        open_to(ngo, partner, family)
        partner.get(f"{FAMILIES}/{family['id']}")
        for one in family["members"][:2]:
            break_glass(state, one)
            state.get(f"{PEOPLE}/{one['id']}")
        report(ngo, family)
        looked()
        # What is asked every few seconds is no part of a request.
        revocations.load(0.0)
        statements.clear()
        assert ngo.get(url_of(family)).status_code == 200
        return len([one for one in statements if not one.startswith(("INSERT INTO access_entry", "COPY", "BEGIN"))])

    # The family and its members; the rows that tell of them, the looks, the organizations; what let in to persons and to families; names.
    assert cost(small) == cost(large) == 8

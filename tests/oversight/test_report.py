"""The report for the family: who looked at them, on paper, in four languages, without the names of staff."""

import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from app.access.grants import DataCategory, to_organization
from app.access.transaction import as_system, begin
from app.days import today
from app.languages import Language, date_text
from app.oversight import report as module
from app.partners.models import Organization
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary
from tests.factories.grants import grant
from tests.factories.oversight import GLASSES, PEOPLE, age_looks, break_glass, consent_of, looked

NAMES = {
    "name_uz_latn": "Shovot tumani “Inson” markazi",
    "name_uz_cyrl": "Шовот тумани «Инсон» маркази",
    "name_ru": "Центр «Инсон» Шаватского района",
    "name_en": "Inson center of Shovot",
}
TITLES = {
    "uz-Latn": "Maʼlumotlaringizni kim koʻrdi",
    "uz-Cyrl": "Маълумотларингизни ким кўрди",
    "ru": "Кто смотрел ваши данные",
    "en": "Who looked at your data",
}


def text_of(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def report(caller: Caller, person: dict[str, Any], **params: Any) -> str:
    looked()
    found = caller.get(f"{PEOPLE}/{person['id']}/accesses.pdf", params=params)
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/pdf"
    assert found.headers["cache-control"].startswith("no-store") or "private" in found.headers["cache-control"]
    return text_of(found.content)


def named(caller: Caller, **names: str) -> None:
    with begin(as_system("test")) as db:
        row = db.get(Organization, uuid.UUID(caller.organization_id))
        for column, name in (names or NAMES).items():
            setattr(row, column, name)


@pytest.mark.parametrize("language", Language)
def test_it_tells_who_looked_in_every_language(callers: Callers, language: Language) -> None:
    ngo, partner, committee = callers.ngo("17"), callers.state(duty="specialist"), callers.committee()
    named(ngo, name_en="Himoya NGO", name_ru="НПО Химоя", name_uz_latn="Himoya NNT", name_uz_cyrl="Ҳимоя ННТ")
    named(partner)
    person = make_beneficiary(ngo)
    grant(
        ngo,
        to_organization(committee.organization_id),
        DataCategory.IDENTITY,
        beneficiary_id=person["id"],
        source_id=consent_of(ngo, person, given_on=today() - timedelta(days=40)),
    )
    for _ in range(3):
        ngo.get(f"{PEOPLE}/{person['id']}")
        committee.get(f"{PEOPLE}/{person['id']}")
    glass = break_glass(partner, person)
    found = report(ngo, person, language=str(language))
    assert TITLES[str(language)] in found
    assert ("Дилноза" if language in (Language.UZ_CYRL, Language.RU) else "Dilnoza") in found
    key = f"name_{str(language).replace('-', '_').lower()}"
    assert NAMES[key] in found
    assert date_text(today(), "day", language) in found
    assert f"({today() - timedelta(days=40):%d.%m.%Y})" in found
    assert found.count(f"{today():%d.%m.%Y}") == 3
    emergency = {
        Language.UZ_LATN: ("Bola qarovsiz qolgan; hali tekshirilmagan", "Mutaxassis", "Siz rozilik bergansiz"),
        Language.UZ_CYRL: ("Бола қаровсиз қолган; ҳали текширилмаган", "Мутахассис", "Сиз розилик бергансиз"),
        Language.RU: ("Ребёнок остался один; ещё не проверено", "Специалист", "Вы дали согласие"),
        Language.EN: ("Child alone; not reviewed yet", "Specialist", "You agreed to it"),
    }
    for words in emergency[language]:
        assert words in found
    # By function, not by name; and why in a word, not in the words that were meant for the reviewers.
    assert "Test" not in found
    assert glass["reason"] not in found
    ngo.post(f"{GLASSES}/{glass['id']}/review", {"verdict": "not_justified"}, version=1)
    reviewed = {
        Language.UZ_LATN: "tekshirildi: asossiz",
        Language.UZ_CYRL: "текширилди: асоссиз",
        Language.RU: "проверено: необоснованно",
        Language.EN: "it was not justified",
    }
    assert reviewed[language] in report(ngo, person, language=str(language))


def test_the_language_is_that_of_the_reader(callers: Callers) -> None:
    ngo = callers.ngo("17")
    person = make_beneficiary(ngo)
    url = f"{PEOPLE}/{person['id']}/accesses.pdf"
    assert TITLES["uz-Latn"] in text_of(ngo.get(url).content)
    answer = ngo.get(url, headers={"Accept-Language": "ru"})
    assert TITLES["ru"] in text_of(answer.content)
    assert answer.headers["content-language"] == "ru"
    assert TITLES["en"] in text_of(ngo.get(url, params={"language": "en"}, headers={"Accept-Language": "ru"}).content)
    for wrong in ({"language": "de"}, {"since": "2026"}, {"since": "1900-01-01"}, {"until": "9999-12-31"}, {"x": "y"}):
        assert ngo.get(url, params=wrong).status_code == 422
    refused = ngo.get(url, params={"since": "2026-02-01", "until": "2026-01-01"})
    assert refused.status_code == 422
    assert [(one["place"], one["pointer"]) for one in refused.json()["errors"]] == [("query", "/since")]


def test_looks_of_one_day_are_one_line(callers: Callers) -> None:
    ngo = callers.ngo("17", duty="manager")
    colleague = callers.ngo("17", organization_id=ngo.organization_id)
    person = make_beneficiary(ngo)
    assert "Nobody looked at these data in this period." in report(ngo, person, language="en")
    looked()
    for _ in range(4):
        ngo.get(f"{PEOPLE}/{person['id']}")
        looked()
    colleague.get(f"{PEOPLE}/{person['id']}")
    # Five looks, and that the report was read before.
    assert "Organizations: 1 · Looks: 6" in report(ngo, person, language="en")
    age_looks(timedelta(days=20))
    ngo.get(f"{PEOPLE}/{person['id']}")
    found = report(ngo, person, language="en")
    assert found.count("It registered you and works with your family") == 2
    # Only those of the days that were asked for.
    yesterday = str(today() - timedelta(days=1))
    assert "Looks: 7" in report(ngo, person, language="en", until=yesterday, since=str(today() - timedelta(days=20)))
    assert "Nobody looked" in report(ngo, person, language="en", until=yesterday, since=str(today() - timedelta(days=19)))


def test_a_long_report_is_told_by_months_and_says_what_is_cut(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    ngo = callers.ngo("17")
    person = make_beneficiary(ngo)
    looked()
    for _ in range(4):
        ngo.get(f"{PEOPLE}/{person['id']}")
        age_looks(timedelta(days=1))
    monkeypatch.setattr(module, "MOST_LINES", 3)
    found = report(ngo, person, language="en")
    days = [today() - timedelta(days=day) for day in range(1, 5)]
    for month in {date_text(day.replace(day=1), "month", Language.EN) for day in days}:
        assert month in found
    assert "only the newest" not in found
    looked()
    age_looks(timedelta(days=1))
    monkeypatch.setattr(module, "MOST_LOOKS", 2)
    found = report(ngo, person, language="en")
    assert "Looks: 2" in found
    assert "only the newest are told" in found


def test_what_cannot_be_printed_is_refused(callers: Callers) -> None:
    ngo = callers.ngo("17")
    named(ngo, name_uz_latn="Himoya \U0001f600")
    refused = ngo.get(f"{PEOPLE}/{make_beneficiary(ngo)['id']}/accesses.pdf")
    told = refused.json()
    assert (refused.status_code, told["code"], told["detail"]) == (
        409,
        "report_not_printable",
        "Not printed, the organization: a character in it has no form on paper.",
    )

"""How alike two persons are: who is one, who only looks so, and why."""

import uuid
from datetime import date
from typing import Any

import pytest

from app.beneficiaries.resemblance import RECORDED, Likeness, Portrait, Why, likeness, match_key, portrait

GIRL = {"surname": "Йўлдошева", "given_name": "Дилноза", "patronymic": "Карим қизи"}
HERE, NEIGHBOR, DISTRICT, ELSEWHERE = "1733230-0004", "1733230-0005", "1733230", "1703203"


def person(**other: Any) -> Portrait:
    known = {**GIRL, "sex": "female", "born": date(2012, 5, 17), "precision": "day", "phone": None, "territory": HERE} | other
    return portrait((uuid.uuid4(), *known.values()))


def man(**other: Any) -> Portrait:
    return person(**({"surname": "Karimov", "given_name": "Anvar", "patronymic": "Botirovich", "sex": "male"} | other))


def alike(one: Portrait, other: Portrait) -> bool:
    return likeness(one, other).score >= RECORDED


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"surname": "Yo'ldosheva", "given_name": "Dilnoza", "patronymic": "Karim qizi"},
        {"surname": "Yuldasheva", "given_name": "Dilnoza", "patronymic": "Karimovna"},
        {"surname": "Юлдашева", "given_name": "Дильноза", "patronymic": "Каримовна"},
        {"surname": "Dilnoza", "given_name": "Yoʻldosheva", "patronymic": None},
        {"surname": "Yoʻldosheva", "given_name": "Dilnoza Karim qizi", "patronymic": None},
        {"surname": "Yoʻldosheva", "given_name": "Dilnzoa"},
        {"surname": "Yoʻldoshev"},
        {"patronymic": None},
        {"born": date(2012, 5, 18)},
        {"born": date(2021, 5, 17)},
        {"born": date(2012, 1, 1), "precision": "year"},
        {"born": date(2012, 5, 1), "precision": "month"},
        {"territory": ELSEWHERE},
        {"territory": DISTRICT, "phone": "+998901234567"},
        {"sex": "male"},
    ],
)
def test_one_person_written_otherwise(other: dict[str, Any]) -> None:
    assert alike(person(), person(**other))
    assert likeness(person(), person(**other)).score == likeness(person(**other), person()).score


def test_day_and_month_swapped() -> None:
    assert alike(person(born=date(2012, 5, 7)), person(born=date(2012, 7, 5)))


@pytest.mark.parametrize(("one", "other"), [("Hasan", "Husan"), ("Ҳасан", "Ҳусан"), ("Hasanboy", "Husanboy"), ("Dilnoza", "Dildora")])
def test_twins(one: str, other: str) -> None:
    """All but the given name is the same, the telephone too."""
    same = {"patronymic": "Ali oʻgʻli", "phone": "+998901234567"}
    found = likeness(man(given_name=one, **same), man(given_name=other, **same))
    assert found.score < 0.01
    assert Why.OTHER_GIVEN_NAME in found.reasons


def test_a_boy_and_a_girl_of_one_name() -> None:
    brother = man(given_name="Nodir", patronymic="Ali oʻgʻli")
    sister = person(surname="Karimova", given_name="Nodira", patronymic="Ali qizi", born=brother.born)
    assert not alike(brother, sister)


@pytest.mark.parametrize("years", [18, 25, 40])
def test_a_father_and_his_son(years: int) -> None:
    """Named after each other, in one house, with one telephone."""
    same = {"phone": "+998901234567"}
    son = man(given_name="Botir", patronymic="Anvarovich", born=date(2012, 5, 17), **same)
    father = man(given_name="Anvar", patronymic="Botirovich", born=date(2012 - years, 5, 17), **same)
    assert not alike(father, son)
    assert not alike(man(born=date(2012 - years, 5, 17), **same), man(**same)), "even if he is called as his grandfather is"


def test_namesakes() -> None:
    assert not alike(man(), man(born=date(1999, 11, 3), territory=ELSEWHERE))
    assert not alike(man(), man(patronymic="Sobirovich", territory=ELSEWHERE)), "born on one day, of other fathers"
    assert not alike(person(), person(given_name="Zuhra", born=date(2009, 1, 9))), "sisters"


def test_a_married_woman() -> None:
    assert alike(person(surname="Karimova"), person())
    assert not alike(man(surname="Sobirov"), man()), "a man keeps his surname"


def test_the_reasons() -> None:
    found = likeness(person(phone="+998901234567"), person(phone="+998901234567"))
    assert found.reasons == [
        Why.NAMES_MATCH_STRICTLY,
        Why.SAME_PATRONYMIC,
        Why.SAME_BIRTH_DATE,
        Why.SAME_PHONE,
        Why.SAME_MAHALLA,
        Why.SAME_SEX,
    ]
    other = person(surname="Yuldasheva", born=date(2012, 5, 18), territory=NEIGHBOR, patronymic="Sobir qizi", sex="male")
    assert likeness(person(), other).reasons == [
        Why.NAMES_MATCH_NEARLY,
        Why.OTHER_PATRONYMIC,
        Why.NEAR_BIRTH_DATE,
        Why.SAME_DISTRICT,
        Why.OTHER_SEX,
    ]


def test_more_agreement_is_more() -> None:
    rows = [person(patronymic=None, born=date(2012, 5, 18), territory=ELSEWHERE), person(patronymic=None), person()]
    scores = [likeness(person(), row).score for row in rows]
    assert scores == sorted(scores)
    assert 0 <= scores[0] < scores[-1] <= 1


def test_an_equal_identifier_dominates() -> None:
    found = likeness(person(), man(born=date(1960, 1, 1), territory=ELSEWHERE), same_identifier=True)
    assert isinstance(found, Likeness)
    assert found.score == 0.99
    assert found.reasons[0] == Why.SAME_IDENTIFIER
    assert Why.OTHER_GIVEN_NAME in found.reasons


def test_the_key_is_free_of_order_and_patronymic() -> None:
    keys = {
        match_key("Qodirova", "Dilnoza", None),
        match_key("Dilnoza", "Qodirova", "Karim qizi"),
        match_key("Қодирова", "Дилноза", "Каримовна"),
        match_key("Кадырова", "Дильноза", "Каримовна"),
        match_key("Qodirov", "Dilnoza Karim qizi", None),
    }
    assert keys == {"dlnz kdrv"}


@pytest.mark.parametrize("name", ["-", "'", "oʻgʻli", "ovich", "Li", "李", "qizi qizi", "Ova", "x" * 80])
def test_no_name_is_too_odd(name: str) -> None:
    one = person(surname=name, given_name=name, patronymic=name)
    assert 0 <= likeness(one, person(surname=name, given_name=name, patronymic=None)).score <= 1
    assert 0 <= likeness(one, person()).score <= 1

"""Search by words on both databases: the beginning of a word, any order, any script, strict before loose, nothing but one's own rows."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary
from app.database import Database
from app.partners.models import Specialist
from app.places.models import Level, Place
from app.search import found_by, strictly, words_of
from app.uzbek.keys import QUERY_WORDS, search_text
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import make_beneficiary, make_family
from tests.factories.participation import make_beneficiary as make_participant
from tests.factories.participation import make_specialist as make_participating_specialist
from tests.factories.partners import make_organization, make_specialist, make_venue
from tests.factories.trainings import make_open_training, make_training
from tests.planted import forget_sent

PEOPLE, FAMILIES, PLACES, SPECIALISTS = "/v1/beneficiaries", "/v1/families", "/v1/places", "/v1/specialists"
SORTED = ("organizations", "specialists", "venues", "places", "trainings")


def person(caller: Caller, surname: str, given_name: str = "Nodira", **other: Any) -> str:
    return str(make_beneficiary(caller, surname=surname, given_name=given_name, patronymic=None, **other)["id"])


def ids(caller: Caller, url: str = PEOPLE, **params: Any) -> list[str]:
    """The ids of all pages, as the list orders them."""
    found, more = [], dict(params)
    while True:
        response = caller.get(url, params=more)
        assert response.status_code == 200, response.text
        page = response.json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return found
        more["cursor"] = page["next"]


def newest(*keys: str) -> list[str]:
    """As equals stand: rows of one millisecond have no order but that of their ids."""
    return sorted(keys, reverse=True)


# --- what is found ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "q",
    [
        "Йўлдошева",
        "yoldosheva",
        "Yo'ldosh",
        "Yo\u02bbldosh",
        "YULDOSHEVA",
        "y",
        "dilnoza yoʻldosheva",
        "Дилноза  Йўлд",
        "qizi karim dil yo",
        "kar, dil; yo'l!",
    ],
)
def test_beginnings_of_words_in_any_order_and_script(callers: Callers, q: str) -> None:
    ngo = callers.ngo()
    girl = make_beneficiary(ngo)["id"]
    person(ngo, "Рустамова", "Лола")
    assert ids(ngo, q=q) == [girl]


@pytest.mark.parametrize("q", ["oldosheva", "osheva", "Дилнозахон", "dilnoza rustamova", "o'ldosh", "noza"])
def test_the_inside_of_a_word_is_no_beginning(callers: Callers, q: str) -> None:
    ngo = callers.ngo()
    make_beneficiary(ngo)
    assert ids(ngo, q=q) == []


def test_an_apostrophe_is_a_letter_of_the_word_and_may_be_lost(callers: Callers) -> None:
    ngo = callers.ngo()
    oglonov, ogahov = person(ngo, "Oʻgʻlonov"), person(ngo, "Ogahov")
    assert ids(ngo, q="o'g'l") == ids(ngo, q="Ўғлон") == ids(ngo, q="oglon") == [oglonov]
    assert ids(ngo, q="og") == [ogahov, oglonov], "strictly the one, loosely the other"
    assert ids(ngo, q="o'g") == [oglonov, ogahov], "one typed may be lost in the row, too"


def test_foreign_letters_are_found_too(callers: Callers) -> None:
    ngo = callers.ngo()
    wei = person(ngo, "李", "伟")
    assert ids(ngo, q="李") == ids(ngo, q="伟 李") == [wei]
    assert ids(ngo, q="李伟") == []


def test_no_more_than_eight_words_count(callers: Callers) -> None:
    ngo = callers.ngo()
    girl = make_beneficiary(ngo)["id"]
    eight = " ".join(["dil", "yo", "karim", "qizi"] * 2)
    assert ids(ngo, q=eight) == ids(ngo, q=f"{eight} nobody") == [girl]
    assert ids(ngo, q=" ".join(["nobody", *["dil"] * 7])) == []
    assert len(words_of("a b c d e f g h i j k l")["words"]["words"]) == QUERY_WORDS
    assert ngo.get(PEOPLE, params={"q": "x" * 101}).status_code == 422


MARKS = ["%", "_", "%%", "\\", "'", '"', "''", '""', "*", "?", ".", "--", "⁂", ":", "&", "|", "!", "()", "=", "#", "{}", "^", "<->", "+"]


@pytest.mark.parametrize("q", MARKS)
def test_marks_alone_find_nothing(callers: Callers, q: str) -> None:
    ngo = callers.ngo()
    make_beneficiary(ngo)
    assert ids(ngo, q=q) == ids(ngo, FAMILIES, q=q) == []
    assert ids(ngo, q=q, sort="created_at") == []


@pytest.mark.parametrize(
    "q",
    [
        'dil" OR "rustam',
        "dil* OR rustam*",
        "dil NEAR rustam",
        "dil AND NOT yo",
        "id : 0",
        "{search} : rustam",
        "dil:* | rustam:*",
        "dil' | 'rustam",
        "dil'':* | !rustam",
        "dil & !rustam",
        "dil \\' rustam",
        "dil) OR (1=1",
        "dil'); DROP TABLE beneficiary; --",
        "dil% rustam%",
        "d_l",
    ],
)
def test_the_languages_of_the_databases_are_only_words(callers: Callers, q: str) -> None:
    """Each holds a word that no row has beside one that some row has: whoever reads an operator in it finds somebody."""
    ngo = callers.ngo()
    make_beneficiary(ngo)
    person(ngo, "Рустамова", "Лола")
    assert ids(ngo, q=q) == ids(ngo, FAMILIES, q=q) == []
    assert len(ids(ngo)) == 2


def test_an_id_is_no_word(callers: Callers) -> None:
    """SQLite's index holds it as a token of its own."""
    ngo = callers.ngo()
    girl = make_beneficiary(ngo)["id"]
    hexadecimal = uuid.UUID(girl).hex
    for q in (girl, hexadecimal, hexadecimal[:4], f"={hexadecimal}", "=0", f"id {hexadecimal}"):
        assert ids(ngo, q=q) == [], q


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=st.text(min_size=1, max_size=100) | st.text(alphabet="abo'\"*:&|!()\\%_#=^+- NEARANDOR{}", min_size=1, max_size=40))
def test_whatever_is_searched_for_is_never_a_500(callers: Callers, q: str) -> None:
    assert _one_caller(callers).get(PLACES, params={"q": q}).status_code in (200, 422)


_caller: list[Caller] = []


def _one_caller(callers: Callers) -> Caller:
    """The same caller for all examples of a property: making one costs more than the request."""
    if not _caller or _caller[0].client is not callers.client or _caller[0].get("/v1/me").status_code != 200:
        _caller[:] = [callers.state()]
    return _caller[0]


# --- what follows the rows ----------------------------------------------------------------------------------------------------
def test_a_new_name_is_found_and_the_old_one_is_not(callers: Callers) -> None:
    ngo = callers.ngo()
    girl, other = make_beneficiary(ngo), person(ngo, "Йўлдошева")
    changed = ngo.patch(f"{PEOPLE}/{girl['id']}", {"surname": "Қодирова"}, version=1)
    assert changed.status_code == 200
    assert ids(ngo, q="qodirova") == ids(ngo, q="kodirova dil") == [girl["id"]]
    assert ids(ngo, q="yo'ldosheva") == [other]
    assert ngo.patch(f"{PEOPLE}/{girl['id']}", {"note": "Янги"}, version=2).status_code == 200
    assert ids(ngo, q="qodirova") == [girl["id"]]


def remove(specialist: str) -> None:
    with begin(as_system("test")) as session:
        session.delete(session.get(Specialist, uuid.UUID(specialist)))


def test_rows_that_are_gone_are_not_found(callers: Callers, db: Database) -> None:
    ngo = callers.ngo()
    gone, stays = (make_specialist(ngo, surname=name)["id"] for name in ("Йўлдошева", "Йўлдошев"))
    remove(gone)
    assert ids(ngo, SPECIALISTS, q="yo'ldosh") == [stays]
    if db.is_sqlite:
        with db.engine.connect() as connection:
            kept = connection.exec_driver_sql("SELECT id FROM search_specialist").scalars().all()
        assert kept == [uuid.UUID(stays).hex]


@pytest.mark.sqlite
def test_words_outlive_a_vacuum(callers: Callers, db: Database) -> None:
    """It may number the rows of a table anew."""
    ngo = callers.ngo()
    gone, one, other = (make_specialist(ngo, surname=name)["id"] for name in ("Азимова", "Йўлдошева", "Қодирова"))
    remove(gone)
    with db.reads.connect() as connection:
        connection.exec_driver_sql("VACUUM")
    assert ngo.patch(f"{SPECIALISTS}/{one}", {"surname": "Рустамова"}, version=1).status_code == 200
    found = [ids(ngo, SPECIALISTS, q=q) for q in ("rustam", "yo'ldosh", "qodir")]
    assert found == [[one], [], [other]]


def test_rows_of_others_never_match(callers: Callers) -> None:
    ngo, other, here = callers.ngo(), callers.ngo(), callers.committee("1703")
    mine, theirs = make_family(ngo), make_family(other)
    for caller, family in ((ngo, mine), (other, theirs)):
        assert ids(caller, FAMILIES, q="dilnoza") == ids(caller, FAMILIES, q="dilnoza", sort="created_at") == [family["id"]]
        assert sorted(ids(caller, q="yoldosh")) == sorted(member["id"] for member in family["members"])
        assert caller.get(PEOPLE, params={"q": "yoldosh", "include": "total"}).json()["total"] == 3
    assert ids(here, q="yoldosh") == ids(here, FAMILIES, q="yoldosh") == []
    district = callers.ngo("1733217", organization_id=ngo.organization_id)
    assert ids(district, q="yoldosh") == []


def test_searches_are_on_record(callers: Callers) -> None:
    """Whom a search shows was looked at."""
    from app.audit.models import AccessEntry
    from app.audit.views import views

    ngo = callers.ngo()
    girl = person(ngo, "Йўлдошева")
    person(ngo, "Рустамова")
    ids(ngo, q="yoldosheva")
    views.flush()
    seen = sa.select(AccessEntry.subject_id).where(AccessEntry.through == "list_beneficiaries")  # type: ignore[call-overload, arg-type]
    with begin(as_system("test")) as db:
        assert [str(key) for key in db.execute(seen).scalars()] == [girl]


# --- order --------------------------------------------------------------------------------------------------------------------
def test_strict_matches_come_before_loose_ones(callers: Callers) -> None:
    ngo = callers.ngo()
    strict = [person(ngo, "Ҳасанова") for _ in range(2)]
    loose = [person(ngo, "Хасанова"), person(ngo, "Khasanova")]
    strict.append(person(ngo, "Hasanova"))
    assert ids(ngo, q="ҳасанова") == ids(ngo, q="Hasanova") == [*newest(*strict), *newest(*loose)]
    x = loose[0]
    assert ids(ngo, q="Xasan") == [x, *newest(*strict, loose[1])]
    assert ids(ngo, q="hasan", sort="created_at") != ids(ngo, q="hasan")
    assert ids(ngo, q="hasan", sort="created_at") == [*strict[:2], *loose, strict[2]]


def test_one_word_that_is_only_loosely_met_makes_the_row_loose(callers: Callers) -> None:
    ngo = callers.ngo()
    both, one = person(ngo, "Ҳасанова", "Ўғилой"), person(ngo, "Ҳасанова", "Огилой")
    assert ids(ngo, q="hasanova ogiloy") == [one, both]
    assert ids(ngo, q="o'g'iloy hasanova") == [both, one]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_go_on_where_they_stopped(callers: Callers, limit: int) -> None:
    ngo = callers.ngo()
    strict, loose = [], []
    for number in range(8):
        spelled, found = (("Ҳасанова", strict), ("Хасанова", loose))[number % 2]
        found.append(person(ngo, spelled))
    assert ids(ngo, q="hasanova", limit=limit) == [*newest(*strict), *newest(*loose)]
    first = ngo.get(PEOPLE, params={"q": "hasanova", "limit": 2}).json()
    late = person(ngo, "Ҳасанова")
    rest = ids(ngo, q="hasanova", limit=2, cursor=first["next"])
    assert late not in rest
    assert [*(item["id"] for item in first["items"]), *rest] == [*newest(*strict), *newest(*loose)]
    assert ngo.get(PEOPLE, params={"q": "hasanov", "limit": 2, "cursor": first["next"]}).status_code == 400
    assert ngo.get(PEOPLE, params={"q": "hasanova", "sort": "created_at", "limit": 2, "cursor": first["next"]}).status_code == 400


def test_families_stand_by_their_members(callers: Callers) -> None:
    """A family is a strict match when one and the same member is."""
    ngo = callers.ngo()

    def family(surname: str, given_name: str) -> str:
        head = {"surname": surname, "given_name": given_name, "sex": "female", "birth_date": "1990-01-01", "relationship_to_head": "head"}
        return str(make_family(ngo, members=[head, {**head, "given_name": "Лола", "relationship_to_head": "sibling"}])["id"])

    strict = [family("Ҳасанова", "Ўғилой") for _ in range(3)]
    loose = [family("Хасанова", "Ўғилой") for _ in range(2)]
    family("Рустамова", "Ўғилой")
    assert ids(ngo, FAMILIES, q="ўғилой ҳасанова", limit=2) == [*newest(*strict), *newest(*loose)]
    assert ids(ngo, FAMILIES, q="лола ўғилой") == []


def test_every_list_that_is_searched_has_that_order(callers: Callers) -> None:
    """`Hasan` names one strictly and the other loosely, in each of them."""
    administrator, ngo = callers.administrator(), callers.ngo()
    made: dict[str, list[str]] = {name: [] for name in SORTED}
    for name in ("Хасан", "Ҳасан", "Khasan"):
        made["organizations"].append(make_organization(callers, names={"uz_latn": name})["id"])
        made["specialists"].append(make_specialist(ngo, surname=name)["id"])
        made["venues"].append(make_venue(ngo, names={"uz_latn": name})["id"])
        made["trainings"].append(make_training(ngo, title={"uz_latn": name})["id"])
        place = administrator.post(PLACES, {"district": "1733230", "names": {"uz_latn": name}})
        assert place.status_code == 201, place.text
        made["places"].append(place.json()["id"])
    for url, (first, strict, last) in made.items():
        expected = [strict, *newest(first, last)]
        assert ids(ngo, f"/v1/{url}", q="Ҳасан", limit=1) == ids(ngo, f"/v1/{url}", q="hasa", sort="relevance") == expected, url
    # An organization and a training are called like the specialist here, and what they are called is no secret.
    forget_sent()


def test_enrollments_are_searched_in_both_registers(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"/v1/trainings/{make_open_training(ngo)['id']}/enrollments"

    def enrolled(**who: str) -> str:
        made = ngo.post(url, who)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    loose = enrolled(beneficiary_id=make_participant(ngo, "Хасанова"))
    strict = enrolled(beneficiary_id=make_participant(ngo, "Ҳасанова"))
    expert = enrolled(specialist_id=make_participating_specialist(ngo, "Hasanov"))
    enrolled(specialist_id=make_participating_specialist(ngo, "Rustamov"))
    assert ids(ngo, url, q="hasan", limit=1) == [*newest(strict, expert), loose]
    assert ids(ngo, url, q="hasan", sort="created_at") == [loose, strict, expert]
    assert ids(ngo, url, q="hasan gulchehra") == [expert]


@pytest.mark.parametrize("url", [f"/v1/{name}" for name in SORTED])
def test_without_words_nothing_is_relevant(callers: Callers, url: str) -> None:
    refused = callers.ngo().get(url, params={"sort": "relevance"})
    assert refused.status_code == 422
    fault = refused.json()["errors"][0]
    assert (fault["pointer"], fault["place"]) == ("/sort", "query")
    assert "needs q" in fault["message"]
    alone = callers.ngo().get(url, params={"sort": "relevance", "q": ""})
    assert [one["pointer"] for one in alone.json()["errors"]] == ["/q"]


# --- the condition ------------------------------------------------------------------------------------------------------------
def test_an_alias_is_searched_as_its_table_is(db: Database, callers: Callers) -> None:
    ngo = callers.ngo()
    girl = person(ngo, "Йўлдошева")
    person(ngo, "Рустамова")
    other: Any = aliased(Beneficiary)
    statement = sa.select(other.id).where(found_by(other), strictly(other.search))
    with begin(as_system("test")) as session:
        assert [str(key) for key in session.execute(statement, words_of("yo'ldosh")["words"]).scalars()] == [girl]


def test_words_are_quoted_for_each_database() -> None:
    """No key holds such signs today; the quoting must not depend on it."""
    words = found_by(Beneficiary).clauses.clauses[-1].type  # type: ignore[attr-defined]
    assert words.process_bind_param((("a'\\b", "c'\\d"),), postgresql.dialect()) == "('a''\\\\b':* | 'c''\\\\d':*)"
    assert words.process_bind_param((('a"b', 'c"d'),), sqlite.dialect()) == '("a""b"* OR "c""d"*)'
    assert words.process_bind_param((("karimov", "karim"),), sqlite.dialect()) == '("karim"*)', "it finds all that the longer one does"
    assert words.process_bind_param((("karim", "karim"), ("o'g", "og")), postgresql.dialect()) == "('karim':*) & ('o''g':* | 'og':*)"


@pytest.mark.postgresql
def test_the_index_serves_the_condition(db: Database) -> None:
    """An index on an expression serves only what is written to the letter as it is; nobody would be told."""
    with db.engine.connect() as connection:
        statement = sa.select(Beneficiary.id).where(found_by(Beneficiary))  # type: ignore[call-overload]
        compiled = statement.compile(connection, compile_kwargs={"render_postcompile": True})
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(f"EXPLAIN {compiled}", {"words": "('karim':*)"}).scalars().all()
    assert "ix_beneficiary_search_words" in "\n".join(plan)


def test_the_longest_names_have_room(db: Database, callers: Callers) -> None:
    """A column that is cut off in the middle of the gap or of a word is still a column that each database takes."""
    for length in range(1990, 2001):
        text = search_text("abc " + "ba" * 996)[:length]
        with begin(as_system("test")) as session:
            code = f"1733230-{length:04d}"
            session.add(Place(soato=code, level=Level.MAHALLA, parent_soato="1733230", name_en="X", search=text))
    caller = callers.state()
    assert len(ids(caller, PLACES, q="bababa")) == len(ids(caller, PLACES, q="baba abc")) == 11

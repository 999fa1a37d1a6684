"""A JSON body is read the same way for every route: what is doubtful about it is refused, and nothing it says is a 500."""

import json
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.bodies import DEEPEST, LARGEST, MOST_KEYS, checked, forbidden
from app.problems import BadRequest, Invalid
from tests.callers import Caller, Callers
from tests.client import Client

PLACE = {"district": "1733230", "names": {"uz_latn": "Guliston"}}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def administrator(callers: Callers) -> Caller:
    return callers.administrator()


def send(caller: Caller, raw: bytes) -> Any:
    return caller.request("POST", "/v1/places", content=raw, headers=JSON)


def faults(raw: bytes) -> list[tuple[str, str]]:
    """(pointer, code) of what is wrong with a body."""
    with pytest.raises(Invalid) as found:
        checked(raw)
    return [(fault.pointer, fault.code) for fault in found.value.faults]


def malformed(raw: bytes) -> str:
    with pytest.raises(BadRequest) as found:
        checked(raw)
    return str(found.value.detail)


# --- what is no JSON ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nonsense",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 1} {}',
        b'{"a": 01}',
        b'{"a": .5}',
        b'{"a": +1}',
        b'{"a": 0x10}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": [1,]}',
        b'{"a": "x\ny"}',
        b'{"a": "\\x41"}',
        b'{"a": "\\u12"}',
        b"// comment\n{}",
        b"\x00",
        b"\x0c{}",
        b" ",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_json(raw: bytes) -> None:
    assert "JSON" in malformed(raw)


def test_the_position_is_told() -> None:
    assert "line 2, column 3" in malformed(b'{\n "a" 1}'.replace(b'"a" 1', b" x"))


@pytest.mark.parametrize(
    "raw", [b'{"a": "\xff"}', b'{"a": "\xc3"}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\xc0\x80"}', b'{"a": "\xf5\x80\x80\x80"}']
)
def test_what_is_not_utf8(raw: bytes) -> None:
    assert "UTF-8" in malformed(raw)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_other_encodings(encoding: str) -> None:
    with pytest.raises(BadRequest):
        checked(json.dumps(PLACE).encode(encoding))


def test_a_byte_order_mark() -> None:
    assert "byte-order" in malformed(b"\xef\xbb\xbf{}")


# --- keys ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("raw", [b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "b": 2}}', b'[{"a": 1, "a": 2}]', b'{"a": 1, "\\u0061": 2}'])
def test_a_key_that_stands_twice(raw: bytes) -> None:
    assert "twice" in malformed(raw)


def test_the_number_of_keys() -> None:
    assert checked(json.dumps(dict.fromkeys(map(str, range(MOST_KEYS)))).encode())
    assert str(MOST_KEYS) in malformed(json.dumps(dict.fromkeys(map(str, range(MOST_KEYS + 1)))).encode())
    assert str(MOST_KEYS) in malformed(json.dumps([{"a": 1, "b": 2}] * 501).encode()), "counted over the whole body"


def test_the_depth() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' * depth + b"1" + b"}" * depth

    assert checked(nested(DEEPEST))
    assert str(DEEPEST) in malformed(nested(DEEPEST + 1))
    assert str(DEEPEST) in malformed(b"[" * 30 + b"]" * 30)


# --- characters ---------------------------------------------------------------------------------------------------------------
BAD = [
    "\x00",
    "\x07",
    "\x1b",
    "\x7f",
    "\x85",
    "\x9f",
    "\u061c",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202e",
    "\u2066",
    "\u2069",
    "\ufeff",
    "\ufffa",
    "\u200b",
    "\u200c",
    "\u2028",
    "\u2060",
    "\u3164",
    "\U000e0041",
    "\ud800",
    "\udfff",
]


def test_every_character_of_format_is_forbidden_but_two() -> None:
    found = {mark for mark in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(mark) == "Cf" and not forbidden(mark)}
    assert found == {"\u00ad", "\u200d"}, "the hyphen of copied texts and the joiner of emoji"


@pytest.mark.parametrize("mark", BAD)
def test_forbidden_characters(mark: str) -> None:
    """Escaped and, where UTF-8 can write them, as they are; in values, in keys, and at any depth."""
    escaped = [json.dumps({"a": f"x{mark}y"}), json.dumps({"b": [{"a/~": mark}]}), json.dumps({f"k{mark}": {"c": mark}})]
    plain = [json.dumps({"a": f"x{mark}y"}, ensure_ascii=False)] if mark >= " " and not "\ud800" <= mark <= "\udfff" else []
    expected = [[("/a", "forbidden_character")], [("/b/0/a~1~0", "forbidden_character")], [("", "forbidden_character")]]
    for text, found in zip(escaped, expected, strict=True):
        assert faults(text.encode()) == found
    for text in plain:
        assert faults(text.encode()) == expected[0]


@pytest.mark.parametrize(
    "text", ["line\nline", "tab\t", "cr\r\n", "😀", "\u200d", "\u00ad", "Oʻzbekiston", "Ўзбекистон", "née", "\U0010fffd", ""]
)
def test_characters_that_stand(text: str) -> None:
    for raw in (json.dumps({"a": text}), json.dumps({"a": text}, ensure_ascii=False)):
        assert json.loads(checked(raw.encode())) == {"a": text}


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert checked(b'{"a": "\\ud83d\\ude00"}') == b'{"a": "\\ud83d\\ude00"}'
    assert faults(b'{"a": "\\ude00\\ud83d"}') == [("/a", "forbidden_character")]


def test_texts_become_nfc() -> None:
    raw = json.dumps({"a": "e\u0301", "b": [1.5, 10, True, None, {"c": "й"}]}, ensure_ascii=False).encode()
    assert json.loads(checked(raw)) == {"a": "é", "b": [1.5, 10, True, None, {"c": "й"}]}
    same = json.dumps({"a": "é", "b": 1.50}, ensure_ascii=False).encode()
    assert checked(same) is same, "nothing is written anew without need"


def test_many_faults_are_cut() -> None:
    assert len(faults(json.dumps(["\x00"] * 5000).encode())) == 100


def test_a_long_pointer_is_cut() -> None:
    key = "k" * 500
    assert all(len(pointer) <= 300 for pointer, _ in faults(json.dumps({key: {key: ["\x00"] * 3}}).encode()))


# --- numbers ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "number", [str(LARGEST + 1), str(-LARGEST - 1), "1" + "0" * 400, "9" * 5000, "-" + "9" * 5000, "1e400", "-1e400", "1e309"]
)
def test_numbers_that_no_reader_keeps(number: str) -> None:
    assert faults(f'{{"a": [{number}]}}'.encode()) == [("/a/0", "out_of_range")]


@pytest.mark.parametrize("number", [str(LARGEST), str(-LARGEST), "0", "-0", "1.5", "1e300", "1e-400", "0.1"])
def test_numbers_that_stand(number: str) -> None:
    assert checked(f'{{"a": {number}}}'.encode())


# --- over HTTP ----------------------------------------------------------------------------------------------------------------
def test_refusals_are_problems(administrator: Caller) -> None:
    for raw, status, code in (
        (b"{", 400, "malformed"),
        (b'{"district": "1733230", "district": "1733230"}', 400, "malformed"),
        (json.dumps({**PLACE, "aliases": ["\ud800"]}).encode(), 422, "invalid"),
        (json.dumps({"\ud800": {"\ud800": "\x00"}}).encode(), 422, "invalid"),
        (json.dumps({**PLACE, "\u202e": 1}).encode(), 422, "invalid"),
        (b'{"is_pilot": 1e400}', 422, "invalid"),
    ):
        response = send(administrator, raw)
        assert (response.status_code, response.json()["code"]) == (status, code), raw[:60]
    assert administrator.get("/v1/places?level=mahalla").json()["items"] == []


def test_a_rejected_value_is_never_echoed(administrator: Caller) -> None:
    secret = "Karimova-1990-secret"
    for body in (
        {"district": secret},
        {**PLACE, "valid_from": secret},
        {**PLACE, "is_pilot": secret},
        {**PLACE, "names": secret},
        {**PLACE, "aliases": [secret, 1]},
        {**PLACE, "id": secret},
        {**PLACE, "surplus": secret},
    ):
        response = administrator.post("/v1/places", body)
        assert response.status_code == 422
        assert secret not in response.text
        assert secret not in str(response.headers)


def test_a_body_that_is_no_object(administrator: Caller) -> None:
    for raw in (b"[]", b"1", b'"text"', b"true", b"null", b"[1, 2]"):
        response = send(administrator, raw)
        assert (response.status_code, response.json()["code"]) == (422, "invalid"), raw
    missing = administrator.request("POST", "/v1/places")
    assert missing.status_code == 422
    assert missing.json()["errors"] == [{"place": "body", "pointer": "", "code": "missing", "message": "Field required"}]


def test_types_are_exact(administrator: Caller) -> None:
    for body in (
        {**PLACE, "valid_from": 0},
        {**PLACE, "valid_from": True},
        {**PLACE, "valid_from": 1.5e9},
        {**PLACE, "valid_from": "0"},
        {**PLACE, "valid_from": "20200101"},
        {**PLACE, "valid_from": "2020-W01-1"},
        {**PLACE, "valid_from": "2020-02-30"},
        {**PLACE, "valid_from": "2020-01-01T00:00:00"},
        {**PLACE, "valid_from": " 2020-01-01"},
        {**PLACE, "is_pilot": 1},
        {**PLACE, "is_pilot": "true"},
        {**PLACE, "district": 1733230},
        {**PLACE, "aliases": "one"},
        {**PLACE, "aliases": {"0": "one"}},
        {**PLACE, "names": ["Guliston"]},
    ):
        assert administrator.post("/v1/places", body).status_code == 422, body


def test_decomposed_letters_are_stored_composed(administrator: Caller) -> None:
    made = administrator.post("/v1/places", {**PLACE, "names": {"uz_cyrl": "и\u0306ул"}})
    assert made.json()["names"]["uz_cyrl"] == "йул"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("id", "district", "soato", "names", "aliases", "is_pilot", "valid_from", "valid_to")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), ANYTHING, max_size=6) | ANYTHING)
def test_whatever_json_is_never_a_500(administrator: Caller, body: Any) -> None:
    for whole in (body, {**PLACE, **body} if isinstance(body, dict) else {**PLACE, "names": {"uz_latn": body}}):
        response = send(administrator, json.dumps(whole).encode())
        assert response.status_code in (201, 400, 409, 422), response.text


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_bytes_are_never_a_500(client: Client, raw: bytes) -> None:
    response = client.post("/v1/auth/login", content=raw, headers=JSON)
    assert response.status_code in (400, 422), response.text


@given(raw=st.binary(max_size=200))
def test_whatever_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        found = checked(raw)
    except (BadRequest, Invalid):
        return
    assert json.loads(found) is not Ellipsis


@given(value=ANYTHING)
def test_what_is_read_means_the_same(value: Any) -> None:
    try:
        found = checked(json.dumps(value).encode())
    except (BadRequest, Invalid):
        return
    assert unicodedata.normalize("NFC", json.dumps(json.loads(found), ensure_ascii=False)) == unicodedata.normalize(
        "NFC", json.dumps(value, ensure_ascii=False)
    )

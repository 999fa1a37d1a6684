"""Composes the examples and hangs them into the contract.

What a field shows is, in this order: what the scene says of it in an object of this kind; the field's own `examples`; what the scene says
of every field of this name; a word of its list; a value of its format within its bounds. Unless one of the first three says something, a
request leaves out what it may leave out, and what may be null is; a change, of which nothing is required, shows what the scene says of it
alone. A text of which nobody says anything is a gap, and a test asks for a word.
"""

from typing import Any

from app.contract_examples.activities import ACTIVITIES
from app.contract_examples.answers import ANSWERS
from app.contract_examples.office import OFFICE
from app.contract_examples.people import PEOPLE
from app.contract_examples.refusals import refusals
from app.contract_examples.scene import ABSENT, WORDS, key_of
from app.problems import MEDIA_TYPE

JSON = "application/json"
OBJECTS: dict[str, dict[str, Any]] = {**OFFICE, **PEOPLE, **ACTIVITIES}
"""What the scene says of whole objects, by the name of their schema; of a field that is not named here, the field itself speaks."""
_FORMATS: dict[str, Any] = {
    "uuid": key_of("row"),
    "date": "2026-03-10",
    "date-time": "2026-03-10T04:00:00Z",
    "uri": "https://himoya.example",
    "email": "lola@misoliy.example",
}
_NULL = {"type": "null"}


class Composer:
    """Makes examples of the schemas of one contract."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self.schemas = schemas
        self.gaps: list[str] = []

    def of(self, schema: dict[str, Any], where: str) -> Any:
        """An example of a schema; `where` it stands is told of a gap."""
        if "examples" in schema:
            return schema["examples"][0]
        if reference := schema.get("$ref"):
            name = reference.rpartition("/")[2]
            return self.of(self.schemas[name], name)
        for word in ("const", "enum"):
            if word in schema:
                return schema[word] if word == "const" else schema[word][0]
        if "anyOf" in schema:
            return self.of(next(one for one in schema["anyOf"] if one != _NULL), where)
        return self._of_type(schema, where)

    def _of_type(self, schema: dict[str, Any], where: str) -> Any:
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, where)
        if kind == "array":
            return [self.of(schema["items"], f"{where}[]")]
        if kind == "boolean":
            return schema.get("default", False)
        if kind in ("integer", "number"):
            return max(schema.get("minimum", 0), 0)
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        self.gaps.append(where)
        return "…"

    def _object(self, schema: dict[str, Any], where: str) -> dict[str, Any]:
        said = OBJECTS.get(where, {})
        shown = {name: self._field(name, field, schema, said, where) for name, field in schema.get("properties", {}).items()}
        return {name: value for name, value in shown.items() if value is not ABSENT}

    def _field(self, name: str, field: dict[str, Any], schema: dict[str, Any], said: dict[str, Any], where: str) -> Any:
        if name in said:
            return said[name]
        if said and "required" not in schema:
            return ABSENT
        if "examples" in field:
            return field["examples"][0]
        if name in WORDS:
            return WORDS[name]
        if name not in schema.get("required", ()) and schema.get("additionalProperties") is False:
            return ABSENT
        return None if _NULL in field.get("anyOf", ()) else self.of(field, f"{where}.{name}")


def exemplify(document: dict[str, Any]) -> list[str]:
    """Give every body and every answer of the contract its example, in place. Those of one schema share one, which stands once. Answers
    the gaps.
    """
    composer = Composer(document["components"]["schemas"])
    shown: dict[str, Any] = {}
    problems = refusals()
    for methods in document["paths"].values():
        for operation in methods.values():
            if body := operation.get("requestBody", {}).get("content", {}).get(JSON):
                _show(body, _whole(composer, body["schema"], operation["operationId"]), shown)
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if status.startswith("2") and JSON in content:
                    _show(content[JSON], _answer(composer, content[JSON]["schema"], operation["operationId"]), shown)
                elif "x-codes" in response:
                    code = response["x-codes"][0]
                    _show(content[MEDIA_TYPE], (code, problems[code]), shown)
    document["components"]["examples"] = dict(sorted(shown.items()))
    return sorted(set(composer.gaps))


def _whole(composer: Composer, schema: dict[str, Any], operation: str) -> tuple[str, dict[str, Any]]:
    """The name under which the example of a schema is kept, and the example. A schema without a name bears the operation's."""
    name = schema.get("$ref", operation).rpartition("/")[2]
    told = composer.schemas.get(name, schema).get("description", "One page of a list.")
    # The first sentence, or the first part of it.
    summary = told.split(". ")[0].split("; ")[0].replace("\n", " ").rstrip(".")
    return name, {"summary": summary, "value": composer.of(schema, name)}


def _answer(composer: Composer, schema: dict[str, Any], operation: str) -> tuple[str, dict[str, Any]]:
    """The same, of an answer; what the scene says of this operation's comes on top."""
    name, example = _whole(composer, schema, operation)
    if operation not in ANSWERS:
        return name, example
    return operation, {**example, "value": {**example["value"], **ANSWERS[operation]}}


def _show(media: dict[str, Any], example: tuple[str, dict[str, Any]], shown: dict[str, Any]) -> None:
    name, shown[name] = example
    media["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}

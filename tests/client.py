"""A test client that holds every answer against the contract: a success against the route's model, a refusal against ProblemRead."""

from typing import Any

import httpx2 as httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from app.problems import MEDIA_TYPE, ProblemRead
from tests import declared, planted


class Client(TestClient):
    """Anonymous unless headers say otherwise."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app, raise_server_exceptions=False)
        self.models: dict[str, TypeAdapter[Any]] = {}
        for route in iter_route_contexts(app.routes):
            if model := getattr(route, "response_model", None):
                self.models[f"{min(route.methods)} {route.path}"] = TypeAdapter(model)
        self.app_routes = app

    def request(self, method: str, url: Any, **options: Any) -> httpx.Response:
        """Send, and check the answer's form."""
        planted.sent(str(url), options.get("json"), options.get("params"), options.get("data"))
        response = super().request(method, url, **options)
        declared.check(self.app_routes, method, response)
        kind = response.headers.get("content-type", "")
        if response.status_code >= 400:
            assert kind == MEDIA_TYPE or kind.startswith("text/html"), (response.status_code, kind, response.text[:300])
            if kind == MEDIA_TYPE and method != "HEAD":
                ProblemRead.model_validate_json(response.content)
                assert response.json()["status"] == response.status_code
                assert response.json()["request_id"] == response.headers["x-request-id"]
        elif kind == "application/json" and response.content:
            self._matches_model(method, response)
        return response

    def _matches_model(self, method: str, response: httpx.Response) -> None:
        path = response.request.url.path
        for key, model in self.models.items():
            verb, _, template = key.partition(" ")
            parts, given = template.split("/"), path.split("/")
            if verb == method and len(parts) == len(given) and all(a == b or a.startswith("{") for a, b in zip(parts, given, strict=True)):
                found = model.validate_json(response.content)
                assert model.dump_python(found, mode="json").keys() >= response.json().keys(), (
                    f"{key} answers fields that its model does not have"
                )
                return


def pointers(response: httpx.Response) -> list[str]:
    """What was found wrong with a request."""
    assert response.status_code == 422, response.text
    return [fault["pointer"] for fault in response.json()["errors"]]

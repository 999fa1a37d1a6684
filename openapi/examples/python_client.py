"""Signs in, lists trainings, and gets the first of them, with a client generated from the contract.

pip install openapi-python-client
openapi-python-client generate --path openapi/openapi.json --meta none --output-path himoya_client
HIMOYA_URL=http://127.0.0.1:8000 HIMOYA_EMAIL=ngo-manager@demo.example HIMOYA_PASSWORD=… python python_client.py
"""

import os
import sys
from http import HTTPStatus
from typing import Any

from himoya_client import AuthenticatedClient, Client
from himoya_client.api.sessions import log_in
from himoya_client.api.trainings import get_training, list_trainings
from himoya_client.models import LogIn
from himoya_client.types import Response


def accepted(what: str, response: Response[Any]) -> Any:
    """The answer; every refusal is a problem document (RFC 9457), which says what to do, and its request id finds it in the logs."""
    if response.status_code is not HTTPStatus.OK or response.parsed is None:
        sys.exit(f"{what}: {response.status_code} {response.content.decode()}")
    return response.parsed


def main() -> None:
    """Sign in, list, get."""
    url = os.environ["HIMOYA_URL"]
    credentials = LogIn(email=os.environ["HIMOYA_EMAIL"], password=os.environ["HIMOYA_PASSWORD"])
    with Client(base_url=url) as anonymous:
        session = accepted("Signing in", log_in.sync_detailed(client=anonymous, body=credentials))

    with AuthenticatedClient(base_url=url, token=session.access_token) as client:
        trainings = accepted("Listing trainings", list_trainings.sync_detailed(client=client, limit=5)).items
        if not trainings:
            sys.exit("There is no training to get; load the demonstration data first.")
        response = get_training.sync_detailed(trainings[0].id, client=client)
        training = accepted("Getting a training", response)
        if training.id != trainings[0].id:
            sys.exit(f"Asked for {trainings[0].id}, got {training.id}.")
        print(f"{len(trainings)} trainings; the first is {training.id}, version {response.headers['etag']}")


if __name__ == "__main__":
    main()

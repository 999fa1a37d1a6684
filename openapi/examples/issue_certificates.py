"""Issue the certificates of every completed training, save their PDFs, and check one publicly. Safe to run again.

    HIMOYA_URL=http://127.0.0.1:8000 CLIENT_ID=certificates-script CLIENT_SECRET=… python issue_certificates.py [FOLDER]

Needs `pip install httpx` and a service client with the scopes trainings:read, certificates:issue and certificates:read.
Every step can be repeated: a certificate that was issued before is answered as `already_issued`, and a PDF that was saved is not
fetched again.
"""

import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

URL = os.environ.get("HIMOYA_URL", "http://127.0.0.1:8000")
SCOPES = "trainings:read certificates:issue certificates:read"
TRIES = 5


def sign_in(http: httpx.Client) -> None:
    """Get an access token; it lasts 15 minutes."""
    form = {"grant_type": "client_credentials", "scope": SCOPES}
    answer = http.post("/v1/oauth/token", data=form, auth=(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]))
    answer.raise_for_status()
    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def call(http: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """One request: signs in anew after 401, waits as told after 429 and 503, and says a problem's code when it gives up."""
    if method == "POST":
        # One key for all tries of one request: whatever happens on the line, the effect happens once.
        options["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
    for attempt in range(TRIES):
        try:
            answer = http.request(method, path, **options)
        except httpx.TransportError:
            time.sleep(2**attempt)
            continue
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            sign_in(http)
        elif "Retry-After" in answer.headers and answer.is_error:
            time.sleep(int(answer.headers["Retry-After"]))
        else:
            break
    else:
        raise SystemExit(f"{method} {path}: no answer after {TRIES} tries")
    if answer.is_error:
        problem = answer.json()
        raise SystemExit(f"{method} {path}: {problem['status']} {problem['code']}: {problem['title']} (request {problem['request_id']})")
    return answer


def pages(http: httpx.Client, path: str, **filters: Any) -> Iterator[dict[str, Any]]:
    """Every row of a list, page by page."""
    cursor: dict[str, str] = {}
    while True:
        page = call(http, "GET", path, params={**filters, **cursor}).json()
        yield from page["items"]
        if not page["next"]:
            return
        cursor = {"cursor": page["next"]}


def title_of(training: dict[str, Any]) -> str:
    """The training's name in the first language that it has."""
    return next(name for name in training["title"].values() if name)


def issue(http: httpx.Client, training: dict[str, Any], totals: Counter[str]) -> None:
    """Look first, then issue; say why somebody gets none."""
    path = f"/v1/trainings/{training['id']}/certificates"
    planned = call(http, "POST", path, json={"dry_run": True}).json()
    print(f"{title_of(training)}, {training['territory']}: {planned['counts']}")
    if planned["counts"]["issued"]:
        planned = call(http, "POST", path, json={"dry_run": False}).json()
    totals.update(planned["counts"])
    for outcome in planned["outcomes"]:
        if outcome["outcome"] == "not_eligible":
            print(f"  refused {outcome['enrollment_id']}: {', '.join(reason['code'] for reason in outcome['reasons'])}")


def save(http: httpx.Client, folder: Path) -> tuple[int, str | None]:
    """Save each valid certificate's PDF once; answers how many were new, and one number to check."""
    new, number = 0, None
    for certificate in pages(http, "/v1/certificates", status="valid", limit=200):
        number = certificate["number"]
        target = folder / f"{number}.pdf"
        if not target.exists():
            pdf = call(http, "GET", f"/v1/certificates/{certificate['id']}.pdf").content
            # Written beside and renamed, so that a run that is cut off leaves no half file behind.
            draft = target.with_suffix(".part")
            draft.write_bytes(pdf)
            draft.replace(target)
            new += 1
    return new, number


def main() -> None:
    """Run all steps and print a summary."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "certificates")
    folder.mkdir(parents=True, exist_ok=True)
    totals: Counter[str] = Counter()
    with httpx.Client(base_url=URL, timeout=60) as http:
        sign_in(http)
        for training in pages(http, "/v1/trainings", status="completed", limit=200):
            issue(http, training, totals)
        saved, number = save(http, folder)
    print(f"Issued {totals['issued']}, issued before {totals['already_issued']}, refused {totals['not_eligible']}")
    print(f"Saved {saved} new PDFs in {folder}/")
    if number:
        # Anybody can do this, without an account.
        check = httpx.get(f"{URL}/v1/verify/{number}").json()
        print(f"Public check of {number}: {check['status']}, {check['holder']}")


if __name__ == "__main__":
    main()

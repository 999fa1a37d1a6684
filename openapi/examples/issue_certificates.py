"""Issue the certificates of every completed training, save their PDFs, and check one publicly. Safe to run again.

    HIMOYA_URL=http://127.0.0.1:8000 CLIENT_ID=certificates-script CLIENT_SECRET=… python issue_certificates.py [FOLDER]

Needs `pip install httpx` and a service client with the scopes trainings:read, certificates:issue and certificates:read.
Every step can be repeated: a certificate that was issued before is answered as `already_issued`, and a PDF that was saved is not
fetched again. A certificate that cannot be printed is named and does not stop the others; the exit status is then 1. Take care where the
folder lies: the PDFs bear people's names.
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


class Refused(Exception):
    """The service said no; the message says what, and why."""


def ask(http: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """One request, tried again after a broken line, and after 409, 429 and 503 as long as told."""
    for attempt in range(TRIES):
        try:
            answer = http.request(method, path, **options)
        except httpx.TransportError:
            time.sleep(2**attempt)
            continue
        if not (answer.is_error and "Retry-After" in answer.headers):
            return answer
        time.sleep(int(answer.headers["Retry-After"]))
    raise Refused(f"{method} {path}: no answer after {TRIES} tries")


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is no refusal."""
    if answer.is_error:
        problem = answer.json()
        why = problem["detail"] or problem["title"]
        raise Refused(f"{answer.request.url.path}: {problem['status']} {problem['code']}: {why} (request {problem['request_id']})")
    return answer


def sign_in(http: httpx.Client) -> None:
    """Get an access token; it lasts 15 minutes."""
    # In the form, which encodes whatever characters the secret has; by HTTP Basic one would have to do it by hand (RFC 6749, 2.3.1).
    client = {"client_id": os.environ["CLIENT_ID"], "client_secret": os.environ["CLIENT_SECRET"]}
    answer = checked(ask(http, "POST", "/v1/oauth/token", data={"grant_type": "client_credentials", "scope": SCOPES, **client}))
    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def call(http: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """One request in the client's name; signs in anew when the token has ended."""
    if method == "POST":
        # One key for all tries of one request: whatever happens on the line, the effect happens once.
        options["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
    answer = ask(http, method, path, **options)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        sign_in(http)
        answer = ask(http, method, path, **options)
    return checked(answer)


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


def save(http: httpx.Client, folder: Path) -> tuple[int, int, str | None]:
    """Save each valid certificate's PDF once; answers how many were new, how many could not be had, and one number to check."""
    new, missing, number = 0, 0, None
    for certificate in pages(http, "/v1/certificates", status="valid", limit=200):
        number = certificate["number"]
        target = folder / f"{number}.pdf"
        if target.exists():
            continue
        try:
            pdf = call(http, "GET", f"/v1/certificates/{certificate['id']}.pdf").content
        except Refused as refused:
            print(f"  not saved {number}: {refused}", file=sys.stderr)
            missing += 1
            continue
        # Written beside and renamed, so that a run that is cut off leaves no half file behind.
        draft = target.with_suffix(".part")
        draft.write_bytes(pdf)
        draft.replace(target)
        new += 1
    return new, missing, number


def run() -> int:
    """All steps, and a summary; answers the exit status."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "certificates")
    folder.mkdir(parents=True, exist_ok=True)
    totals: Counter[str] = Counter()
    with httpx.Client(base_url=URL, timeout=60) as http:
        sign_in(http)
        for training in pages(http, "/v1/trainings", status="completed", limit=200):
            issue(http, training, totals)
        saved, missing, number = save(http, folder)
    print(f"Issued {totals['issued']}, issued before {totals['already_issued']}, refused {totals['not_eligible']}")
    print(f"Saved {saved} new PDFs in {folder}/")
    if number:
        # Anybody can do this, without an account.
        with httpx.Client(base_url=URL, timeout=60) as anybody:
            check = checked(ask(anybody, "GET", f"/v1/verify/{number}")).json()
        sample = ", a sample that certifies nothing" if check["is_specimen"] else ""
        print(f"Public check of {number}: {check['status']}{sample}, {check['holder']}")
    return 1 if missing else 0


def main() -> int:
    """Run, and say in one line why it could not be."""
    needed = [name for name in ("CLIENT_ID", "CLIENT_SECRET") if not os.environ.get(name)]
    if needed:
        print(f"Set {' and '.join(needed)}.", file=sys.stderr)
        return 2
    try:
        return run()
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""A service with a few certificates, in a process of its own: `python -m tests.browser.serving FOLDER`.

Prints one line of JSON, `{"url": …, "numbers": {…}}`, and serves until it is ended, logging to standard error. It believes
`X-Forwarded-For` of this machine, so that each test can come from an address of its own and no test is throttled by another.
"""

import json
import os
import socket
import sys
import uuid

if __name__ == "__main__":
    # The settings are read once, so they are set before the application is imported.
    os.environ["DATABASE_URL"] = f"sqlite:///{sys.argv[1]}/browser.db"

import sqlalchemy as sa
import uvicorn
from alembic import command

from app import database, features
from app.access.transaction import as_system, begin
from app.database import Database
from app.logs import configure
from app.main import create_app
from app.partners.models import Organization
from app.places.loading import load_places
from app.settings import settings
from tests.callers import Caller, Callers
from tests.client import Client
from tests.conftest import alembic_config
from tests.factories.certificates import make_certificate, mistyped, revoke, supersede

ISSUER = {
    "name_uz_latn": "SOS Oʻzbekiston Bolalar mahallalari uyushmasi",
    "name_uz_cyrl": "SOS Ўзбекистон Болалар маҳаллалари уюшмаси",
    "name_ru": "Ассоциация «SOS Детские деревни Узбекистана»",
    "name_en": "Association “SOS Children's Villages of Uzbekistan”",
}
LONG_TITLE = {
    "title_uz_latn": "Ota-onalar koʻnikmalarini rivojlantirish va bolalar manfaatlarini himoya qilish boʻyicha idoralararo hamkorlik " * 2,
    "title_uz_cyrl": None,
    "title_ru": None,
    "title_en": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
}


def _named(caller: Caller) -> Caller:
    with begin(as_system("test")) as db:
        key = uuid.UUID(caller.organization_id)
        row = db.execute(sa.select(Organization).where(Organization.id == key)).scalar_one()
        for name, value in ISSUER.items():
            setattr(row, name, value)
    return caller


def make_certificates(callers: Callers) -> dict[str, str]:
    """One certificate of each kind that the page can show; the numbers, and two that are none."""
    ngo = _named(callers.ngo())
    valid, old = make_certificate(ngo), make_certificate(ngo)
    supersede(old, valid)
    found = {
        "valid": valid,
        "superseded": old,
        "revoked": revoke(ngo, make_certificate(ngo)),
        "specimen": make_certificate(ngo, is_synthetic=True),
        "long": make_certificate(ngo, ("Qoʻshmurodova" * 6, "Oʻ", None), hours=None, **LONG_TITLE),
    }
    numbers = {name: certificate["number"] for name, certificate in found.items()}
    return {**numbers, "mistyped": mistyped(numbers["valid"]), "unknown": "0000-0000-0000"}


def main() -> None:
    """Migrate, make the certificates, serve."""
    command.upgrade(alembic_config(settings().database_url), "head")
    features.policies()
    database.use(Database(settings().database_url))
    load_places()
    with Client(create_app()) as client:
        numbers = make_certificates(Callers(client))
    configure("DEBUG")
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}", "numbers": numbers}) + "\n")
    sys.stdout.flush()
    config = uvicorn.Config(create_app(), log_config=None, access_log=False, proxy_headers=True, forwarded_allow_ips="127.0.0.1")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()

"""Consents, asked for and given over HTTP; ages are counted back from today, so that nobody grows up between two runs."""

from datetime import date, timedelta
from typing import Any

from app.days import today
from tests.callers import Caller
from tests.factories.beneficiaries import daughter, father, make_family, mother

Body = dict[str, Any]
CONSENTS = "/v1/consents"
ALL = ["identity", "contact", "household"]


def born(age: int, days: int = 0) -> str:
    """The birth date of somebody who became so old so many days ago."""
    day = today() - timedelta(days=days)
    last_of_february = 28
    return str(date(day.year - age, day.month, min(day.day, last_of_february) if day.month == 2 else day.day))


def household(caller: Caller, **other: Any) -> Body:
    """A family of four: the head, a mother who cares, a girl of 13 and a boy of 5, each under what it is; and the family's own row."""
    girl = daughter(birth_date=born(13), phone="90 123-45-67")
    boy = daughter(given_name="Сардор", patronymic="Карим ўғли", sex="male", birth_date=born(5))
    # The members are answered the head first and then by age, which tells them apart.
    family = make_family(caller, members=[father(), mother(), girl, boy], **other)
    return {"family": family, **dict(zip(("father", "mother", "girl", "boy"), family["members"], strict=True))}


def consent_body(home: Body, *, to: Caller | None = None, **other: Any) -> Body:
    """The mother is asked to share what is known of the family."""
    recipients = [{"organization_id": to.organization_id}] if to else [{"kind": "womens_committee"}]
    terms = {"purpose": "information_sharing", "recipients": recipients, "categories": ALL}
    subject = {} if "beneficiary_id" in other else {"family_id": home["family"]["id"]}
    return {**subject, **terms, "given_by_id": home["mother"]["id"], "capacity": "caregiver", **other}


def assent(home: Body, said: str = "given") -> list[Body]:
    """What the girl says."""
    return [{"beneficiary_id": home["girl"]["id"], "assent": said}]


def giving(home: Body, **other: Any) -> Body:
    """On paper, and the girl agrees."""
    return {"method": "written", "assents": assent(home), **other}


def make_consent(caller: Caller, home: Body, **other: Any) -> Body:
    """A consent that is only requested, unless it is told how it is given."""
    made = caller.post(CONSENTS, consent_body(home, **other))
    assert made.status_code == 201, made.text
    return dict(made.json())


def given_consent(caller: Caller, home: Body, **other: Any) -> Body:
    """A consent that is given."""
    return make_consent(caller, home, **({"giving": giving(home)} | other))


def withdraw(caller: Caller, consent: Body, home: Body, **other: Any) -> Any:
    """The mother takes it back."""
    body = {"reason": "changed_mind", "withdrawn_by_id": home["mother"]["id"], **other}
    return caller.post(f"{CONSENTS}/{consent['id']}/withdraw", body, version=consent["version"])

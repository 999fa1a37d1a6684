"""What is measured: each scenario asks the same of several services, interleaved round by round."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.bench.bed import PAGE, Bed, search_targets
from tests.bench.load import WARM_UP_SECONDS, Measure, Requests, median, run

OURS, FASTAPI, UNCOUNTED, DRF = "ours", "FastAPI", "FastAPI, no count", "DRF"
_SERVER = {OURS: "ours", FASTAPI: "fastapi", UNCOUNTED: "fastapi", DRF: "drf"}
RARITIES = ("frequent", "middling", "rare")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`variants`: label of a service → what it is sent. `caller` is one of those in `data.CALLERS`."""

    name: str
    title: str
    variants: Mapping[str, Requests]
    caller: str = "specialist"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long is measured."""

    rounds: int
    seconds: int
    stall_seconds: int


Results = dict[str, Measure]


def scenarios(bed: Bed, wanted: Sequence[str]) -> Iterator[Scenario]:
    """Those that are wanted, each made when its turn comes; what writes comes last, so that all reads see the same rows."""
    makers = {"get": _get, "list": _list, "pages": _pages, "search": _searches, "create": _create}
    for name, make in makers.items():
        if name in wanted:
            yield from make(bed)


def _get(bed: Bed) -> Iterator[Scenario]:
    ids = bed.sample.ids
    yield Scenario(
        "get",
        "GET one beneficiary",
        {
            OURS: bed.get("get-ours", [f"/v1/beneficiaries/{id}" for id in ids]),
            FASTAPI: bed.get("get-fastapi", [f"/beneficiaries/{id}" for id in ids]),
            DRF: bed.get("get-drf", [f"/beneficiaries/{id}/" for id in ids]),
        },
    )


def _list(bed: Bed) -> Iterator[Scenario]:
    yield Scenario(
        "list",
        "List of 50, first page",
        {
            OURS: bed.get("list-ours", ["/v1/beneficiaries?limit=50"]),
            UNCOUNTED: bed.get("list-uncounted", ["/beneficiaries/?limit=50&count=false"]),
            FASTAPI: bed.get("list-fastapi", ["/beneficiaries/?limit=50"]),
            DRF: bed.get("list-drf", ["/beneficiaries/?limit=50"]),
        },
    )
    requests = bed.get("list-country", ["/v1/beneficiaries?limit=50"])
    yield Scenario("list-country", "List of 50, first page of the country", {OURS: requests}, "manager")


def _pages(bed: Bed) -> Iterator[Scenario]:
    cursors = bed.cursors("specialist")
    depths = range(PAGE, PAGE * len(cursors) + 1, PAGE)
    yield Scenario(
        "pages",
        f"List of 50, later pages (to row {PAGE * len(cursors):,})",
        {
            OURS: bed.get("pages-ours", [f"/v1/beneficiaries?limit=50&cursor={cursor}" for cursor in cursors]),
            UNCOUNTED: bed.get("pages-uncounted", [f"/beneficiaries/?limit=50&offset={depth}&count=false" for depth in depths]),
            DRF: bed.get("pages-drf", [f"/numbered-beneficiaries/?page={depth // 50 + 1}" for depth in depths]),
        },
    )


def _searches(bed: Bed) -> Iterator[Scenario]:
    for rarity in RARITIES:
        requests = bed.get(f"search-{rarity}", search_targets(bed.sample.surnames[rarity]))
        yield Scenario(f"search-{rarity}", f"Search by a {rarity} surname", {OURS: requests})
        yield Scenario(f"search-{rarity}-country", f"Search by a {rarity} surname in the country", {OURS: requests}, "manager")


def _create(bed: Bed) -> Iterator[Scenario]:
    # Each is sent people of its own: a person whom another one registered before would be a duplicate, which ours alone looks for.
    bodies: list[dict[str, Any]] = bed.sample.bodies
    theirs = [{{"phone": "phone_as_written"}.get(name, name): value for name, value in body.items()} for body in bodies]
    yield Scenario(
        "create",
        "POST a beneficiary (ours with Idempotency-Key)",
        {
            OURS: bed.post("create-ours", "/v1/beneficiaries", bodies[::3], keyed=True),
            FASTAPI: bed.post("create-fastapi", "/beneficiaries/", theirs[1::3], keyed=False),
            DRF: bed.post("create-drf", "/beneficiaries/", theirs[2::3], keyed=False),
        },
    )


class NotAlike(RuntimeError):
    """The services do not answer the same, so their speeds cannot be compared."""


def check_alike(bed: Bed) -> None:
    """One person and the first page of each service must be what the others answer. Raises NotAlike."""
    id, caller = bed.sample.ids[0], "specialist"
    people = [
        bed.ask("ours", caller, f"/v1/beneficiaries/{id}"),
        bed.ask("fastapi", caller, f"/beneficiaries/{id}"),
        bed.ask("drf", caller, f"/beneficiaries/{id}/"),
    ]
    ours = bed.ask("ours", caller, "/v1/beneficiaries?limit=50&include=total")
    fastapi, drf = (bed.ask(name, caller, "/beneficiaries/?limit=50") for name in ("fastapi", "drf"))
    names = {(person["surname"], person["given_name"], person["territory"]) for person in people}
    sizes = {len(page) for page in (ours["items"], fastapi["data"], drf["results"])}
    totals = {fastapi["count"], drf["count"]} | (set() if ours["total_is_capped"] else {ours["total"]})
    if len(names) > 1 or len(sizes) > 1 or len(totals) > 1:
        raise NotAlike(f"the services answer different things: pages of {sizes} rows, {totals} in all")


def send(bed: Bed, label: str, requests: Requests, caller: str, seconds: int, **options: int) -> Measure:
    """One run of one variant."""
    server = bed.servers[_SERVER[label]]
    token, before = bed.token(server.name, caller), server.cpu()
    found = run(server.address, requests, token, seconds=seconds, **options)
    after = server.cpu()
    bed.settle()
    return found if before is None or after is None else replace(found, cpu=(after - before) / max(1, found.requests) * 1000)


Part = tuple[Bed, Scenario, str]
"""One variant of a scenario, by its label, on one database."""


def measure(bed: Bed, scenario: Scenario, pace: Pace) -> Results:
    """The medians of interleaved rounds, after each variant is warm."""
    return measure_together({label: (bed, scenario, label) for label in scenario.variants}, pace)


def measure_together(parts: Mapping[str, Part], pace: Pace) -> Results:
    """The same over several databases."""

    def once(key: str, seconds: int) -> Measure:
        bed, scenario, label = parts[key]
        return send(bed, label, scenario.variants[label], scenario.caller, seconds)

    for key in parts:
        once(key, WARM_UP_SECONDS)
    runs: dict[str, list[Measure]] = {key: [] for key in parts}
    for _ in range(pace.rounds):
        for key, found in runs.items():
            found.append(once(key, pace.seconds))
    return {key: median(found) for key, found in runs.items()}


def crowd(bed: Bed, label: str, target: str, pace: Pace) -> Measure:
    """128 connections at once; an answer that takes longer than 5 s counts as a stall."""
    requests = bed.get(f"crowd-{_SERVER[label]}", [target])
    return send(bed, label, requests, "specialist", pace.stall_seconds, connections=128, timeout=5)

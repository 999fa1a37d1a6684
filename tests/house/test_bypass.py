"""What may stand in few places, with the reason for each: everything that could go round the session, the trail or the problems."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
APP = ROOT / "app"


def calls(name: str) -> Callable[[ast.AST], bool]:
    """A call of a function or method of this name."""

    def is_it(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        function = node.func
        return (isinstance(function, ast.Attribute) and function.attr == name) or (isinstance(function, ast.Name) and function.id == name)

    return is_it


def says(name: str) -> Callable[[ast.AST], bool]:
    """An attribute or a name of this spelling, or an import of it."""

    def is_it(node: ast.AST) -> bool:
        if isinstance(node, ast.Import | ast.ImportFrom):
            return any(alias.name == name for alias in node.names)
        return (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Name) and node.id == name)

    return is_it


def imports(package: str) -> Callable[[ast.AST], bool]:
    """An import of a package or of anything in it."""

    def is_it(node: ast.AST) -> bool:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        return any(f"{name}.".startswith(f"{package}.") for name in names)

    return is_it


def is_sqlalchemy_text(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").startswith("sqlalchemy") and any(alias.name in ("text", "TextClause") for alias in node.names)
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "text"
        and isinstance(node.value, ast.Name)
        and node.value.id in ("sa", "sqlalchemy")
    )


def opens(node: ast.AST) -> bool:
    """`….engine.begin()`, `….engine.connect()`, `….reads.connect()`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("begin", "connect")
        and isinstance(node.func.value, ast.Attribute | ast.Name)
        and ast.unparse(node.func.value).rpartition(".")[2] in ("engine", "reads")
    )


RULES: dict[str, tuple[Callable[[ast.AST], bool], dict[str, str]]] = {
    "commit": (calls("commit"), {"access/transaction.py": "the exit of `begin`, the one place that commits"}),
    "rollback": (calls("rollback"), {}),
    "a transaction inside another": (calls("begin_nested"), {"certificates/actions.py": "one item of a batch fails without the others"}),
    "the session's own class": (calls("GuardedSession"), {"access/transaction.py": "`begin`, and reads whose fast form would differ"}),
    "the connection behind a session": (
        calls("connection"),
        {
            "access/transaction.py": "claims and records the key in the request's transaction",
            "access/guard.py": "judges writes; holds names",
            "changes.py": "hands the writers the flush's own connection",
            "retention/actions/erasing.py": "answers that are kept to be replayed",
        },
    ),
    "the engine behind a session": (calls("get_bind"), {}),
    "the driver behind a connection": (calls("raw_connection"), {}),
    "a connection past the session": (
        opens,
        {
            "access/transaction.py": "`begin` and `reading`",
            "access_matrix.py": "a database in memory",
            "audit/views.py": "writes looks in batches, which nobody may write by hand",
            "audit/chain.py": "seals the trail, which nobody may write by hand; verifies it as it lies there",
            "identifiers/rekeying.py": "seals numbers anew in bulk; tries the keys before anybody is served",
            "health.py": "asks whether the database answers",
            "search.py": "the words of forgotten rows",
            "worker.py": "forgets keys and attempts, in bulk",
        },
    ),
    "a table past its entity": (
        says("__table__"),
        {
            "audit/trail.py": "inserts entries on the flush's connection",
            "audit/views.py": "inserts looks in batches",
            "audit/chain.py": "reads entries by the batch and inserts their seal, on such a connection",
            "idempotency.py": "claims before there is an entity to speak of",
        },
    ),
    "SQL as text": (
        is_sqlalchemy_text,
        {
            "beneficiaries/history.py": "conditions of partial indexes",
            "beneficiaries/models.py": "conditions of partial indexes",
            "certificates/models.py": "conditions of partial indexes",
            "kinship/models.py": "conditions of partial indexes",
            "participation/models.py": "conditions of partial indexes",
            "retention/models.py": "conditions of partial indexes",
            "vulnerability/models.py": "conditions of partial indexes",
        },
    ),
    "a column as text": (
        calls("literal_column"),
        {
            "access/declare.py": "a level, so that its index serves",
            "access/grants.py": "the bit of a category",
            "beneficiaries/models.py": "indexes on a level",
            "listing.py": "a level, so that its index serves",
        },
    ),
    "SQL to the driver": (
        calls("exec_driver_sql"),
        {"search.py": "the words of forgotten rows, which FTS5 takes as a command"},
    ),
    "the driver itself": (says("driver_connection"), {"database.py": "BEGIN on SQLite"}),
    "the framework's own refusal": (says("HTTPException"), {"problems.py": "turned into a problem there"}),
    "the service's own actor": (
        says("as_system"),
        {
            "audit/trail.py": "a refused door, which nobody may write by hand",
            "identity/actions/sessions.py": "whoever logs in is nobody yet",
            "identity/routes/sessions.py": "whoever refreshes is nobody yet",
            "identity/revocations.py": "which tokens are refused",
            "partners/founding.py": "the first administrator, from the command line",
            "places/loading.py": "the official list",
            "vulnerability/loading.py": "the schemes that come with the service",
            "demo/loading.py": "the demonstration data",
            "duplicates/scanning.py": "two rows of one person may lie where no one caller sees both",
            "retention/actions/rules.py": "the rules that stand until an administrator changes them",
            "retention/actions/running.py": "people whose rows may lie where no one caller has rights",
            "worker.py": "when the rules were last run, which consents have expired, and what merges keep",
        },
    ),
    "every row within a caller's transaction": (
        says("every_row"),
        {
            "audit/trail.py": "what is told by itself is told with the change that it came with, and nobody may write the trail by hand",
            "beneficiaries/actions/candidates.py": "who may be registered twice is written down for those who see both",
            "beneficiaries/actions/members.py": "what must hold of people holds whoever sees them, and whether words about them are kept",
            "beneficiaries/queries.py": "what stands for a merged row now is asked of a row that moved out of sight with its grants",
            "consents/actions/words.py": "what a word opened that counts no more is closed, whoever may see it",
            "duplicates/actions/merging.py": "what hangs on a person moves, whoever may see it",
            "duplicates/actions/undoing.py": "and moves back",
            "identifiers/actions.py": "a number may be borne by somebody whom its author does not see",
            "kinship/actions.py": "nobody is its own ancestor, be it through somebody out of sight",
            "oversight/actions.py": "whoever opened it may end it, and so the grants on another organization's rows",
            "oversight/looks.py": "who looked is told though the account is another's",
        },
    ),
    "the service's rights for a caller": (
        says("as_system_for"),
        {
            "access/transaction.py": "made and used there",
            "oversight/routes.py": "who breaks the glass cannot see whom",
        },
    ),
    "somebody else's name within a transaction": (
        says("in_the_name_of"),
        {
            "access/transaction.py": "made and used there",
            "demo/loading.py": "the demonstration data are there as a whole or not at all",
        },
    ),
    "SYSTEM_ACTOR": (says("SYSTEM_ACTOR"), {"access/actor.py": "made here", "access/transaction.py": "used here"}),
    "the public's actor": (
        says("as_public"),
        {"certificates/verification.py": "what anybody may know"},
    ),
    "the library of tokens": (imports("jose"), {"identity/tokens.py": "the one module that imports it"}),
    "encrypted tokens": (says("jwe"), {}),
    "the library of ciphers": (
        imports("cryptography"),
        {
            "identity/keys.py": "makes signing keys",
            "identity/tokens.py": "reads them",
            "identifiers/sealing.py": "the one module that encrypts what is stored",
            "cursors.py": "and the one that encrypts what is handed out",
        },
    ),
    "a calendar of its own": (
        lambda node: ast.unparse(node) in ("date.today", "datetime.today", "timezone") and not isinstance(node, ast.Constant),
        {"days.py": "a day is Tashkent's, wherever the machine stands"},
    ),
    "the environment": (says("environ"), {"cli/accounts.py": "the password of the first administrator"}),
    "a child process": (imports("subprocess"), {}),
    "code from text": (
        lambda node: isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec", "compile"),
        {},
    ),
    "what a function calls, read off its code": (lambda node: says("__code__")(node) or says("co_names")(node), {}),
    "objects from bytes": (imports("pickle"), {}),
    "a switch by role": (
        lambda node: isinstance(node, ast.Compare) and any(isinstance(one, ast.Attribute) and one.attr == "role" for one in ast.walk(node)),
        {"access/declare.py": "the service's own role", "access/fields.py": "the service's own role"},
    ),
}


def files() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(APP.rglob("*.py")):
        yield str(path.relative_to(APP)), ast.parse(path.read_text(encoding="utf-8"))


TREES = dict(files())


@pytest.mark.parametrize("rule", RULES)
def test_it_stands_in_its_homes_alone(rule: str) -> None:
    is_it, homes = RULES[rule]
    found = {name for name, tree in TREES.items() if any(is_it(node) for node in ast.walk(tree))}
    assert not found - set(homes), f"{rule} has no home in {sorted(found - set(homes))}"
    gone = {home for home in set(homes) - found if (APP / home).exists()}
    assert not gone, f"{rule} is not in {sorted(gone)} any more; take it off the list"


def test_the_rules_see_what_they_forbid() -> None:
    """Each rule must find its own example, or it would hold by looking past everything."""
    examples = {
        "commit": "db.commit()",
        "rollback": "db.rollback()",
        "a transaction inside another": "db.begin_nested()",
        "the session's own class": "GuardedSession(engine)",
        "the connection behind a session": "db.connection()",
        "the engine behind a session": "db.get_bind().connect()",
        "the driver behind a connection": "engine.raw_connection()",
        "a connection past the session": "current().engine.begin()",
        "a table past its entity": "Family.__table__",
        "SQL as text": "from sqlalchemy import text",
        "a column as text": "sa.literal_column('x')",
        "SQL to the driver": "connection.exec_driver_sql('x')",
        "the driver itself": "connection.connection.driver_connection",
        "the framework's own refusal": "from fastapi import HTTPException",
        "the service's own actor": "from app.access.transaction import as_system",
        "every row within a caller's transaction": "with every_row(): pass",
        "the service's rights for a caller": "begin(as_system_for(caller))",
        "somebody else's name within a transaction": "with in_the_name_of(visit): pass",
        "SYSTEM_ACTOR": "SYSTEM_ACTOR",
        "the public's actor": "as_public('x')",
        "the library of tokens": "from jose import jwt",
        "encrypted tokens": "from jose import jwe",
        "the library of ciphers": "from cryptography.hazmat.primitives.ciphers.aead import AESGCM",
        "a calendar of its own": "date.today()",
        "the environment": "os.environ['X']",
        "a child process": "import subprocess",
        "code from text": "eval('x')",
        "what a function calls, read off its code": "begin.__name__ in route.endpoint.__code__.co_names",
        "objects from bytes": "import pickle",
        "a switch by role": "caller.actor.role == 'ngo'",
    }
    assert examples.keys() == RULES.keys()
    for name, code in examples.items():
        assert any(RULES[name][0](node) for node in ast.walk(ast.parse(code))), name
    assert any(is_sqlalchemy_text(node) for node in ast.walk(ast.parse("sa.text('x')")))
    assert any(opens(node) for node in ast.walk(ast.parse("engine.connect()")))


def test_actions_take_keywords_and_have_no_doors() -> None:
    """After `db` and the row that is spoken of, in its parent where it has one, everything is named."""
    wrong = []
    for name, tree in TREES.items():
        if not re.search(r"/actions(/|\.py)", name):
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.FunctionDef)
                and node.args.args[:1]
                and node.args.args[0].arg == "db"
                and len(node.args.args) > 3
                and node.name[0] != "_"
            ):
                wrong.append(f"{name}: {node.name} takes {len(node.args.args)} positional arguments")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "allow":
                wrong.append(f"{name}: a door in an action")
    assert not wrong, "\n".join(wrong)


# --- size ---------------------------------------------------------------------------------------------------------------------
HARD_STOP, FOLDER_AT = 400, 250


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_files_stay_small() -> None:
    """Migrations are written by a machine, once; everything else is read by people."""
    found = [path for folder in ("app", "tests", "openapi/examples") for path in (ROOT / folder).rglob("*.py")]
    assert len(found) > 100
    long = {str(path.relative_to(ROOT)): lines(path) for path in found if lines(path) > HARD_STOP}
    assert not long, long
    wide = {
        str(path.relative_to(ROOT)): lines(path) for path in found if path.name in ("actions.py", "routes.py") and lines(path) > FOLDER_AT
    }
    assert not wide, f"these become folders, one file an aggregate: {wide}"


def test_every_module_says_what_it_is() -> None:
    silent = [name for name, tree in TREES.items() if not ast.get_docstring(tree)]
    assert not silent


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        str(path.relative_to(ROOT))
        for folder in ("app", "tests", "migrations", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".md") and path != Path(__file__) and marks.search(path.read_text(encoding="utf-8"))
    ]
    assert not found

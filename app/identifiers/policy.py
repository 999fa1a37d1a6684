"""Who sees which numbers: one's own, and those of persons whose documents are opened; in full only with a permission of its own."""

from app.access.declare import FieldRule, declare
from app.access.grants import DataCategory
from app.access.permissions import ANYONE, MANAGERS, STAFF, permission
from app.beneficiaries.policy import of_person
from app.identifiers.models import Identifier, Masked

READ = permission("identifiers:read", "Read identifiers, masked.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
WRITE = permission("identifiers:write", "Add identifiers, change and end them.", ngo=STAFF, womens_committee=STAFF)
LOOKUP = permission(
    "identifiers:lookup", "Find persons by an identifier's exact value.", ngo=STAFF, womens_committee=STAFF, state_partner=STAFF
)
# State partners know the numbers from their own registers: they look persons up by them and need not read them here.
READ_VALUES = permission("identifiers:read_values", "Read identifiers in full.", ngo=MANAGERS, womens_committee=MANAGERS)

declare(
    Identifier,
    rows=of_person(Identifier, DataCategory.DOCUMENTS),
    fields={"ciphertext": FieldRule(permission=READ_VALUES, mask=Masked)},
    conceal=frozenset({"territory", "ciphertext", "blind_index", "issued_on", "expires_on", "issuer"}),
)

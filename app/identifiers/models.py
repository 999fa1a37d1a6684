"""The numbers by which the state knows a person: encrypted at rest, found again by a keyed blind index, masked in answers."""

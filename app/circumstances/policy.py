"""What a social worker has to know of a person: functioning, schooling, health, papers."""

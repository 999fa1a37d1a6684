"""Uzbek in its alphabets: `keys` finds a name however it was typed, `scripts` writes it in the other alphabet, `letters` has the tables."""

"""Letters of the alphabets that Uzbek is written in, as the tables that `keys` and `scripts` share.

Sources: the law of 2 September 1993 (edition of 6 May 1995) on the Latin alphabet; "Oʻzbek tilining asosiy imlo qoidalari", resolution
339 of the Cabinet of Ministers, 24 August 1995; "Ўзбек орфографиясининг асосий қоидалари" of 1956 for Cyrillic; for the Latin of 2026
(ö ğ ş ç) the notes of the PyPI package `alifbo`. Every table is written in lower case.
"""

import re

OKINA = "ʻ"  # U+02BB makes oʻ and gʻ letters of their own.
TUTUQ = "ʼ"  # U+02BC is the tutuq belgisi, the sign of a glottal stop or a long vowel.

# What people type instead of the two signs: typewriter and typographic quotes, accents, primes, the half rings of scholars.
APOSTROPHES = "'`´ʻʼʹʽʾʿˈˊˋ‘’‛′＇\u0313\u0315\ua78c"

# Joiners, soft hyphens and marks of direction come in by copying; they are no part of a word and do not divide it.
INVISIBLE = (
    "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)

CYRILLIC_CONSONANTS = "бвгджзйклмнпрстфхцчшщқғҳ"
CYRILLIC_VOWELS = "аеёиоуўэюяы"
LATIN_CONSONANTS = "bcdfghjklmnpqrstvwxyzçğş"


def _table(*rows: str) -> dict[str, str]:
    """A table out of rows of `letter=output`."""
    return {letter: output for row in rows for letter, _, output in (pair.partition("=") for pair in row.split())}


# One Cyrillic letter, the Latin for it wherever it stands.
LATIN_OF = _table(
    "а=a б=b в=v г=g д=d е=e ё=yo ж=j з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=x ц=s ч=ch ш=sh ъ=ʼ ь= э=e ю=yu я=ya",
    "ў=oʻ қ=q ғ=gʻ ҳ=h",
    # Letters of Russian that Uzbek does not use.
    "щ=shch ы=i",
    # Those of the neighbors, as they are heard in Uzbek: Karakalpak and Kazakh, Ukrainian, Tajik, Tatar.
    "ә=a ө=oʻ ү=u ұ=u ң=ng һ=h і=i ї=yi є=ye ґ=gʻ ӯ=oʻ ӣ=i ҷ=j җ=j",
)

# Where the neighbors of a Cyrillic letter decide about its Latin. The first pattern that fits wins.
LATIN_IN_CONTEXT: tuple[tuple[str, str], ...] = (
    # After oʻ no tutuq is written: мўътабар, moʻtabar (rule 32).
    ("ўъ", "oʻ"),
    # Between a consonant and an iotated vowel the hard sign of a loanword falls: объект, obyekt.
    (f"(?<=[{CYRILLIC_CONSONANTS}])ъ(?=[еёюя])", ""),
    # The tutuq keeps s and h from being read as sh: Исҳоқ, Isʼhoq.
    ("с(?=ҳ)", "sʼ"),
    # The soft sign is heard as y before о: павильон, pavilyon.
    ("ьо", "yo"),
    # Only after a consonant is е a bare e: Елена, Yelena; Алиев, Aliyev; объект, obyekt.
    (f"(?<![{CYRILLIC_CONSONANTS}{LATIN_CONSONANTS}])е", "ye"),
    # ц is ts after a vowel and s elsewhere: конституция, konstitutsiya; цирк, sirk; акция, aksiya.
    (f"(?<=[{CYRILLIC_VOWELS}])ц", "ts"),
)

# Letters of other Latin alphabets, as the Latin of 1995 writes them: that of 2026, its drafts, and what Turkic keyboards offer.
LATIN_OF_1995 = {
    **dict.fromkeys("öóôõōŏǒ", "oʻ"),
    **dict.fromkeys("ğǵġḡǧ", "gʻ"),
    **dict.fromkeys("şșš", "sh"),
    **dict.fromkeys("çćč", "ch"),
    **dict.fromkeys("ńŋ", "ng"),
    "ž": "j",
    "ı": "i",
}

# Of these, the ones that other languages write for other sounds: ń and ı are Karakalpak, where they are heard as n or ng and as ы. They are
# good enough to find a name by, not to write it down.
UNSURE_LATIN = frozenset("ńı")

# The Cyrillic of one Latin letter.
CYRILLIC_OF = _table("a=а b=б c=к d=д e=е f=ф g=г h=ҳ i=и j=ж k=к l=л m=м n=н o=о p=п q=қ r=р s=с t=т u=у v=в w=в x=х y=й z=з")

# Where the neighbors of a Latin letter decide about its Cyrillic. The first pattern that fits wins; case is put back afterwards,
# which is why most patterns look ahead instead of taking two letters.
CYRILLIC_IN_CONTEXT: tuple[tuple[str, str], ...] = (
    ("oʻ", "ў"),
    ("gʻ", "ғ"),
    ("sʼ(?=h)", "с"),
    # щ is Russian and stands first in names (Shcherbakov); elsewhere shch is ш and ч (ishchi, ишчи).
    ("^shch", "щ"),
    ("sh", "ш"),
    ("ch", "ч"),
    ("t(?=sh|sʼh)", "т"),
    # The suffix -siz, "without": nazoratsiz, назоратсиз; but skeptitsizm, скептицизм.
    ("t(?=siz(?!m))", "т"),
    # Verbs such as ketsa (кетса) lose by this, names such as Tsoy and Kuznetsov win; names are what is written here.
    ("ts", "ц"),
    ("y(?=oʻ)", "й"),
    ("yo", "ё"),
    ("yu", "ю"),
    ("ya", "я"),
    # ye after a consonant is not Uzbek: it is the soft sign of a Russian name (Afanasyev, Афанасьев).
    (f"(?<=[{LATIN_CONSONANTS.replace('y', '')}])y(?=e)", "ь"),
    (f"(?<![{LATIN_CONSONANTS}])ye", "е"),
    (f"(?<![{LATIN_CONSONANTS}])(?<!gʻ)e", "э"),
    ("(?<=[^\\W\\d_])ʼ", "ъ"),
    ("c(?=[eiy])", "с"),
)

# Beginnings of words whose two spellings no rule derives from each other. Extend freely; each must be true of every word it begins.
LATIN_STEMS = _table("октябр=oktabr сентябр=sentabr бюджет=budjet")
CYRILLIC_STEMS = _table(
    "oktabr=октябр sentabr=сентябр budjet=бюджет obyekt=объект subyekt=субъект syezd=съезд",
    # The name is nearly always typed without its tutuq, and there is no Ишоқ.
    "ishoq=исҳоқ",
)


def alternatives(patterns: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """One pattern out of a table of contexts; group n is line n of the table."""
    return re.compile("|".join(f"({pattern})" for pattern, _ in patterns), re.IGNORECASE)

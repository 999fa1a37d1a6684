"""Every closed list, with a label for each word in each language."""

import pytest

from app.languages import Language, label
from app.vocabulary import lists
from tests.client import Client


def test_anybody_reads_the_vocabulary(client: Client) -> None:
    found = client.get("/v1/vocabulary", headers={"Accept-Language": "ru"})
    assert found.headers["content-language"] == "ru"
    shown = {one["name"]: {word["word"]: word["label"] for word in one["words"]} for one in found.json()["lists"]}
    assert shown["presence"]["excused"] == "Отсутствовал по уважительной причине"
    assert shown.keys() == lists().keys()
    assert client.get("/v1/vocabulary").json()["language"] == "en"


@pytest.mark.parametrize("language", [language for language in Language if language is not Language.EN])
def test_every_word_has_a_label_of_its_own_language(language: Language) -> None:
    same = {
        (name, word.value)
        for name, kind in lists().items()
        for word in kind
        if label(name, word.value, language) == label(name, word.value, Language.EN)
    }
    # The one word that Uzbek and English share.
    assert same <= {("level", "mahalla")}

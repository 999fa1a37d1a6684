"""The container's image: what is copied into it."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_what_is_copied_is_there_and_sent_to_the_builder() -> None:
    lines = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    sources = {name for line in lines for name in line.split()}
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert sources == sent
    assert all((ROOT / name).exists() for name in sources)
    assert {"LICENSE", "NOTICE"} <= sources, "whoever has the image has the terms, and whose data are in it"


def test_whose_data_they_are_is_said() -> None:
    assert "\nCopyright (c) 2021, Pavel Tanchev\n" in (ROOT / "NOTICE").read_text(encoding="utf-8")

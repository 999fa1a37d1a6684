"""From a certificate to the sheet that is printed, and many sheets as one archive. Nothing here touches the database."""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from app import paper
from app.certificates import pdf
from app.certificates.models import CertificateStatus
from app.certificates.number import shown
from app.certificates.pdf import Sheet, Signer
from app.certificates.queries import Print
from app.certificates.schemas import verify_url
from app.certificates.snapshot import texts
from app.days import TASHKENT
from app.paper import Unprintable, in_figures
from app.problems import Conflict

_NOT_PRINTED = "not-printed.txt"
_EARLIEST_ZIP_YEAR = 1980


class NotPrintable(Conflict):
    """`detail` names a text of this certificate, and whether it has a character without a form on paper or is too long to be legible.

    Revoke it, correct the text and issue it anew. Until then it is in force, and can be checked by its number. Issuing warns of it.
    """

    code, title = "not_printable", "Conflicts with the stored state"


def sheet_of(one: Print) -> Sheet:
    """The facts of one certificate as they are printed. Whatever is not valid any more is printed as void."""
    snapshot, void = one.snapshot, one.status != CertificateStatus.VALID
    return Sheet(
        number=one.number,
        verify_url=verify_url(one.number),
        issuer=texts(snapshot.issuer),
        title=texts(snapshot.title),
        issued_on=in_figures(one.issued_on),
        holder_cyrl=one.holder_cyrillic,
        holder_latn=one.holder_latin,
        hours=snapshot.hours,
        dates=snapshot.dates_in_all(),
        place=texts(snapshot.place) if snapshot.place else {},
        signers=tuple(Signer(signer.name, signer.post or "") for signer in snapshot.signers[: pdf.MOST_SIGNERS]),
        status="revoked" if void else "valid",
        revoked_on=in_figures((one.revoked_at or one.created_at).astimezone(TASHKENT).date()) if void else None,
        synthetic=one.is_synthetic,
    )


def printed(one: Print) -> bytes:
    """The certificate as PDF, the same bytes each time; about 15 ms. Raises NotPrintable."""
    try:
        return pdf.render(sheet_of(one), issued_at=one.created_at)
    except Unprintable as error:
        raise NotPrintable(error.told) from error


def tag_of(one: Print) -> str:
    """The entity tag of the PDF: it changes with the row, with the design, and with the address that the QR code leads to."""
    return f'"{one.version}-{_press(verify_url(""))}"'


@lru_cache(maxsize=8)
def _press(address: str) -> str:
    sources = (Path(pdf.__file__).with_name("certificate.typ"), Path(pdf.__file__), Path(paper.__file__))
    design = [source.read_bytes() for source in sources]
    return hashlib.sha256(b"\0".join([*design, version("typst").encode(), address.encode()])).hexdigest()[:12]


class _Outbox(io.RawIOBase):
    """A file that hands over what was written to it; the archive never goes back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def archive(found: Sequence[Print]) -> Iterator[bytes]:
    """A ZIP of PDFs named by number, one piece a certificate, so that a thousand of them take the memory of one. Equal certificates,
    equal bytes. What could not be printed is named in a text file, and keeps nothing back of the others.
    """
    outbox, failed = _Outbox(), []
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as file:
        for one in found:
            try:
                content = printed(one)
            except NotPrintable as error:
                failed.append(f"{shown(one.number)}: {error.detail}\n")
                continue
            file.writestr(_entry(f"{shown(one.number)}.pdf", one.issued_on), content)
            yield outbox.taken()
        if failed:
            file.writestr(_entry(_NOT_PRINTED, found[0].issued_on), "".join(failed))
    yield outbox.taken()


def _entry(name: str, day: date) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (max(day.year, _EARLIEST_ZIP_YEAR), day.month, day.day, 0, 0, 0))
    # As on Unix, a plain file: else the archive would differ with the machine that made it.
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    return entry

"""The pages that a problem's `type` leads to: what each means and what to do."""

from html import escape

from fastapi import APIRouter, Response

from app.fault_codes import faults
from app.problems import NotFound, Problem, all_problems

router = APIRouter(prefix="/problems", tags=["problems"], include_in_schema=False)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_STYLE = "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}code{background:#eee;padding:.1em .3em}"


def _page(title: str, body: str) -> Response:
    html = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    html += f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    return Response(
        html, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY, "Cache-Control": "public, max-age=3600"}
    )


def _described(kind: type[Problem]) -> str:
    return f"<p><code>{kind.status}</code> <code>{escape(kind.code)}</code></p><p>{escape((kind.__doc__ or '').strip())}</p>"


@router.get("")
async def list_problems() -> Response:
    """Every problem of the service, and every code of `errors[]`."""
    rows = "".join(
        f'<h2 id="{kind.code}"><a href="/problems/{kind.code}">{escape(kind.title)}</a></h2>{_described(kind)}' for kind in all_problems()
    )
    codes = "".join(f"<dt><code>{code}</code></dt><dd>{escape(meaning)}</dd>" for code, meaning in sorted(faults().items()))
    return _page("Problems", f'{rows}<h2 id="faults">Codes of <code>errors[]</code></h2><dl>{codes}</dl>')


@router.get("/{code}")
async def get_problem(code: str) -> Response:
    """One problem."""
    kind = next((kind for kind in all_problems() if kind.code == code), None)
    if kind is None:
        raise NotFound
    return _page(kind.title, _described(kind))

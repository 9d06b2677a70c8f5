"""The address of a sheet as PDF, and the page that tells whether a file is one."""

from hashlib import sha256
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from tests.dom import Element, parse
from tests.unit.test_site_check_sheet import kept, overruled  # noqa: F401  # a fixture
from zones.models import Overruling, SiteCheck
from zones.sitecheck import typeset

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(kept: Any) -> SiteCheck:  # noqa: F811
    made: SiteCheck = kept()
    return made


def pdf(client: Client, check: SiteCheck, query: str = "", **more: Any) -> HttpResponse:
    return client.get(f"/site-checks/{check.key}.pdf{query}", **more)


def page(client: Client, check: SiteCheck, language: str = "en", **posted: Any) -> tuple[int, Element]:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    address = f"/site-checks/{check.key}/verify/"
    answer = client.post(address, posted) if posted else client.get(address)
    return answer.status_code, parse(answer.content.decode())


def verdict(client: Client, check: SiteCheck, **posted: Any) -> tuple[str, str]:
    """The state as the class of the box has it, and what the box says."""
    status, opened = page(client, check, **posted)
    assert status == 200
    (box,) = opened.all(id="verified")
    return box.attributes["class"].split("verified-")[1], box.text


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("sheet.pdf", content, "application/pdf")


# The PDF


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_sheet_has_the_hash_that_was_recorded(client: Client, row: SiteCheck, language: str) -> None:
    answer = pdf(client, row, f"?language={language}")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
    assert sha256(answer.content).hexdigest() == row.sheets[language]
    assert answer.headers["ETag"] == f'"{row.sheets[language]}"'
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Language"] == language
    name = unquote(answer.headers["Content-Disposition"])
    assert name.startswith("attachment; ")
    assert f"{row.key[:12]}-{language}" in name
    assert pdf(client, row, f"?language={language}").content == answer.content


def test_the_language_is_that_of_the_reader(client: Client, row: SiteCheck) -> None:
    for language in ("en", "zh-hans"):
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        assert pdf(client, row).headers["ETag"] == f'"{row.sheets[language]}"'


def test_who_has_it_is_told_so(client: Client, row: SiteCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_given: Any) -> bytes:
        raise AssertionError("it was made anew")

    monkeypatch.setattr("portal.pages.site_check_sheets.sheet_pdf", never)
    answer = pdf(client, row, "?language=en", headers={"If-None-Match": f'"{row.sheets["en"]}"'})
    assert (answer.status_code, answer.content) == (304, b"")


def test_each_revision_keeps_its_address(client: Client, row: SiteCheck) -> None:
    made = overruled(row)
    assert pdf(client, row, "?language=en").headers["ETag"] == f'"{made.sheets["en"]}"'
    assert pdf(client, row, "?language=en&revision=1").headers["ETag"] == f'"{made.sheets["en"]}"'
    assert pdf(client, row, "?language=en&revision=0").headers["ETag"] == f'"{row.sheets["en"]}"'


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?language=fr", 400),
        ("?language=", 400),
        ("?revision=x", 400),
        ("?revision=-1", 400),
        ("?revision=1", 404),
        ("?revision=99999999999", 400),
    ],
)
def test_what_there_is_not(client: Client, row: SiteCheck, query: str, status: int) -> None:
    assert pdf(client, row, query).status_code == status


@pytest.mark.parametrize("path", ["{}.pdf", "{}/verify/"])
def test_an_unknown_check(client: Client, path: str) -> None:
    assert client.get("/site-checks/" + path.format("0" * 64)).status_code == 404


def test_without_the_font_a_sentence_says_so(client: Client, row: SiteCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "FONT_FILES", ())
    typeset._loaded.cache_clear()
    try:
        answer = pdf(client, row, "?language=en")
        assert answer.status_code == 503
        assert "fonts-wqy-microhei" in answer.content.decode()
        assert verdict(client, row, sha256="0" * 64)[0] == "unknown"
    finally:
        typeset._loaded.cache_clear()


# The page


def test_the_hashes_are_shown(client: Client, row: SiteCheck) -> None:
    made = overruled(row)
    _status, opened = page(client, row)
    for digest in (*row.sheets.values(), *made.sheets.values()):
        assert digest in opened.text
    links = {link.attributes["href"] for link in opened.all("a", href=True)}
    assert f"/site-checks/{row.key}.pdf?language=en&revision=0" in links
    assert f"/site-checks/{row.key}/" in links


def test_a_sheet_verifies_and_one_changed_byte_does_not(client: Client, row: SiteCheck) -> None:
    content = pdf(client, row, "?language=zh-hans").content
    state, said = verdict(client, row, file=upload(content))
    assert state == "unchanged"
    assert "Chinese, revision 0" in said
    for place in (0, len(content) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 1
        assert verdict(client, row, file=upload(bytes(changed)))[0] == "changed"
    assert verdict(client, row, file=upload(content + b"\n"))[0] == "changed"
    assert verdict(client, row, file=upload(content[:1000]))[0] in {"changed", "unknown"}


def test_a_hash_verifies_however_it_is_pasted(client: Client, row: SiteCheck) -> None:
    digest = row.sheets["en"]
    for pasted in (digest, f"  {digest.upper()}\n", f"{digest[:32]} {digest[32:]}"):
        state, said = verdict(client, row, sha256=pasted)
        assert (state, "English, revision 0" in said) == ("unchanged", True)
    assert verdict(client, row, sha256="0" * 64)[0] == "unknown"


def test_an_older_revision_is_superseded(client: Client, row: SiteCheck) -> None:
    content = pdf(client, row, "?language=en").content
    made = overruled(row)
    assert verdict(client, row, file=upload(content))[0] == "superseded"
    assert verdict(client, row, sha256=row.sheets["zh-hans"])[0] == "superseded"
    assert verdict(client, row, sha256=made.sheets["zh-hans"])[0] == "unchanged"


def test_the_sheet_of_another_check_is_named(client: Client, row: SiteCheck) -> None:
    SiteCheck.objects.filter(pk=row.pk).update(key="ab" * 32)  # the other one; its release is not loaded twice
    other = SiteCheck.objects.get(pk=row.pk)
    content = pdf(client, other, "?language=en").content
    check = SiteCheck.objects.create(
        key="cd" * 32, as_of=row.as_of, geom=row.geom, question=row.question, answer=row.answer, sheets=row.sheets
    )
    state, said = verdict(client, check, file=upload(content))
    assert state == "other"
    assert "abababababab" in said


def test_what_the_portal_set_otherwise_before_still_verifies(client: Client, row: SiteCheck) -> None:
    """The recorded hash is that of an earlier version of the portal: file and hash of the new bytes are known all the same."""
    content = pdf(client, row, "?language=en").content
    SiteCheck.objects.filter(pk=row.pk).update(sheets={"zh-hans": "1" * 64, "en": "2" * 64})
    for posted in ({"file": upload(content)}, {"sha256": sha256(content).hexdigest()}):
        state, said = verdict(client, row, **posted)
        assert state == "unchanged"
        assert "as this version of the portal sets it" in said
    assert verdict(client, row, sha256="2" * 64)[0] == "unchanged"


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"%PDF-1.4\n%%EOF", b"site-check " + b"f" * 63, b"<script>alert(1)</script>"]
)
def test_any_file_is_answered(client: Client, row: SiteCheck, content: bytes) -> None:
    status, _opened = page(client, row, file=upload(content))
    assert status in {200, 400}


def test_a_claim_that_cannot_be_is_not_believed(client: Client, row: SiteCheck) -> None:
    for claim in (f"{row.key} fr revision 0", f"{row.key} en revision 999999"):
        assert verdict(client, row, file=upload(f"site-check {claim}".encode()))[0] == "changed"


def test_a_large_file_is_refused(client: Client, row: SiteCheck) -> None:
    for size in (5_050_000, 6_000_000):
        status, opened = page(client, row, file=upload(b"x" * size))
        assert status == 413
        assert "5 MB" in opened.all(role="alert")[0].text


@pytest.mark.parametrize("posted", [{"sha256": ""}, {"sha256": "xyz"}, {"sha256": "é" * 64}, {"sha256": "<img onerror=x>"}])
def test_what_is_no_hash(client: Client, row: SiteCheck, posted: dict[str, str]) -> None:
    status, opened = page(client, row, **posted)
    assert status == 400
    assert opened.all(role="alert")


def test_the_form_needs_its_token(row: SiteCheck) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/site-checks/{row.key}/verify/", {"sha256": "0" * 64}).status_code == 403


def test_verifying_writes_nothing(client: Client, row: SiteCheck) -> None:
    before = SiteCheck.objects.values().get(pk=row.pk)
    page(client, row, sha256=row.sheets["en"])
    assert SiteCheck.objects.values().get(pk=row.pk) == before
    assert not Overruling.objects.exists()

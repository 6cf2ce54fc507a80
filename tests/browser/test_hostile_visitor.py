"""Two visitors of a hosted app, of whom one tries what SECURITY.md says that nobody can."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.ui.kit.visitor import COOKIE
from attnviz.ui.pages.training.start_run import live_recipe
from tests.browser.conftest import SHARP, App, hosted_at
from tests.browser.forging import ForgingTab
from tests.browser.test_visit import add_photo
from tests.browser.waiting import at_rest
from tests.servers import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAIT = 90_000
SECRET = "root:x:0:0"


@dataclass(frozen=True)
class Victim:
    """A visitor with a photo and a paused training; and whoever is after them knows this much."""

    page: Page
    checksum: str
    uploads: list[str]
    run: Path


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A hosted app that lets visitors train, and has trainings of its own."""
    folder = tmp_path_factory.mktemp("hosted")
    (folder / "tmp").mkdir()
    waiting_run(folder / "runs" / "of the operator")
    with hosted_at(folder / "log.txt", free_port(), {}, TMPDIR=str(folder / "tmp")) as app:
        yield app


@pytest.fixture(scope="module")
def victim(chromium: Browser, hosted: App) -> Iterator[Victim]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "PUT" else None)
    page.goto(f"{hosted.url}?{SHARP}")
    add_photo(page, "passport.jpg")
    checksum = re.search(r"picture=([0-9a-f]{64})", page.url)
    assert checksum is not None
    (token,) = [one["value"] for one in context.cookies() if one["name"] == COOKIE]
    (folders,) = (hosted.log.parent / "tmp").glob("attnviz-visitors-*")
    run = folders / hashlib.sha256(token.encode()).hexdigest()[:32] / "runs" / "of the victim"
    waiting_run(run)
    yield Victim(page, checksum[1], sent, run)
    context.close()


def waiting_run(run: Path) -> None:
    run.mkdir(parents=True)
    Job(live_recipe("ran-cifar", 1, 32).to_json(), "/data", 32).write(run)
    RunState(RunPhase.PAUSED, 5, 10).write(run)


@pytest.fixture
def hostile(chromium: Browser, victim: Victim) -> Iterator[BrowserContext]:
    """The browser of somebody else."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def everything(page: Page) -> str:
    """All that a page shows, and all that it lists."""
    at_rest(page, WAIT)
    return page.content() + page.locator("body").inner_text()


def untouched(victim: Victim) -> None:
    """The victim's photo and training are what they were, in the victim's own tab as well."""
    assert RunState.read(victim.run).phase is RunPhase.PAUSED
    assert not {"pause", "cancel", "dismissed"} & {one.name for one in victim.run.iterdir()}
    victim.page.reload()
    mine = victim.page.get_by_role("radio", name="passport.jpg", exact=True)
    expect(mine).to_be_checked()
    expect(victim.page.get_by_role("radio", name="planted")).to_have_count(0)


def test_links_open_no_file_and_nothing_of_others(
    hostile: BrowserContext, victim: Victim, hosted: App
) -> None:
    page = hostile.new_page()
    up = "../" * 8 + "etc/passwd"
    links = {
        f"Focus?picture={victim.checksum}": "The photo of this page is not here",
        f"Focus?picture={up}": "The photo of this page is not here",
        f"Focus?picture=sample:{up}": "asks for a sample photo that is not here",
        f"Focus?model={up}.safetensors&look=../..&layer=../..&target=photo:{victim.checksum}": "",
        f"Training?run=live of the victim&run beside={up}": "Nobody can train on this server",
        f"Training?run=live {victim.run}&run beside=live of the operator": "Nobody can train",
        f"People?folder=/etc&photo={up}": "",
        "Focus?model=resnet18": "",
    }
    for link, said in links.items():
        page.goto(f"{hosted.url}/{link}&{SHARP}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        shown = everything(page)
        assert said in shown, link
        for never in (SECRET, "passport.jpg", "of the victim", "of the operator", "Download Res"):
            assert never not in shown.replace(up, ""), (link, never)
    assert not list(hosted.log.parent.glob("**/*.partial"))
    assert hosted.errors() == ""
    untouched(victim)


def test_no_page_takes_or_lists_a_path_or_trains(
    hostile: BrowserContext, victim: Victim, hosted: App
) -> None:
    page = hostile.new_page()
    for name in ("Training", "People", "Focus"):
        page.goto(f"{hosted.url}/{name}?{SHARP}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        at_rest(page, WAIT)
        expect(page.get_by_role("textbox", name=re.compile("older|ath"))).to_have_count(0)
        expect(page.get_by_role("combobox", name="Go into")).to_have_count(0)
        expect(
            page.get_by_role("button", name=re.compile("^(Train|Resume|Cancel)$"))
        ).to_have_count(0)
    untouched(victim)


def test_values_that_no_widget_offers_are_refused(
    hostile: BrowserContext, victim: Victim, hosted: App
) -> None:
    """What the browser says is forged: other networks and runs, and widgets that are not there."""
    page = hostile.new_page()
    tab = ForgingTab(page)
    page.goto(f"{hosted.url}/Focus?{SHARP}")
    expect(page.get_by_role("radio", name="Temple")).to_be_checked()
    at_rest(page, WAIT)
    for name in ("resnet18", "/etc/passwd.safetensors", "resnet18=/etc/passwd", "../../x"):
        tab.claim(model=name)
        page.wait_for_timeout(500)
        shown = everything(page)
        assert SECRET not in shown
        assert "Download" not in shown
    page.goto(f"{hosted.url}/Training")
    expect(page.get_by_role("heading", level=1, name="Training")).to_be_visible()
    at_rest(page, WAIT)
    for name in ("live of the victim", "live of the operator", f"live {victim.run}", "/etc"):
        tab.claim(run=name, **forged_form())
        page.wait_for_timeout(500)
        shown = everything(page)
        assert "of the victim" not in shown
        assert "of the operator" not in shown
    runs = {one.parent.name for one in hosted.log.parent.glob("**/job.json")}
    assert runs == {"of the victim", "of the operator"}
    untouched(victim)


def forged_form() -> dict[str, object]:
    """The fields of the form that starts trainings, as a local app would show them."""
    names = ("live pictures", "live folder", "live here", "live open", f"Cancel {'x' * 32}")
    return {f"$$ID-{hashlib.md5(one.encode()).hexdigest()}-{one}": "/etc" for one in names}


def test_uploads_and_files_of_another_session_are_out_of_reach(
    hostile: BrowserContext, victim: Victim, hosted: App
) -> None:
    page = hostile.new_page()
    tab = ForgingTab(page)
    page.goto(f"{hosted.url}?{SHARP}")
    expect(page.get_by_role("radio", name="Temple")).to_be_checked()
    at_rest(page, WAIT)
    base = f"{hosted.url}/_stcore/upload_file"
    guessed = f"{base}/{uuid.uuid4()}/{uuid.uuid4()}"
    assert asked(page, "PUT", guessed) == 400
    (known,) = victim.uploads  # as if it had leaked: session and file, in the victim's own words
    own = f"{base}/{tab.session}/{known.rpartition('/')[2]}"
    assert asked(page, "PUT", own, token=False) == 403
    for address in (guessed, own, known):
        assert "<title>" in page.request.get(address).text()  # the app itself, and no file
        asked(page, "DELETE", address)
    asked(page, "PUT", known)
    for kind in ("jpg", "jpeg", "png"):
        for name in (victim.checksum, victim.checksum[:56]):
            assert asked(page, "GET", f"{hosted.url}/media/{name}.{kind}") == 404
    for way in ("media", "app/static", "_stcore/bidi-components/attnviz.viewer", "component/x", ""):
        for up in ("../", "..%2f", "%2e%2e/", "..\\"):
            text = page.request.get(f"{hosted.url}/{way}/{up * 9}etc/passwd").text()
            assert SECRET not in text, (way, up)
    untouched(victim)


def asked(page: Page, method: str, address: str, *, token: bool = True) -> int:
    """What the server answers to a request of the page's own script, with a planted photo."""
    return int(
        page.evaluate(
            """async ([method, address, token]) => {
                const own = document.cookie.match(/_streamlit_xsrf=([^;]*)/)?.[1] ?? "";
                const body = new FormData();
                body.append("file", new Blob(["x"]), "planted.jpg");
                const answer = await fetch(address, {
                    method,
                    headers: token ? { "X-Xsrftoken": own } : {},
                    body: method === "PUT" ? body : undefined,
                });
                return answer.status;
            }""",
            [method, address, token],
        )
    )

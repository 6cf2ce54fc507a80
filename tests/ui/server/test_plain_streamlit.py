"""What `streamlit run` starts: `app.py` is the server that counts, and a page by itself is not."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from attnviz.ui.server.held import UploadQuota
from benchmarks.visitor_tab import VisitorTab, VisitorTabError
from tests.paths import PAGES, ROOT
from tests.servers import OFFLINE, free_port, running
from tests.ui.server.test_guard import tab

pytestmark = pytest.mark.slow


@contextmanager
def streamlit_run(script: Path, folder: Path, *options: str, **own: str) -> Iterator[int]:
    """A script as a user starts it; the port that it listens to."""
    port = free_port()
    command = [
        sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", *options,
    ]  # fmt: skip
    address = f"http://127.0.0.1:{port}/_stcore/health"
    with running(
        command, address, folder / "log.txt", folder=ROOT, own=OFFLINE | own, patience=180
    ):  # fmt: skip
        yield port


async def told(address: str) -> list[str]:
    visitor = VisitorTab(address)
    await visitor.open()
    await visitor.close()
    with pytest.raises(VisitorTabError, match="no file_uploader"):
        visitor.element("file_uploader", "New photos or videos")
    return visitor.texts()


def test_a_page_of_a_hosted_app_by_itself_serves_nobody_and_names_the_right_command(
    tmp_path: Path,
) -> None:
    page = PAGES / "2_Layers.py"
    with (
        streamlit_run(page, tmp_path, "--server.headless=true", ATTNVIZ_MODE="hosted") as port,
        ThreadPoolExecutor(1) as thread,  # this one may have a browser's event loop
    ):
        (message,) = thread.submit(asyncio.run, told(f"http://127.0.0.1:{port}")).result()
    plain = message.replace("\\", "")
    assert plain.startswith("Nobody is served here: this page was started by itself")
    assert "attnviz app --mode hosted" in plain


def test_the_app_on_ones_own_computer_opens_the_browser_and_counts_what_is_sent(
    tmp_path: Path,
) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened.txt"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{opened}"\n')
    browser.chmod(0o755)
    options = {"BROWSER": f"{browser} %s", "HOME": str(tmp_path)}  # nobody has used Streamlit here
    with streamlit_run(ROOT / "app.py", tmp_path, "--server.headless=false", **options) as port:
        with tab(port) as sender:
            most = UploadQuota.of_one_person().session_bytes
            assert sender.announce(None) == (411, "Uploads say how long they are.")
            assert sender.announce(most + 1) == (413, f"A file may have {most >> 20} MB here.")
            assert sender.put(100_000) == 204
        end = time.monotonic() + 60
        while not opened.is_file() and time.monotonic() < end:
            time.sleep(0.1)
        assert opened.read_text().strip() == f"http://127.0.0.1:{port}"

"""A hosted app that `streamlit run` has started, past the server that counts."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.visitor_tab import VisitorTab, VisitorTabError
from tests.paths import ROOT
from tests.servers import OFFLINE, free_port, running


async def told(address: str) -> list[str]:
    tab = VisitorTab(address)
    await tab.open()
    await tab.close()
    with pytest.raises(VisitorTabError, match="no file_uploader"):
        tab.element("file_uploader", "New photos or videos")
    return tab.texts()


@pytest.mark.slow
def test_it_serves_nobody_and_names_the_right_command(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}",
        "--server.headless=true",
    ]  # fmt: skip
    with (
        running(
            command,
            f"{address}/_stcore/health",
            tmp_path / "log.txt",
            folder=ROOT,
            own=OFFLINE | {"ATTNVIZ_MODE": "hosted"},
            patience=180,
        ),
        ThreadPoolExecutor(1) as thread,
    ):  # fmt: skip  (this one may have a browser's event loop)
        shown = thread.submit(asyncio.run, told(address)).result()
    (message,) = shown
    plain = message.replace("\\", "")
    assert plain.startswith("Nobody is served here: started by streamlit run")
    assert "attnviz app --mode hosted" in plain

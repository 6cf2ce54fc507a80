"""What holds for all pages."""

from __future__ import annotations

import subprocess
import sys


def test_pandas_is_whole_before_any_page_draws_a_chart() -> None:
    code = "import sys, attnviz.ui.app; print('pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "True"

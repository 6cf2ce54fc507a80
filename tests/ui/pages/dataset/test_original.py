"""The file behind a row: a hosted app has a worker open it, if it is what was looked at."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.batch.picture_file import PictureFile
from attnviz.decoding import pool as pools
from attnviz.errors import PictureError
from attnviz.ui.pages.dataset.original import RowPicture, _shown
from tests.pictures.files import encoded


def test_a_hosted_app_has_a_worker_open_a_picture_of_a_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    pools._made.cache_clear()
    noise = np.random.default_rng(6).integers(0, 256, (40, 60, 3), np.uint8)
    photo = encoded(Image.fromarray(noise), "PNG")
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr("a/one.png", photo)
    file = PictureFile(str(tmp_path / "mine.zip"), "a/one.png")
    checksum = hashlib.sha256(photo).hexdigest()
    try:
        with pytest.raises(PictureError, match="has changed since"):
            _shown(file.name, "0" * 64, file)
        assert not pools.workers()._workers._kept, "another file is not decoded at all"
        shown = _shown(file.name, checksum, file)
        np.testing.assert_array_equal(shown.pixels, noise)
        assert (shown.name, shown.sha256) == ("one.png", checksum)
        assert [one.checksum for one in pools.workers()._workers._kept] == [checksum]
        np.testing.assert_array_equal(RowPicture(shown, file, checksum).whole().pixels, noise)
        with pytest.raises(PictureError, match="has changed since"):
            RowPicture(shown, file, "0" * 64).whole()
    finally:
        pools.workers().close()
        pools._made.cache_clear()

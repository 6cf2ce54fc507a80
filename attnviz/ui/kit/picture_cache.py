"""Pictures at display size that all sessions share, and their thumbnails.

Keys are names and checksums; contents and pictures are passed with a leading underscore, so that
Streamlit does not try to hash them.
"""

from __future__ import annotations

from attnviz.decoding.uploads import open_upload
from attnviz.pictures import Picture, open_sample
from attnviz.pictures.limits import MEGABYTE
from attnviz.ui.components.thumbnails.packing import thumbnail_jpeg
from attnviz.ui.kit.shared import CacheShelf, shared

SHOWN_SIDE = 1280
MOST_VALUES = 16 * MEGABYTE


@shared(CacheShelf.PICTURES, elsewhere=True)
def shown_upload(checksum: str, name: str, _source: bytes) -> Picture:
    """Open an uploaded picture at display size.

    Parameters
    ----------
    checksum : str
        SHA-256 of the file.
    name : str
        Name of the file.
    _source : bytes
        Content of the file.

    Returns
    -------
    Picture
        At most `SHOWN_SIDE` px on the longer side.

    Raises
    ------
    PictureError
        If the file is neither a picture nor a video, or too large.

    Notes
    -----
    The full-size picture (150 MB for 50 megapixels) is not cached, but opened again for saving.
    The values of a file's own channels are kept up to 16 MB. What cannot be opened is remembered by
    the workers that tried.
    """
    opened = open_upload(_source, name=name, checksum=checksum, longest=SHOWN_SIDE)
    return opened.lightened(MOST_VALUES)


@shared(CacheShelf.PICTURES)
def shown_sample(name: str) -> Picture:
    """Open a sample photo at display size."""
    return open_sample(name).reduced(SHOWN_SIDE)


@shared(CacheShelf.PICTURES)
def thumbnail(checksum: str, _picture: Picture) -> bytes:
    """Make the JPEG thumbnail of a picture for the row of pictures."""
    del checksum
    return thumbnail_jpeg(_picture.pixels)

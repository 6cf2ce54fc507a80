"""Photos of channels, windows and slices: what can be chosen, and what is shown then."""

from __future__ import annotations

from attnviz.decoding.choices import Choices
from attnviz.decoding.uploads import open_upload, upload_choices
from attnviz.pictures import Picture
from attnviz.pictures.presentation import Presentation
from attnviz.ui.kit.picture_cache import MOST_VALUES, SHOWN_SIDE
from attnviz.ui.kit.shared import CacheShelf, shared


@shared(CacheShelf.PICTURES, elsewhere=True)
def choices_of(checksum: str, name: str, _source: bytes) -> Choices | None:
    """Return what can be chosen of a file; None for a photo, which has nothing to choose.

    Parameters
    ----------
    checksum : str
        SHA-256 of the file.
    name : str
        Its name.
    _source : bytes
        Its content.

    Returns
    -------
    Choices or None
    """
    return upload_choices(_source, name=name, checksum=checksum)


@shared(CacheShelf.PICTURES, elsewhere=True)
def presented_upload(
    checksum: str, name: str, texts: tuple[str, str, str], _source: bytes
) -> Picture:
    """Open an uploaded file with the chosen channels, window and slice at display size.

    Parameters
    ----------
    checksum : str
        SHA-256 of the file.
    name : str
        Its name.
    texts : (str, str, str)
        From `Presentation.texts`.
    _source : bytes
        Its content.

    Returns
    -------
    Picture
        As from `shown_upload`.

    Raises
    ------
    PictureError
        If there is no such channel or slice.
    """
    wanted = Presentation.parse(*texts)
    opened = open_upload(_source, wanted, name=name, checksum=checksum, longest=SHOWN_SIDE)
    return opened.lightened(MOST_VALUES)

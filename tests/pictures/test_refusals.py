"""What cannot be opened: one sentence that names the file, the reason and the remedy."""

from __future__ import annotations

import gzip
import re
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures import Picture, PictureLimits, open_picture
from tests.pictures.files import encoded, png, rgb, tiff

NOISE = np.random.default_rng(3).integers(0, 256, (24, 24, 3), np.uint8)
NIFTI = b"\x5c\1\0\0".ljust(344, b"\0") + b"n+1\0" + bytes(4)
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIC", "AVIF")


def refusal(source: object, name: str | None = None) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(source, name=name)  # type: ignore[arg-type]
    text = str(caught.value)
    assert re.fullmatch(r"[^\n]{20,400}[.]|[^\n]{20,400}: pip install \S+", text), text
    return text


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (bytes(128) + b"DICM\2\0\0\0UL", "a DICOM file"),
        (b"\2\0\0\0UL\4\0", "a DICOM file"),
        (NIFTI, "a NIfTI volume"),
        (gzip.compress(NIFTI + bytes(900), mtime=0), "a NIfTI volume"),
        (b"\x1c\2\0\0n+2\0\r\n\x1a\n".ljust(540, b"\0"), "a NIfTI volume"),
    ],
)
def test_a_damaged_scientific_file_is_named(content: bytes, what: str) -> None:
    assert what in refusal(content, "scan")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"not a picture at all", "a text file"),
        ("Grüße, kein Bild".encode(), "a text file"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>404</html>", "a web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"8BPS\0\x01", "a Photoshop file"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "a video or another media file"),
        (b"\0\x01\x02\x03\x04", "of an unknown kind"),
        (b"P5 players and a ball", "a text file"),
        (b"P7\nWIDTH 1\n", "a PAM picture"),
        (gzip.compress(b"a text", mtime=0), "a compressed archive"),
        (b"\x76\x2f\x31\x01\2\0\0\0", "an OpenEXR picture"),
        (b"SIMPLE  =                    T", "a FITS file"),
        (b"\x93NUMPY\1\0", "a NumPy array"),
    ],
)
def test_another_kind_of_file_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    text = refusal(path)
    assert text.startswith(f"holiday.jpg is {what}, not a picture")
    assert "Save it as JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF." in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_off_file_says_so(kind: str) -> None:
    data = encoded(Image.fromarray(NOISE), kind)
    title = {"WEBP": "WebP"}.get(kind, kind)
    text = refusal(data[: len(data) * 6 // 10], name="dog")
    assert text == (
        f"dog is damaged, cut off or of a rare kind: it begins as {title}, but cannot be decoded. "
        "Download it again, or save it again as JPEG or PNG."
    )


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    assert refusal(path) == f"{path} is empty (0 bytes). Save or download it again."
    assert refusal(b"", name="x.png").startswith("x.png is empty")


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.jpg") == f"There is no file {tmp_path}/no.jpg. Check the path."
    assert refusal(tmp_path) == f"{tmp_path} is a folder. Choose a picture in it."
    assert "its path is not valid" in refusal("a\0b.jpg")
    assert refusal("") == "The path of the picture is empty. Choose a file."
    assert "cannot be read" in refusal("x" * 5000)
    assert len(refusal("x" * 5000)) < 450


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4), np.uint8), ("[4, 4]", "[H, W, 3]")),
        (np.zeros((4, 4, 4), np.uint8), ("[4, 4, 4]", "alpha")),
        (np.zeros((1, 4, 4, 3), np.uint8), ("[1, 4, 4, 3]",)),
        (np.zeros((4, 4, 3), np.float32), ("float32", "uint8", "astype")),
        (np.zeros((4, 4, 3), np.int64), ("int64",)),
        (np.zeros((0, 4, 3), np.uint8), ("0 rows",)),
    ],
)
def test_arrays_of_another_kind(array: np.ndarray, words: tuple[str, ...]) -> None:
    text = refusal(array, name="frame 7")
    assert text.startswith("frame 7 ")
    assert all(word in text for word in words)
    with pytest.raises(PictureError):
        Picture(array, "frame 7", "0" * 64)


@pytest.mark.parametrize("source", [None, 7, [[1, 2, 3]], BytesIO(b"abc")])
def test_things_that_are_no_source(source: object) -> None:
    assert type(source).__name__ in refusal(source)


def test_pillow_images_that_cannot_be_decoded() -> None:
    assert "nothing to see" in refusal(Image.new("RGB", (0, 3)))
    data = encoded(Image.fromarray(NOISE), "PNG")
    cut = Image.open(BytesIO(data[: len(data) // 2]))
    assert "cannot be decoded" in refusal(cut, name="cut")
    closed = Image.open(BytesIO(data))
    closed.close()
    assert "still open" in refusal(closed)


def test_an_image_that_grows_while_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.new("RGB", (2, 2))
    monkeypatch.setattr(image, "load", lambda: setattr(image, "_size", (9000, 9000)))
    assert "9000 x 9000 pixels" in refusal(image)


def test_16_bit_planes_are_read_instead_of_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.asarray([65535, 32896, 255], "<u2").tobytes()
    tags = {256: (1,), 257: (1,), 258: (16, 16, 16), 262: (2,), 277: (3,)}
    assert open_picture(tiff(values, tags)).pixels.tolist() == [[[255, 128, 0]]]
    planes = tiff(values, {**tags, 284: (2,)})
    picture = open_picture(planes)
    assert picture.pixels.tolist() == [[[255, 128, 1]]]
    assert picture.channels is not None
    assert picture.channels.values.tolist() == [[[65535, 32896, 255]]]
    monkeypatch.setitem(sys.modules, "tifffile", None)
    assert "interleaved" in refusal(planes)


def test_markup_in_a_name_stays_plain_text() -> None:
    name = "<img src=x onerror=alert(1)>.jpg"
    assert refusal(b"text", name=name).startswith(name + " is a text file")
    assert open_picture(encoded(rgb([(1, 2, 3)]), "PNG"), name=name).name == name


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_garbled_files_raise_nothing_but_picture_errors(kind: str) -> None:
    data = encoded(Image.fromarray(NOISE), kind)
    random = np.random.default_rng(11)
    limits = PictureLimits(max_bytes=10_000, max_pixels=100_000)
    outcomes = set()
    for _ in range(60):
        garbled = bytearray(data)
        for at in random.integers(0, len(data), random.integers(1, 12)):
            garbled[at] = random.integers(0, 256)
        if random.random() < 0.3:
            del garbled[random.integers(1, len(data)) :]
        try:
            outcomes.add(open_picture(bytes(garbled), limits=limits).pixels.dtype.name)
        except PictureError:
            outcomes.add("refused")
    assert "refused" in outcomes
    assert outcomes <= {"refused", "uint8"}


def test_a_text_block_that_unpacks_to_gigabytes_is_refused() -> None:
    import zlib

    from tests.pictures.files import chunk

    bomb = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(50_000_000), 9))
    assert "damaged" in refusal(png(1, 8, 0, [b"\0"], bomb))

"""DICOM and NIfTI are opened in their real units, upright, and in the window they ask for."""

from __future__ import annotations

import gzip
from io import BytesIO
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from attnviz.errors import PictureError
from attnviz.pictures import PictureLimits, open_picture
from attnviz.pictures.open_channels import open_channels

STORED = np.arange(12, dtype=np.int16).reshape(3, 4) * 100


def dicom(values: np.ndarray | None, **attributes: Any) -> bytes:
    file = pydicom.Dataset()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    file.file_meta = meta
    file.SOPClassUID, file.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    file.Modality, file.PhotometricInterpretation, file.SamplesPerPixel = "CT", "MONOCHROME2", 1
    if values is not None:
        file.Rows, file.Columns = values.shape[-2:]
        file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 16, 15, 1
        file.PixelData = values.astype("<i2").tobytes()
    for name, value in attributes.items():
        setattr(file, name, value)
    stream = BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def test_a_ct_is_in_hounsfield_units_and_in_its_window() -> None:
    data = dicom(
        STORED, RescaleSlope="2", RescaleIntercept="-1024", WindowCenter=["40", "300"],
        WindowWidth=["400", "1500"],
    )  # fmt: skip
    for picture in (open_picture(data, name="ct"), open_channels(data, name="ct")):
        assert picture.channels is not None
        units = STORED * 2.0 - 1024
        np.testing.assert_array_equal(picture.channels.values[..., 0], units)
        wanted = np.clip((units - (39.5 - 199.5)) / 399, 0, 1) * 255
        np.testing.assert_array_equal(picture.pixels[..., 0], np.rint(wanted))
        assert picture.notes[0].startswith("Shown: CT from -160 to 239;")
    bones = open_channels(data, window=(-450, 1050))
    wanted = np.clip((units + 450) / 1500, 0, 1) * 255
    np.testing.assert_array_equal(bones.pixels[..., 1], np.rint(wanted))


def test_x_ray_film_is_dark_where_values_are_high() -> None:
    data = dicom(STORED, PhotometricInterpretation="MONOCHROME1")
    plain = open_picture(dicom(STORED))
    film = open_picture(data)
    assert np.abs(film.pixels.astype(int) + plain.pixels - 255).max() <= 1
    assert film.channels is not None
    np.testing.assert_array_equal(film.channels.values[..., 0], STORED)


def test_frames_are_slices() -> None:
    frames = np.stack([STORED, STORED + 7])
    picture = open_channels(dicom(frames, NumberOfFrames="2"), place=1)
    assert picture.channels is not None
    assert picture.channels.slices == 2
    np.testing.assert_array_equal(picture.channels.values[..., 0], STORED + 7)


def test_a_dicom_without_pixels_says_so() -> None:
    with pytest.raises(PictureError, match="report is a DICOM file without pixels, such as"):
        open_picture(dicom(None), name="report")


def test_a_dicom_that_is_too_large_or_cut_off_is_refused() -> None:
    with pytest.raises(PictureError, match="megapixels"):
        open_picture(dicom(STORED), name="ct", limits=PictureLimits(max_pixels=5))
    with pytest.raises(PictureError, match="cut off or of a rare kind"):
        open_picture(dicom(STORED)[:-8], name="ct")


def nifti(values: np.ndarray, affine: np.ndarray | None = None, *, second: bool = False) -> bytes:
    kind = nibabel.Nifti2Image if second else nibabel.Nifti1Image
    return kind(values, np.eye(4) if affine is None else affine).to_bytes()


VOLUME = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)  # right, front, up


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("second", [False, True])
def test_a_volume_is_stepped_through_from_feet_to_head(pack: Any, second: bool) -> None:
    picture = open_channels(pack(nifti(VOLUME, second=second)), place=3)
    assert picture.channels is not None
    assert picture.channels.slices == 4
    # The top row is the front, and the left column the person's right.
    assert picture.channels.values[..., 0].tolist() == [
        [VOLUME[1, 2, 3], VOLUME[0, 2, 3]],
        [VOLUME[1, 1, 3], VOLUME[0, 1, 3]],
        [VOLUME[1, 0, 3], VOLUME[0, 0, 3]],
    ]


def test_a_volume_that_lies_otherwise_is_turned_upright() -> None:
    flipped = nifti(np.ascontiguousarray(VOLUME[::-1]), np.diag([-1.0, 1, 1, 1]))
    turned, plain = open_channels(flipped, place=1), open_channels(nifti(VOLUME), place=1)
    assert turned.channels is not None
    assert plain.channels is not None
    np.testing.assert_array_equal(turned.channels.values, plain.channels.values)


def test_volumes_of_several_measures_have_channels() -> None:
    several = np.stack([VOLUME, -VOLUME], -1)
    picture = open_channels(nifti(several), place=0, shown=1)
    assert picture.channels is not None
    assert picture.channels.count == 2
    np.testing.assert_array_equal(picture.channels.values[..., 0], -picture.channels.values[..., 1])


def test_a_volume_that_unpacks_without_end_is_refused() -> None:
    bomb = gzip.compress(nifti(np.zeros((1, 1, 1), np.float32)) + bytes(200_000))
    with pytest.raises(PictureError, match="unpacks to more than 66,336 bytes"):
        open_channels(bomb, limits=PictureLimits(max_pixels=100))
    with pytest.raises(PictureError, match="5 dimensions"):
        open_channels(nifti(np.zeros((1, 1, 1, 1, 2), np.float32)))


def test_scaled_values_are_those_that_are_meant() -> None:
    volume = nibabel.Nifti1Image(np.arange(4, dtype=np.int16).reshape(1, 2, 2), np.eye(4))
    volume.header.set_slope_inter(0.5, -1)
    plain = bytearray(volume.to_bytes())
    plain[112:120] = np.array([0.5, -1], "<f4").tobytes()  # it writes its own scale otherwise
    picture = open_channels(bytes(plain), place=0)
    assert picture.channels is not None
    stored = nibabel.Nifti1Image.from_bytes(bytes(plain)).dataobj.get_unscaled()
    wanted = stored[:, :, 0].T[::-1, ::-1] * 0.5 - 1
    np.testing.assert_allclose(picture.channels.values[..., 0], wanted)

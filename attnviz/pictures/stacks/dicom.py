"""DICOM: medical pictures, with the window in which they are looked at."""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any

import numpy as np

from attnviz.errors import PictureError
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.other_files import describe_other
from attnviz.pictures.stacks.base import Stack, StackReader, check_count


def _is_dicom(data: bytes) -> bool:
    return describe_other(data) == "a DICOM file"


def _decode(pydicom: Any, data: bytes, name: str, limits: PictureLimits) -> Stack:
    """Values in their real units (Hounsfield's, of a CT), by the file's slope and intercept."""
    file = pydicom.dcmread(BytesIO(data), force=data[128:132] != b"DICM")
    if not any(key in file for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise PictureError(
            f"{name} is a DICOM file without pixels, such as a report or a plan. Choose one of the "
            "series' pictures."
        )
    slices, samples = int(file.get("NumberOfFrames") or 1), int(file.get("SamplesPerPixel") or 1)
    slope, intercept = _number(file.get("RescaleSlope")), _number(file.get("RescaleIntercept"))
    scaled = slope is not None and (slope, intercept or 0.0) != (1.0, 0.0)
    itemsize = 4 if scaled else math.ceil(int(file.BitsAllocated) / 8)
    check_count((slices, int(file.Rows), int(file.Columns), samples), itemsize, limits, name)
    values = np.asarray(file.pixel_array)
    values = values if slices > 1 else values[None]
    if slope is not None and scaled:
        values = values.astype(np.float32) * np.float32(slope) + np.float32(intercept or 0.0)
    centre, width = _number(file.get("WindowCenter")), _number(file.get("WindowWidth"))
    window = None
    if centre is not None and width is not None and width > 1 and samples == 1:
        # DICOM PS3.3 C.11.2.1.2.1: a window of width w around c is c - 0.5 -+ (w - 1) / 2.
        window = centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
    inverted = file.get("PhotometricInterpretation") == "MONOCHROME1"
    names = (str(file.get("Modality") or "grey"),) if samples == 1 else ()
    return Stack(values, names, window, inverted)


def _number(value: Any) -> float | None:
    """The first of several numbers, or the only one; None if there is none."""
    if value is None or value == "":
        return None
    several = not isinstance(value, (str, int, float)) and hasattr(value, "__len__")
    first = value[0] if several and len(value) else value
    return None if several and not len(value) else float(first)


DICOM = StackReader("a DICOM file", "pydicom", _is_dicom, _decode)

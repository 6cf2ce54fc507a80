"""The eye: a component that samples the picture as a retina does.

The browser draws the photo for any gaze and any distance with the same formulas as
`attnviz.vision.foveation`; moving the gaze and playing a scanpath need no server.
"""

from __future__ import annotations

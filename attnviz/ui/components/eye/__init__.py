"""The page "Eye": a component that samples the picture as a retina does, and what goes with it.

The browser draws the photo for any gaze and any distance itself, with the same sums as
`attnviz.vision.foveation`; moving the gaze and playing a scanpath ask the server nothing.
"""

from __future__ import annotations

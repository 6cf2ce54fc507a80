"""What can be saved of the page "Features"."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.analysis.features import PatchFeatures
from attnviz.export.feature_files import PaintedFeatures
from attnviz.export.several import SeveralSources
from attnviz.metrics.feature_space import PrincipalBasis, principal_colours
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.names import file_stem
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.savable import ExplainedLater
from attnviz.ui.kit.save_menu import Savable, save_menu


def offer_files(
    photos: Sequence[Photo],
    model: VisionModel,
    found: Sequence[PatchFeatures],
    bases: Sequence[PrincipalBasis],
) -> None:
    """Show the menu with the features of each photo, and a report of where the model looks.

    Parameters
    ----------
    photos : sequence of Photo
        The photos.
    model : VisionModel
        The network.
    found : sequence of PatchFeatures
        Their features.
    bases : sequence of PrincipalBasis
        The basis of each picture, or the only one of all.
    """

    def painted_at(index: int) -> Savable:
        photo = photos[index]
        return Savable(
            PaintedFeatures,
            lambda: painted(index, found, bases),
            file_stem(photo.title),
            photo.title,
        )

    def report() -> SeveralSources:
        return SeveralSources(tuple(ExplainedLater(one, model).source() for one in photos))

    shown = [painted_at(index) for index in range(len(photos))]
    stem = file_stem(photos[0].title)
    save_menu([*shown, Savable(SeveralSources, report, stem, "Report")], key="features-files")


def painted(
    index: int, found: Sequence[PatchFeatures], bases: Sequence[PrincipalBasis]
) -> PaintedFeatures:
    """Return one photo's features with their components on the basis that is shown."""
    one, shared = found[index], len(bases) < len(found)
    basis = bases[0 if shared else index]
    values = basis.components(one.values)
    facts = one.provenance | {"basis": f"of {len(found)} pictures" if shared else "its own"}
    together = [basis.components(other.values) for other in found] if shared else [values]
    colours = principal_colours(*together)[index if shared else 0]
    return PaintedFeatures(one.values, values, colours, one.geometry, facts)

"""Cached results of the page "Features", each cache with a size limit."""

from __future__ import annotations

from attnviz.analysis.features import PatchFeatures, feature_layers, features, shared_basis
from attnviz.metrics.feature_space import PrincipalBasis, principal_colours
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.ui.components.feature_board import BoardPicture, pack
from attnviz.ui.kit.shared import CacheShelf, shared

Key = tuple[str, ...]
COMPONENTS = 3


def layers_of(model: VisionModel, picture: Picture) -> tuple[str, ...]:
    """Return the layers to choose from; which there are may depend on the picture's shape."""
    shape = "x".join(map(str, model.preprocess.geometry(picture).input_size))
    return _layers((*model.key, shape), model, picture)


@shared(CacheShelf.EXPLANATIONS)
def _layers(key: Key, _model: VisionModel, _picture: Picture) -> tuple[str, ...]:
    del key
    return feature_layers(_model, _picture)


@shared(CacheShelf.EXPLANATIONS)
def features_of(key: Key, _model: VisionModel, _picture: Picture, layer: str) -> PatchFeatures:
    """Compute the features of a picture.

    Parameters
    ----------
    key : tuple of str
        Determines picture and network.
    _model : VisionModel
        The network.
    _picture : Picture
        The picture.
    layer : str
        Name of the layer.

    Returns
    -------
    PatchFeatures
        The features.
    """
    del key
    return features(_model, _picture, layer)


@shared(CacheShelf.PAYLOADS)
def packed_board(
    key: Key, together: bool, _names: tuple[str, ...], _found: tuple[PatchFeatures, ...]
) -> tuple[bytes, tuple[PrincipalBasis, ...]]:
    """Find the principal components, and pack all for the browser.

    Parameters
    ----------
    key : tuple of str
        Determines the pictures, their names, the network and the layer.
    together : bool
        Whether all pictures share one basis.
    _names : tuple of str
        Name of each picture.
    _found : tuple of PatchFeatures
        Their features.

    Returns
    -------
    tuple
        The board's blob, and the basis of each picture, or the only one of all.
    """
    del key
    groups = [_found] if together else [(one,) for one in _found]
    bases = tuple(shared_basis(group, COMPONENTS) for group in groups)
    colours = [
        painted
        for group, basis in zip(groups, bases, strict=True)
        for painted in principal_colours(*(basis.components(one.values) for one in group))
    ]
    pictures = map(BoardPicture, _names, _found, colours)
    return pack(list(pictures)), bases

"""Buttons that save what the page "Features" shows, under each photo's name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from attnviz.analysis.features import PatchFeatures
from attnviz.export.feature_files import components_png, features_npz
from attnviz.metrics.feature_space import PrincipalBasis, principal_colours
from attnviz.pictures.names import file_stem
from attnviz.ui.kit.guard import plain_text


def offer_files(
    names: Sequence[str], found: Sequence[PatchFeatures], bases: Sequence[PrincipalBasis]
) -> None:
    """Show buttons that save the components as a picture, and the features as numbers.

    Parameters
    ----------
    names : sequence of str
        Name of each picture.
    found : sequence of PatchFeatures
        Their features.
    bases : sequence of PrincipalBasis
        The basis of each picture, or the only one of all.
    """
    with st.popover("Save", icon=":material/download:"):
        for index, name in enumerate(names):
            if len(names) > 1:
                st.markdown(plain_text(name))
            for title, file, mime in (
                ("Components as a picture", "components.png", "image/png"),
                ("Features as numbers (NPZ)", "features.npz", "application/octet-stream"),
            ):
                st.download_button(
                    title,
                    data=partial(_content, file, index, found, bases),
                    file_name=f"{file_stem(name)}-{file}",
                    mime=mime,
                    on_click="ignore",
                    key=f"save {file} {index}",
                )


def _content(
    file: str, index: int, found: Sequence[PatchFeatures], bases: Sequence[PrincipalBasis]
) -> bytes:
    one, shared = found[index], len(bases) < len(found)
    basis = bases[0 if shared else index]
    values = basis.components(one.values)
    facts = one.provenance | {"basis": f"of {len(found)} pictures" if shared else "its own"}
    if file.endswith(".npz"):
        return features_npz(one.values, values, facts)
    together = [basis.components(other.values) for other in found] if shared else [values]
    painted = principal_colours(*together)[index if shared else 0]
    return components_png(painted, one.geometry, facts)

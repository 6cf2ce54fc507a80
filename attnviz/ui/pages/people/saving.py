"""What can be saved of one picture of the folder on the page "People"."""

from __future__ import annotations

from itertools import product

from attnviz.analysis.explain import explain
from attnviz.errors import AttnvizError
from attnviz.export.base import ExportSource
from attnviz.export.several import SeveralSources
from attnviz.methods.questions import is_slow
from attnviz.metrics.fixations import FixatedPicture
from attnviz.models.loading import load_model
from attnviz.pictures import open_picture
from attnviz.ui.kit.model_list import listed_models
from attnviz.ui.kit.save_menu import Savable, save_menu, stem_of
from attnviz.ui.pages.people.options import ComparisonOptions


def offer_files(picture: FixatedPicture, options: ComparisonOptions) -> None:
    """Show the menu with a report of where each model looks in the picture.

    Parameters
    ----------
    picture : FixatedPicture
        A picture of the folder.
    options : ComparisonOptions
        Models and methods.
    """
    quick = [method for method in options.methods if not is_slow(method)]
    if not options.models or not quick:
        return
    specs = listed_models()
    chosen = [specs[name] for name in options.models if name in specs]

    def make() -> SeveralSources:
        photo = open_picture(picture.path)
        sources, error = [], None
        for spec, method in product(chosen, quick):
            try:
                found = explain(load_model(spec, options.device), photo, method)
            except AttnvizError as refused:  # a model without attention has no map of it
                error = refused
                continue
            sources.append(ExportSource(photo, found, found.best_layer))
        if not sources and error is not None:
            raise error
        return SeveralSources(tuple(sources))

    stem = stem_of(picture.path.name)
    save_menu([Savable(SeveralSources, make, stem)], key="people-photo-files")

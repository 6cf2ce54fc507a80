"""What a report says to readers who know nothing of networks."""

from __future__ import annotations

from attnviz.export.base import ExportSource

HOW_TO_READ = (
    "The photo was given to a network that learned to recognise things in pictures. What stays "
    "sharp is where it looked; blur shows where it did not, and says nothing about distance.",
    "In the map, bright colours mark the same places with numbers: the scale below the picture "
    "says what they are.",
    "A network works in layers, one after another. Step through them with the arrow keys, or with "
    "the slider below the picture: early layers see edges and colours, late ones see things.",
    "The aperture and the threshold only change how the focus is drawn. They change nothing in "
    "the network.",
    "A probability is the network's own opinion. A network can be sure and wrong, and it can only "
    "name what it has learned.",
    "A map is a hint and not a proof. Whether the decision rests on the sharp region has to be "
    "tested, by blurring the rest and asking the network again.",
)


def lead(source: ExportSource) -> str:
    """Return one sentence about what the two pictures show."""
    explanation = source.explanation
    model = explanation.provenance.get("model", "the network")
    nature = explanation.choice.method.nature
    if nature == "similarity":
        asked = explanation.target.label if explanation.target else "the patch in the middle"
        what = f"What is like {asked} to {model}"
    elif nature == "attention" and explanation.target is not None:
        what = f"What {explanation.target.label} attends to in {model}"
    elif nature == "attention":
        what = f"What {model} attends to"
    elif explanation.target is None:
        what = f"What counts for {model}"
    else:
        what = f"What speaks for “{explanation.target.label}” to {model}"
    return f"{what} stays sharp. The rest falls out of focus."


def what_was_computed(source: ExportSource) -> str:
    """Return a sentence about the method, with its paper."""
    method = source.explanation.choice.method
    kind = {
        "attention": "attention, weights that the network itself computes and applies",
        "relevance": "relevance, computed afterwards from how the answer depends on each place",
        "similarity": "similarity, the angle between what the network knows of each place",
    }[str(method.nature)]
    return f"{method.title}: this is {kind} ({source.explanation.provenance['paper']})."

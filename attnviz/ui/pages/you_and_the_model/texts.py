"""What a round is called and comes to: plain text, to be escaped where it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.methods.questions import Question
from attnviz.pictures.geometry import PictureGeometry
from attnviz.ui.kit.text import with_article
from attnviz.ui.pages.you_and_the_model.rules import RoundLimit
from attnviz.vision.bubbleview.bubbles import BubbleCentre
from attnviz.vision.bubbleview.rounds import Round, Task

CAVEAT = (
    "One person, one picture: an illustration, not a measurement. Clicks are deliberate; eye "
    "movements are not."
)
KEYS = (
    "Click or tap to see sharply there. With the keyboard: arrow keys move, Shift moves farther, "
    "Enter opens a bubble."
)
STEPS = (
    "You look first, before you see any map or what the model says.",
    "The model looks at the peaks of its own map: as many bubbles, as large, the same blur.",
    "Then you see both side by side, how surely the model knows the picture through each, and how "
    "near its map comes to your clicks.",
)
FINISHED = "That was your round."
TOO_FEW = "Two bubbles or more make a round. Start over whenever you like."
TASKS = {Task.TELL: "To tell what it is", Task.LOOK: "To look freely"}
QUESTIONS = {Task.TELL: Question.DECISION, Task.LOOK: Question.ATTENTION}
YOU, MODEL, RANDOM = "you", "the model", "at random"
BUBBLE_TITLES = {YOU: "your bubbles", MODEL: "the model's bubbles", RANDOM: "random bubbles"}
COLOURS = {YOU: "#0d9488", MODEL: "#c2410c", RANDOM: "#78716c"}


def task_line(task: Task) -> str:
    """What the person is asked to do."""
    if task is Task.TELL:
        return "Click where you must look to tell what it is"
    return "Look around freely: click wherever you want to see"


def limit_text(limit: RoundLimit) -> str:
    """When it ends, in a sentence or two."""
    if limit.seconds is None:
        return f"You have {limit.clicks} clicks. Each shows one spot sharply until the next."
    return (
        f"You have {limit.seconds} seconds and at most {limit.clicks} clicks. Each shows one spot "
        "sharply until the next."
    )


def fairness(task: Task, question: Question) -> str:
    """Why this map of the network is the one to compare with."""
    if task is Task.TELL:
        return (
            "You were asked what it is, and so is the model: its map shows what its decision rests "
            "on."
        )
    if question is Question.ATTENTION:
        return "You looked freely; the model's map shows what it attends to."
    return (
        "You looked freely, but this model has no attention to places: its map shows what its "
        "decision rests on, which is another question than yours. Choose a model with attention "
        "for a fair comparison."
    )


def verdict(label: str, sharp: float, soft: float, ends: dict[str, float], count: int) -> str:
    """How sure the network is of its class with all bubbles of each side open.

    Args:
        label: its class on the sharp picture.
        sharp, soft: its probability there, and on the blurred picture.
        ends: by side, with all of its bubbles open.
        count: of the person's bubbles.
    """
    parts = [f"with your {count} bubbles the model gives it {ends[YOU]:.2f}"]
    if MODEL in ends:
        parts.append(f"with its own {ends[MODEL]:.2f}")
    parts.append(f"with random ones {ends[RANDOM]:.2f}")
    return (
        f"It is {with_article(label)} to the model: {sharp:.2f} on the sharp picture, {soft:.2f} "
        f"on the blurred one. {', '.join(parts).capitalize()}."
    )


def remarks(
    played: Round, geometry: PictureGeometry | None, model_places: Sequence[BubbleCentre] | None
) -> list[str]:
    """What has to be known of this round to read it rightly."""
    said = []
    if played.seen:
        said.append("You had seen this picture sharp before, so this round tells less.")
    if played.outside:
        count = played.outside
        said.append(f"{count} of your clicks lay outside the picture and were left out.")
    if geometry is not None:
        unseen = sum(geometry.input_point(place.x, place.y) is None for place in played.centres)
        if unseen:
            said.append(
                f"{unseen} of your bubbles lie where this model does not look at all: it is shown "
                "the picture's middle alone."
            )
    if model_places is not None and 0 < len(model_places) < len(played.clicks):
        said.append(f"The model's map has no more than {len(model_places)} peaks.")
    return said

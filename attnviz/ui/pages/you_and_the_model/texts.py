"""Texts of a round and its result, unescaped plain text."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.methods.questions import Question
from attnviz.pictures.geometry import PictureGeometry
from attnviz.ui.kit.text import with_article
from attnviz.ui.pages.you_and_the_model.limits import RoundLimit
from attnviz.vision.bubbleview.bubbles import BubbleCentre
from attnviz.vision.bubbleview.rounds import Round, Task

CAVEAT = (
    "One person and one picture: an illustration, not a measurement. Clicks are deliberate, eye "
    "movements mostly are not."
)
KEYS = (
    "Click or tap to see a spot sharply. With the keyboard: arrow keys move, Shift moves farther, "
    "Enter opens a bubble."
)
STEPS = (
    "You look first, before you see any map or the model's answer.",
    "The model gets bubbles at the peaks of its own map: the same number, size and blur.",
    "Then you see both side by side: how certain the model is with either set of bubbles, and how "
    "well its map predicts your clicks.",
)
FINISHED = "Your round is finished."
TOO_FEW = "A round needs at least two bubbles. You can start over at any time."
TASKS = {Task.TELL: "Tell what it is", Task.LOOK: "Look around freely"}
QUESTIONS = {Task.TELL: Question.DECISION, Task.LOOK: Question.ATTENTION}
YOU, MODEL, RANDOM = "you", "the model", "at random"
BUBBLE_TITLES = {YOU: "your bubbles", MODEL: "the model's bubbles", RANDOM: "random bubbles"}
COLOURS = {YOU: "#0d9488", MODEL: "#c2410c", RANDOM: "#78716c"}


def task_line(task: Task) -> str:
    """Tell the person what to do."""
    if task is Task.TELL:
        return "Click where you need to look to tell what it is"
    return "Look around freely: click wherever you want to look"


def limit_text(limit: RoundLimit) -> str:
    """Say when the round ends."""
    if limit.seconds is None:
        return f"You have {limit.clicks} clicks. Each shows one spot sharply until the next click."
    return (
        f"You have {limit.seconds} seconds and at most {limit.clicks} clicks. Each shows one spot "
        "sharply until the next click."
    )


def fairness(task: Task, question: Question) -> str:
    """Say why this map of the network is the one to compare with.

    Parameters
    ----------
    task : Task
        The person's task.
    question : Question
        What the network's map shows.

    Returns
    -------
    str
        Unescaped plain text.
    """
    if task is Task.TELL:
        return (
            "You and the model had the same task, to tell what it is: the model's map shows what "
            "its decision rests on."
        )
    if question is Question.ATTENTION:
        return "You looked freely; the model's map shows what it attends to."
    return (
        "You looked freely, but this model has no spatial attention: its map shows what its "
        "decision rests on, which is a different task from yours. Choose a model with spatial "
        "attention for a fair comparison."
    )


def verdict(label: str, sharp: float, soft: float, ends: dict[str, float], count: int) -> str:
    """Say how certain the network is of its class with all bubbles of each side open.

    Parameters
    ----------
    label : str
        The network's class on the sharp picture.
    sharp, soft : float
        Its probability on the sharp and on the blurred picture.
    ends : dict of str to float
        Its probability with all bubbles open: of `YOU`, of `RANDOM`, and if possible of `MODEL`.
    count : int
        Number of the person's bubbles.

    Returns
    -------
    str
        Unescaped plain text.
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
    """List what one needs to know about a round to read its result.

    Parameters
    ----------
    played : Round
        The person's clicks.
    geometry : PictureGeometry, optional
        Relates the picture to the network's input.
    model_places : sequence of BubbleCentre, optional
        The network's bubbles.

    Returns
    -------
    list of str
        Sentences of plain text.
    """
    notes = []
    if played.seen:
        notes.append("You had seen this picture sharp before, so this round says less.")
    if played.outside:
        count = played.outside
        notes.append(f"{count} of your clicks lay outside the picture and were left out.")
    if geometry is not None:
        outside_input = sum(
            geometry.input_point(place.x, place.y) is None for place in played.centres
        )
        if outside_input:
            notes.append(
                f"{outside_input} of your bubbles lie outside the model's input: it only gets the "
                "centre of the picture."
            )
    if model_places is not None and 0 < len(model_places) < len(played.clicks):
        notes.append(f"The model's map has only {len(model_places)} peaks.")
    return notes

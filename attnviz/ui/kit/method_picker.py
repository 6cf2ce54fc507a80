"""Choosing a question or a method."""

from __future__ import annotations

import streamlit as st

from attnviz.methods.base import Method
from attnviz.methods.questions import Question, methods_for, questions_for
from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.url_state import start_choice

QUESTION_TITLES = {
    Question.ATTENTION: "What does it attend to?",
    Question.DECISION: "What does the decision rest on?",
}


def method_title(method: type[Method]) -> str:
    """Return a method's name, its nature, and whether it needs many passes."""
    slow = " · many passes" if method.many_passes else ""
    return f"{method.title} · {method.nature}{slow}"


def pick_method(model: VisionModel) -> str:
    """Let the user choose a question or a method that the network supports; return its name."""
    questions = questions_for(model.spec)
    # Methods that need many passes come last.
    methods = sorted(methods_for(model.spec), key=lambda method: method.many_passes)
    fitting = [method.name for method in methods]
    titles = {str(question): text for question, text in QUESTION_TITLES.items()}
    titles |= {method.name: method_title(method) for method in methods}
    options = [*map(str, questions), *fitting]
    start_choice("look", options)
    return str(
        st.selectbox(
            "Show",
            options,
            format_func=lambda name: titles[name],
            key="look",
            persist_state="session",
            help="A question is answered by the map that scored best in measurements. "
            "Below the questions: all methods that fit this model.",
        )
    )

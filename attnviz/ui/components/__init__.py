"""Streamlit components with JavaScript of their own, and the base that they share."""

"""The app: the only part of attnviz that knows Streamlit."""

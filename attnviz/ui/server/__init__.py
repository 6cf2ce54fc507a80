"""The server of the app: Streamlit's own, with quotas for what is sent to it."""

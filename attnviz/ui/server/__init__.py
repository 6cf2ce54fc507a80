"""The server of a hosted app: Streamlit's own, with quotas for what is sent to it."""

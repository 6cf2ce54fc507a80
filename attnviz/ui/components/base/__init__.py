"""Code that components share: registration, bundling, shaders and the JavaScript base."""

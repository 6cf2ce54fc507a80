"""What two components at least need: bundling, shaders, and the JavaScript base."""

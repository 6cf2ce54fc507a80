"""Training networks on folders of pictures, and recording how their attention grows."""

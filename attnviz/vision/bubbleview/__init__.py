"""BubbleView: people uncover a blurred photo click by click."""

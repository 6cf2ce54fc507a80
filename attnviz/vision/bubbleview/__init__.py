"""BubbleView: observers uncover a blurred photo click by click."""

"""Page "You and the model": uncover a blurred photo, then compare with the model."""

"""Black boxes: whatever returns scores of pictures, without layers that could be observed."""

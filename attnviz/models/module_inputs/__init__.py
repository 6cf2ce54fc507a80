"""What a network itself says of its inputs and classes, one file a library."""

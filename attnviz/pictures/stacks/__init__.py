"""Files of many channels or slices, one file a format; their libraries are optional."""

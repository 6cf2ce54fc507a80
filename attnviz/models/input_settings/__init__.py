"""What libraries say of a network's inputs, one file a source; none of them is imported for it."""

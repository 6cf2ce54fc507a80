"""What leaves attnviz: pictures that say where they come from."""

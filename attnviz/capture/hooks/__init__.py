"""How a pass is watched: module hooks, calls of attention, and the state that is put back."""

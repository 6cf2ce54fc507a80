"""How a pass is observed: module hooks, calls of attention, and the state that is restored."""

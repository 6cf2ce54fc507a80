"""Does the marked region matter? Insertion and deletion, blur budget, sufficiency, verdict."""

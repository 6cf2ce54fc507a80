"""Videos: safe reading, focus maps over time on one scale, steadying, and writing with sound."""

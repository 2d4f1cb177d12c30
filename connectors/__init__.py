"""The systems: what Offboard touches. `base` is the one protocol; each connector speaks to one product only."""

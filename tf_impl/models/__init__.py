"""Models, each built from this half's own parts."""

"""Files as an authority hands them over: taken apart, staged as rows, placed. zones.importing makes a release of them."""

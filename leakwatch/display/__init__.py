"""Contents to draw of a snapshot, without Qt: banner, lines, labels, facts, greys, trend."""

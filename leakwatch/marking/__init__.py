"""Mark a vertebra and measure an object, without Qt: drafts, findings, and what is written."""

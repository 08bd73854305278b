"""Speed, always as a ratio to a control measured in the same run."""

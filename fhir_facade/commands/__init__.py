"""What the commands do, apart from how a terminal shows it."""

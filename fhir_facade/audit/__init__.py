"""What happened, appended as chains of hashes that show every later change."""

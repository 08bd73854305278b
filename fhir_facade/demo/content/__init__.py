"""The words of the demo data: people, organizations and programs, all invented."""

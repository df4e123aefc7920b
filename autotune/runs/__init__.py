"""Run tables: files of finished training runs, read, checked and completed."""

"""Other tools' problem files, result files and storages."""

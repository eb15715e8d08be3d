"""Case library: a folder for each case, and the import of stored sequences."""

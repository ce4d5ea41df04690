"""Reports: pages that are made of plain data, need no other file, and are read by musicians."""

"""The command line: one short module a command; each parses, calls the library and prints."""

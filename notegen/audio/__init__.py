"""Recordings: learned from and continued."""

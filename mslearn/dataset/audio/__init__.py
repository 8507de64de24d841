"""Transforms for sound."""

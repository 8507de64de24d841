"""Transforms for text."""

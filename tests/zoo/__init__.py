"""Tests of the architectures: counts, traced steps, the same losses as PyTorch."""

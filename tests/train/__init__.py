"""Tests of the trainer, the run folder and the report."""

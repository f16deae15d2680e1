"""Tests of the layers, with one check that all of them share."""

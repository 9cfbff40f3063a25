"""Tests of labels of any kind."""

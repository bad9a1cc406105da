"""Tests of the analysis of exam folders."""

"""Readers: each turns what one tracker writes into recordings, and none imports its tracker."""

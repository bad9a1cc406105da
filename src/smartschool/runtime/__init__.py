"""Owns how the product lives on a machine: processes, the embedded database, the data folder, secrets."""

"""The importer of marks: workbooks of any layout into blocks of attempts."""

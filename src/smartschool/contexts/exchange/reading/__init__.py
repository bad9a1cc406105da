"""From the bytes of a file to columns of cells: guards, formats, header, frame. No Django, no database."""

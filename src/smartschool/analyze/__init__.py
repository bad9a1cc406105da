"""From the files of one exam to reports in JSON, Excel and HTML: no database, no Django."""

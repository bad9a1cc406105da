"""PDF forms in Chinese: one bundled font, A4, text that can be copied and searched."""

from smartschool.kernel.pdf.document import Bar, Cell, Column, Document, line_height

__all__ = ["Bar", "Cell", "Column", "Document", "line_height"]

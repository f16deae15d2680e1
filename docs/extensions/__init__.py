"""What makes the documentation: pages that run, a reference made from docstrings, drawings of circuits."""

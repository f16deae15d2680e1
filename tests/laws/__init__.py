"""The laws that every gate obeys, the table of gates they run over, and what each gate should compute."""

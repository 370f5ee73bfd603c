"""The nets that ship: their figures, questions about them, and copies to start from."""

"""Which of our events a Sigma log source means, and where its fields lie in them (data files of this folder)."""

"""What a channel holds: which build a name means, and its files."""

"""Rules, gates and plans read aloud."""

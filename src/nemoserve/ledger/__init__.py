"""What was used and what it cost: one row per attempt, written once, whatever ended it."""

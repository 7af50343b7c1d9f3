"""What the operator decides. Knows names, defaults and limits; opens nothing."""

"""What a family lives on: incomes by month, and the income per head by the rule in force."""

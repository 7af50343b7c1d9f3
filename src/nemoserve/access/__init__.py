"""Who may do what, and how much of it: keys, policy, quotas, rate limits, the audit log."""

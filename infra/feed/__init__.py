"""The feed: small notices between processes (a rule changed, a session ended, an alert is new)."""

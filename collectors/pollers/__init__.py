"""What an agent asks other things for, where it is told to be their vantage point; loaded only then.

Question: which devices, services and clouds does this agent watch, and what do they answer?
In: tables ``[[agent.pollers]]`` of its configuration.  Out: sources beside those of the host, each with its own state.
"""

"""What the pages read and change, filled from the rooms below: one adapter per Protocol of ``dashboards.rooms``.

In: services of ops, analytics, trust and infra.  Out: ``dashboards.rooms.Rooms``.
"""

"""The feed: small notices between processes (a rule changed, a session ended, an alert is new).

In: ``publish`` in the transaction of the change.  Out: each process hears of it within a quarter of a second.
Events never travel here; a notice says what to look at again, not what it looks like.
"""

from infra.feed.feed import Feed
from infra.feed.notice import Notice, publish

__all__ = ["Feed", "Notice", "publish"]

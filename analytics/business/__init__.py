"""Business anomalies (业务异常): what in the regulator's own business does not add up?

In: business events (docs/business-events.md).  Out: findings about documents, with evidence and reasons in words.
"""

from analytics.business.book import Book, build_book
from analytics.business.finding import Finding, Subject
from analytics.business.judge import judge, judge_book

__all__ = ["Book", "Finding", "Subject", "build_book", "judge", "judge_book"]

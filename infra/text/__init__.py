"""Words for people: one catalogue per room and language, the same keys in each.

In: a key such as ``infra.time_malformed`` and its details.  Out: a sentence in zh-CN or en.
Each top-level folder may hold ``text/zh-CN.toml`` and ``text/en.toml``; keys start with the folder's name.
"""

from infra.text.catalogue import LANGUAGES, Language, known, language, say, use_language

__all__ = ["LANGUAGES", "Language", "known", "language", "say", "use_language"]

"""Old configurations, as configman wrote them, translated into ours.

`reading` makes settings of a file, `names` says what became of the original's classes and options,
`values` what becomes of values, and `translation` puts it together.
"""

from socorro_fast.config.configman.translation import Translation, translate

__all__ = ["Translation", "translate"]

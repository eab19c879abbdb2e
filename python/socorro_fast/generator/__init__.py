"""Made-up crashes that look and weigh like real ones, for demos, tests and benchmarks.

The same seed and day give the same crashes, one by one and in any order: a test that saved
crash 17 makes it again to compare instead of keeping it.
"""

from socorro_fast.generator.crash import CrashGenerator, GeneratedCrash

__all__ = ["CrashGenerator", "GeneratedCrash"]

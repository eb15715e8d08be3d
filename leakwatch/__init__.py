"""LeakWatch: watches fluoroscopy while bone cement is injected, and says stop before it leaks.

Research and training software; not a medical device.
"""

__version__ = "0.1.0"

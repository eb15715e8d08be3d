"""LeakWatch: watches fluoroscopy while bone cement is injected, and says stop before it leaks.

Research and training software; not a medical device.
"""

import os

# Matrices are small here. Where OpenBLAS works on them with a thread for each core, those threads
# wait for the next one in a loop, and take from decoding and drawing half of their time. It is read
# when NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.2.0"

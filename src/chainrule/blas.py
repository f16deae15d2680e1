"""NumPy's own threads, which are to give the cores back when a product is done.

Most builds of NumPy bring OpenBLAS, whose threads look for more work for a while after each large product, and take
half of a core from a compiled step meanwhile (`python benchmarks/run.py threads`). After 2¹⁶ ticks of the processor's
clock they sleep: products in a row are as fast as before, one that finds them asleep wakes them first.

OpenBLAS reads the setting when it is loaded: it holds where chainrule is imported before NumPy. A value that the
environment has already stays.
Source: OpenBLAS, driver/others/blas_server.c, and its README on OPENBLAS_THREAD_TIMEOUT.
"""

import os
import sys

SETTING, TICKS = "OPENBLAS_THREAD_TIMEOUT", "16"

if "numpy" not in sys.modules:
    os.environ.setdefault(SETTING, TICKS)

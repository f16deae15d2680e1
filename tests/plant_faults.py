"""Plant faults in every gate, and show that a law catches each one.

    python -m tests.plant_faults [GATE …]

prints gate, fault, and the law that caught it; exit code 1 if one is not caught.
"""

import sys

from .laws.faults import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

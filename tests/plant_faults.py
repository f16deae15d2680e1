"""Plant faults in every gate, and show that a law catches each one.

    python tests/plant_faults.py [GATE …]

prints gate, fault, and the law that caught it; exit code 1 if one is not caught.
"""

import sys

if __name__ == "__main__":
    from laws.faults import main

    sys.exit(main(sys.argv[1:]))

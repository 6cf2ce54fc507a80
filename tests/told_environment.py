"""A run's process that only writes its environment into its log."""

import json
import os
import sys

sys.stdout.write(json.dumps(dict(os.environ)))

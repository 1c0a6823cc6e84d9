"""The settings of local mode, for tools that load settings by themselves and find no ./run above them."""

import os

os.environ.setdefault("LODESTONE_MODE", "local")

from config.settings import *  # noqa: E402, F403 (the mode is read while they load)

"""The business systems as packs (系统包): how is each of them, in each dimension, by what its own events say?

In: one YAML file a system (owner, expected feeds, signals with examples); business events.  Out: health of each signal.
"""

from analytics.systems.health import SignalHealth, SystemHealth, system_health
from analytics.systems.packs import Pack, Signal, load_packs, packs

__all__ = ["Pack", "Signal", "SignalHealth", "SystemHealth", "load_packs", "packs", "system_health"]

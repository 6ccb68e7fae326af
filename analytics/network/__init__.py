"""Which traffic looks like a scan, a forged address, a beacon, a tunnel or malware that looks for its master?

In: flows, names and ARP claims as events of the stream ``flows``, in order of arrival.
Out: signals with the numbers behind them. Each detector is bounded, works in event time and needs no training.
"""

from analytics.network.detector import NetworkDetector

__all__ = ["NetworkDetector"]

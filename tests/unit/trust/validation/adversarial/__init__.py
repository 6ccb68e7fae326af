"""Adversarial chains: built octet by octet, by code that shares nothing with the validator it tests."""

from tests.unit.trust.validation.adversarial import encodings, names, pathological, paths, policy, revoked
from tests.unit.trust.validation.adversarial.case import CASES

__all__ = ["CASES", "encodings", "names", "pathological", "paths", "policy", "revoked"]

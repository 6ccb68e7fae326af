"""Cryptography: SM2, SM3, SM4 and the international algorithms behind one set of functions.

Question: is this signature right, and how is a message signed or sealed with this key?
In: keys, messages, signatures, algorithm identifiers.  Out: signatures, plain and cipher text, yes or no.
The software here is not certified as a commercial cryptographic product; screens and reports say so.
"""

"""The web shell: one ASGI application around everything that answers over HTTP.

In: requests.  Out: request ids, security headers, an authenticated actor in the context, problems in RFC 9457 form.
"""

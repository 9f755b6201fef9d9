"""Pages of a listing, as the services cut them: tokens that belong to one question, and pages that may be empty."""

import base64
import json

from protocols import APIError


class Pages:
    """Cuts listings. `size` is the most that a page holds, whatever a client asks for."""

    def __init__(self, random):
        self.random = random
        self.size = 1000
        # The share of pages that are empty, with a token that goes on.
        self.empty = 0.0
        self.tokens = {}

    def cut(self, question, keys, items, asked, token):
        """The items of one page and the token for the next one, None at the end.

        A token keeps what was left when it was given; what has vanished since is left out.
        """
        by_key = dict(zip(keys, items, strict=True))
        left = list(by_key)
        if token is not None:
            if self.tokens.get(token, (None,))[0] != question:
                raise APIError("InvalidNextToken", f"The token '{token}' is invalid")
            left = [key for key in self.tokens[token][1] if key in by_key]
        count = min(self.size, asked or self.size)
        if left and self.random.random() < self.empty:
            count = 0
        page, rest = left[:count], left[count:]
        return [by_key[key] for key in page], self.issue(question, rest) if rest else None

    def issue(self, question, rest):
        # With the characters that a client must encode in a form or a query.
        token = base64.b64encode(b"\xfb\xef\xff" + str(len(self.tokens)).encode() + b"~" * (len(self.tokens) % 3)).decode() + "+/="
        self.tokens[token] = (question, rest)
        return token


def question(request, *ignored):
    """What a token belongs to: the operation with its parameters, but for those of the paging itself."""
    rest = {name: value for name, value in request.parameters.items() if name not in ignored}
    return f"{request.region} {request.service} {request.operation} {json.dumps(rest, sort_keys=True, default=str)}"

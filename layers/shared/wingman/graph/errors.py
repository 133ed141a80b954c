"""Errors of GraphQL requests, which are refused before anything runs."""

from http import HTTPStatus

from wingman.kit.errors import Forbidden, ProblemError


class UnsupportedMediaType(ProblemError):
    """Send the request as application/json."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"


class QueryError(ProblemError):
    """This GraphQL document is not valid."""

    status = HTTPStatus.BAD_REQUEST
    code = "graphql_invalid"


class QuerySyntaxError(QueryError):
    """This is not a GraphQL document."""

    code = "graphql_syntax_error"


class QueryTooLarge(QueryError):
    """A document has at most 10,000 bytes and 1000 tokens."""

    code = "graphql_too_large"


class QueryTooDeep(QueryError):
    """A document is at most 8 fields deep."""

    code = "graphql_too_deep"


class TooManyAliases(QueryError):
    """A document has at most 15 aliases, those in fragments each time that they are used."""

    code = "graphql_too_many_aliases"


class QueryTooCostly(QueryError):
    """A document costs at most 1000: ask for shorter pages, or in several requests."""

    code = "graphql_too_costly"


class OneMutation(QueryError):
    """A document runs one mutation: send each in a request of its own."""

    code = "graphql_one_mutation"


class NotTrusted(Forbidden):
    """This deployment does not have this document, and answers no others."""

    code = "graphql_not_trusted"


class AnswerTooLarge(QueryError):
    """The answer would be larger than 2.5 million characters: ask for less at once."""

    code = "graphql_answer_too_large"

"""Documents that would overload a naive server, and the codes of their refusals."""

_LADDER = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40))
_TEN_KB = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(240))
_FIELDS = "id firstName lastName timezone createdAt "

BOMBS = {
    "aliases of long pages": (
        "{{{}}}".format(
            " ".join(f"a{n}: matches(first: 10000) {{ nodes {{ id }} }}" for n in range(14))
        ),
        "graphql_too_costly",
    ),
    "too many aliases": (
        "{{ me {{ {} }} }}".format(" ".join(f"a{n}: id" for n in range(16))),
        "graphql_too_many_aliases",
    ),
    "aliases in a fragment": (
        "{{ a: me {{ ...f }} b: me {{ ...f }} }} fragment f on User {{ {} }}".format(
            " ".join(f"a{n}: id" for n in range(7))
        ),
        "graphql_too_many_aliases",
    ),
    "a long page": ("{ matches(first: 1000) { nodes { id } } }", "graphql_too_costly"),
    "pages in pages": (
        "{ matches(first: 99) { nodes { conversation { messages(last: 10) { nodes { id } } } } } }",
        "graphql_too_costly",
    ),
    "depth": (
        (
            "{ matches { nodes { conversation { match { conversation { match { conversation {"
            " match { id } } } } } } } } }"
        ),
        "graphql_too_deep",
    ),
    "fragments in a cycle": (
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "graphql_invalid",
    ),
    "a fragment in itself": ("{ ...a } fragment a on Query { ...a }", "graphql_invalid"),
    "doubling fragments": (
        f"{{ ...f0 }} {_LADDER} fragment f40 on Query {{ me {{ id }} }}",
        "graphql_invalid",
    ),
    "10 kB of doubling fragments": (
        f"{{ ...f0 }} {_TEN_KB} fragment f240 on Query {{ me {{ id }} }}",
        "graphql_too_large",
    ),
    "one field again and again": ("{ me { %s } }" % ("id " * 900), "graphql_invalid"),
    "the same fields in many fragments": (
        "{{ me {{ {} }} }} {}".format(
            " ".join(f"...f{n}" for n in range(20)),
            " ".join(f"fragment f{n} on User {{ {_FIELDS * 8} }}" for n in range(20)),
        ),
        "graphql_invalid",
    ),
    "unknown fields": ("{{ {} }}".format(" ".join(f"x{n}" for n in range(900))), "graphql_invalid"),
    "many arguments": (
        "{{ matches({}) {{ nodes {{ id }} }} }}".format(
            " ".join(f"first: {n}" for n in range(300))
        ),
        "graphql_invalid",
    ),
    "many variables": (
        "query ({}) {{ me {{ id }} }}".format(" ".join(f"$v{n}: Int" for n in range(240))),
        "graphql_invalid",
    ),
    "deep braces": ("{a" * 300 + "}" * 300, "graphql_syntax_error"),
    "deep inline fragments": (
        "{{ me {}id{} }}".format("{ ..." * 200, "}" * 200),
        "graphql_syntax_error",
    ),
    "deep lists": (
        "{{ match(id: {}{}) {{ id }} }}".format("[" * 400, "]" * 400),
        "graphql_syntax_error",
    ),
    "many tokens": ("{ me { id } } " * 200, "graphql_too_large"),
    "many bytes": ("{ me { id } } #" + "x" * 10_000, "graphql_too_large"),
    "many bytes of few characters": ("{ me { id } } #" + "😀" * 2500, "graphql_too_large"),
    "junk": ("\x00}{\ufeff", "graphql_syntax_error"),
    "nothing": ("", "graphql_syntax_error"),
    "several mutations": (
        'mutation {{ undoPass(userId: "{id}") again: undoPass(userId: "{id}") }}'.format(
            id="0d5a8a3e-6d0b-4f63-9c57-0e6c1d2f9b11"
        ),
        "graphql_one_mutation",
    ),
    "two operations without a name": (
        "query a { me { id } } query b { me { id } }",
        "graphql_invalid",
    ),
    "a subscription": ("subscription { me { id } }", "graphql_invalid"),
    "introspection": ("{ __schema { types { name } } }", "graphql_invalid"),
    "introspection of a type": ('{ __type(name: "User") { name } }', "graphql_invalid"),
    "a wrong value": ('{ match(id: "x") { id } }', "graphql_invalid"),
}

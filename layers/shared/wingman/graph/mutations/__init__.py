"""The mutations, each of which is one step of a service, limited as its endpoint of REST is."""

import strawberry

from wingman.graph.mutations.own import OwnMutations
from wingman.graph.mutations.pairs import PairMutations


@strawberry.type
class Mutation(OwnMutations, PairMutations):
    """The steps of the caller. A document runs one of these."""

"""The table of cold starts in docs/benchmarks.md."""

from local.stack import stack
from tests.bench.cold_start import measure
from tests.support.template import functions


def run() -> str:
    ratios = measure(stack("test"), functions(), 7)
    rows = "\n".join(f"| {name} | {ratio:.2f} |" for name, ratio in sorted(ratios.items()))
    return (
        "## Cold start\n\n"
        "CPU time of the built artefact under the Lambda runtime client until it asks for an "
        "event, least of 7, as a\nratio to a bare FastAPI and Mangum function that `sam build` "
        "made without bytecode, taking turns in one run.\n\n"
        f"| function | ratio |\n|---|---|\n{rows}\n"
    )

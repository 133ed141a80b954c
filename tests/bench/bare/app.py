"""The reference of every cold start: FastAPI behind Mangum, and nothing else."""

from typing import Any

from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()


@app.get("/health")
def get_health() -> dict[str, Any]:
    return {"status": "healthy"}


handler = Mangum(app, lifespan="off")

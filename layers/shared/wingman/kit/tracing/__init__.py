"""The request that this invocation serves, and what it calls, for logs, queues, rows and X-Ray."""

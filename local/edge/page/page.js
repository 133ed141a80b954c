"use strict"

const START = `# The documentation is behind the first button on the left.
query Start {
  me { id firstName timezone }
  matches(first: 20) { nodes { id status partner { name } } }
}
`
const root = ReactDOM.createRoot(document.getElementById("graphiql"))

/** Render GraphiQL for the token's user; the token is also needed to read the schema. */
function show(token) {
  const headers = { Authorization: `Bearer ${token}` }
  const fetcher = GraphiQL.createFetcher({ url: "/graphql", headers })
  // By default, GraphiQL stores queries, and the ids in them, in this browser.
  const kept = new Map()
  const storage = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
    clear: () => kept.clear(),
    get length() {
      return kept.size
    },
  }
  const options = { key: token, fetcher, storage, defaultQuery: START, forcedTheme: "light" }
  root.render(token && React.createElement(GraphiQL, options))
}

document.getElementById("token").addEventListener("input", (event) => {
  show(event.target.value.trim().replace(/^Bearer\s+/i, ""))
})

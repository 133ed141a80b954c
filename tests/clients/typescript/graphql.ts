import { Refused, type Problem } from "./errors.js";

interface Start {
  me: { id: string; firstName: string | null };
  conversations: { nodes: { matchId: string; unreadCount: number }[] };
  notifications: { unread: number };
}

const START = `query Start {
  me { id firstName }
  conversations(first: 20) { nodes { matchId unreadCount partner { name photoUrl } } }
  notifications(first: 1) { unread }
}`;

/** Read everything for the first screen in one request. */
export async function start(baseUrl: string, fetch: (_: Request) => Promise<Response>) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ query: START });
  const request = new Request(`${baseUrl}/graphql`, { method: "POST", headers, body });
  const response = await fetch(request);
  const { data, errors } = await response.json();
  if (errors) throw new Refused(problem(errors[0], response.status), 0);
  return data as Start;
}

function problem(error: { message: string; extensions: Problem }, status: number): Problem {
  return { ...error.extensions, status, detail: error.message };
}

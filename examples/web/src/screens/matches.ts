// Conversations, invitations and likes: everything between two users, on one screen.

import { api, at, done, once, type Schemas } from "../api.js";
import { h, type Child } from "../dom.js";
import { go, type Screen } from "../router.js";
import * as session from "../session.js";
import { action, askFor, avatar, card, field, form, liveRegion, region, say, when } from "../ui.js";
import { matched } from "./discovery.js";

type Match = Schemas["Match"];
type Conversation = Schemas["Conversation"];
type Reload = () => Promise<void>;

const NEWS = new Set(["message", "match", "match_ended", "conversations"]);

export async function matches(): Promise<Screen> {
  const load = async (reload: Reload) =>
    Promise.all([invitations(reload), received(reload), conversations()]);
  const { node, onLeave } = await liveRegion("Matches", ({ kind }) => NEWS.has(kind), load);
  return { title: "Matches", body: [node, given(), byCode()], onLeave };
}

function row(name: string, photo: string | null, ...rest: Child[]): HTMLElement {
  return h("li.row", avatar(photo, name), rest);
}

// --- conversations ----------------------------------------------------------------------------

async function conversations(): Promise<Child> {
  const query = { limit: 100 };
  const accepted = { ...query, status: "accepted" } as const;
  const [{ conversations }, { matches }] = await Promise.all([
    done(api.GET("/api/conversations", { params: { query } })),
    done(api.GET("/api/matches", { params: { query: accepted } })),
  ]);
  if (matches.length + conversations.length === 0) {
    const discover = h("a", { href: "#/discover" }, "Discover");
    const text = ["No match yet. Like people in ", discover, ", or invite someone."];
    return h("div.card.empty", h("p", text));
  }
  const begun = new Set(conversations.map(({ match_id }) => match_id));
  const silent = matches.filter(({ id }) => !begun.has(id));
  return card(
    "Conversations",
    h(
      "ul.rows",
      silent.map(({ id, partner }) => talk(id, partner, "A new match: say hello")),
      conversations.map(({ match_id, partner, last_message, unread_count }) => {
        const text = last_message.text ?? `◎ ${last_message.playground?.name ?? "A place"}`;
        return talk(match_id, partner, text, unread_count);
      }),
    ),
  );
}

function talk(id: string, partner: Conversation["partner"], text: string, unread = 0) {
  const { name, photo_url } = partner;
  const count = unread > 0 && h("span.count", `${unread} new`);
  const body = [avatar(photo_url, name), h("b", name), h("span", text), count];
  return h("li", h("a.row", { href: `#/conversations/${id}` }, body));
}

// --- invitations ------------------------------------------------------------------------------

async function invitations(reload: Reload): Promise<Child> {
  const query = { status: "pending", limit: 100 } as const;
  const { matches } = await done(api.GET("/api/matches", { params: { query } }));
  const rows = matches.map((match) => invitation(match, reload));
  return rows.length > 0 && card("Invitations", h("ul.rows", rows));
}

export function invitation(match: Match, reload: Reload): HTMLElement {
  const { id: match_id, partner, venue_suggestion, note, expires_at } = match;
  const { name, photo_url } = partner;
  const isMine = match.initiator_id === session.me();
  const answer = (body: Schemas["Answer"]) =>
    done(api.POST("/api/matches/{match_id}/respond", { ...at({ match_id }), body }));
  const over = (text: string) => {
    say(text);
    return reload();
  };
  const accept = async () => {
    await answer({ action: "accept" });
    await over(`You and ${name} can plan a meeting now.`);
  };
  const decline = () =>
    askFor(
      "Decline the invitation?",
      field("Reason", "reason", { maxlength: 500 }, `${name} reads it.`),
      "Decline",
      (why) => answer({ action: "decline", ...why }),
      () => over("The invitation is declined."),
    );
  const withdraw = async () => {
    await done(api.POST("/api/matches/{match_id}/withdraw", at({ match_id })));
    await over("The invitation is withdrawn.");
  };
  const mine = [action("Withdraw", withdraw)];
  const theirs = [action("Accept", accept, { class: "primary" }), action("Decline", decline)];
  return row(
    name,
    photo_url,
    h("b", isMine ? `You invited ${name}` : `${name} invites you`),
    venue_suggestion && h("span", `◎ ${venue_suggestion}`),
    note && h("q", note),
    expires_at && h("small", "Open until ", when(expires_at)),
    h("div.tools", isMine ? mine : theirs),
  );
}

export function invite(invitee_id: string, name: string): void {
  const header = once(); // one key for this invitation, however often it is sent
  const fields = [
    field("Where?", "venue_suggestion", { maxlength: 200 }),
    field("A few words", "note", { type: "textarea", maxlength: 500 }),
  ];
  let made: Match;
  const send = async (values: object) => {
    const body = { invitee_id, ...values };
    made = await done(api.POST("/api/matches", { params: { header }, body }));
  };
  askFor(`Invite ${name}`, fields, "Send invitation", send, () => {
    say("The invitation is sent.");
    go(`/matches/${made.id}`);
  });
}

function byCode(): Child {
  const own = session.me();
  const copy = async () => {
    await navigator.clipboard.writeText(own);
    say("Your code is copied.");
  };
  const pattern = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
  const props = { required: true, pattern, spellcheck: "false", autocomplete: "off" };
  return card(
    "Invite someone you know",
    h("p", "Your own code: ", h("output.code", own), " ", action("Copy", copy, { class: "quiet" })),
    form("Invite", field("Their code", "code", props), async ({ code = "" }) =>
      invite(code, "them"),
    ),
  );
}

// --- likes ------------------------------------------------------------------------------------

async function received(reload: Reload): Promise<Child> {
  const query = { direction: "received", limit: 100 } as const;
  const { likes } = await done(api.GET("/api/likes", { params: { query } }));
  const rows = likes.map(({ user: { user_id, display_name, photo_url, age } }) => {
    const like = async () => {
      const { match } = await done(api.PUT("/api/likes/{user_id}", at({ user_id })));
      await reload();
      if (match) matched(display_name, match.id);
    };
    const pass = () => done(api.PUT("/api/passes/{user_id}", at({ user_id }))).then(reload);
    return row(
      display_name,
      photo_url,
      h("b", display_name),
      h("span", `likes you · dog of ${age}`),
      h(
        "div.tools",
        action("Like back", like, { class: "primary", "aria-label": `Like back: ${display_name}` }),
        action("Pass", pass, { "aria-label": `Pass on ${display_name}` }),
      ),
    );
  });
  return rows.length > 0 && card("They like you", h("ul.rows", rows));
}

/** The users whom the user likes or has passed on, loaded when the list is opened. */
function given(): HTMLElement {
  const list = region("Likes and passes", async (reload) => {
    const query = { limit: 100 };
    const sent = { ...query, direction: "sent" } as const;
    const [{ likes }, { passes }] = await Promise.all([
      done(api.GET("/api/likes", { params: { query: sent } })),
      done(api.GET("/api/passes", { params: { query } })),
    ]);
    const step = (path: "/api/likes/{user_id}" | "/api/passes/{user_id}", text: string) => {
      return ({ user: { user_id, display_name, photo_url } }: { user: Schemas["Face"] }) => {
        const undo = () => done(api.DELETE(path, at({ user_id }))).then(reload);
        const label = `${text}: take back ${display_name}`;
        const tools = h("div.tools", action("Take back", undo, { "aria-label": label }));
        return row(display_name, photo_url, h("b", display_name), h("span", text), tools);
      };
    };
    const rows = [
      ...likes.map(step("/api/likes/{user_id}", "You like them")),
      ...passes.map(step("/api/passes/{user_id}", "You passed")),
    ];
    return rows.length ? h("ul.rows", rows) : h("p", "None yet.");
  });
  const made = h("details.card", h("summary", "Your likes and passes"), list.node);
  made.addEventListener("toggle", () => made.open && void list.reload().catch(console.warn));
  return made;
}

// One conversation. Each message is shown once, in the order of `seq`.

import { api, at, done, type Schemas } from "../api.js";
import { fill, h, type Child } from "../dom.js";
import * as live from "../live.js";
import { go, type Screen } from "../router.js";
import * as session from "../session.js";
import { action, avatar, dialog, field, form, say, words } from "../ui.js";

const TYPED_MS = 4_000;
const LATE_MS = 5_000;

export async function chat(match_id: string): Promise<Screen> {
  // Listen before loading: a message that arrives during the load is in no page.
  const early: live.News[] = [];
  let talk: Talk | undefined;
  const stopListening = live.listen((news) => (talk ? talk.take(news) : early.push(news)));
  const markRead = () => talk?.markRead();
  document.addEventListener("visibilitychange", markRead);
  const onLeave = () => {
    stopListening();
    document.removeEventListener("visibilitychange", markRead);
  };
  try {
    const [match, page] = await Promise.all([
      done(api.GET("/api/matches/{match_id}", at({ match_id }))),
      done(api.GET("/api/conversations/{match_id}/messages", at({ match_id }))),
    ]);
    talk = new Talk(match, page);
  } catch (error) {
    onLeave();
    throw error;
  }
  for (const news of early) talk.take(news);
  requestAnimationFrame(() => talk.toEnd());
  return { title: talk.name, back: "/matches", isTall: true, body: talk.node, onLeave };
}

class Talk {
  readonly node: HTMLElement;
  readonly #log = h("ol.messages", { "aria-label": "Messages", tabindex: 0 });
  readonly #typing = h("p.typing", { role: "status" });
  readonly #input = h("textarea", {
    id: "message",
    rows: 1,
    maxlength: 4000,
    placeholder: "Write a message",
  });
  readonly #me = session.me();
  #typed: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  #seen = 0;

  constructor(
    private readonly match: Schemas["Match"],
    page: Schemas["MessagePage"],
  ) {
    this.node = h(
      "div.chat",
      this.#head(),
      this.#older(page),
      h("div", { role: "log", "aria-label": "New messages" }, this.#log),
      this.#typing,
      this.#composer(),
    );
    for (const message of page.messages) this.#place(message);
    for (const unsent of live.unsent(match.id)) this.#bubble(unsent);
    live.have(match.id, page.messages.at(-1)?.seq ?? 0);
    this.markRead();
  }

  get name(): string {
    return this.match.partner.name;
  }

  take(news: live.News): void {
    if (!("matchId" in news) || news.matchId !== this.match.id) return;
    switch (news.kind) {
      case "message":
        this.#place(news.message);
        fill(this.#typing);
        this.markRead();
        return this.toEnd();
      case "unsent":
        this.#bubble(news.unsent);
        return this.toEnd();
      case "failed":
        return this.#fail(news.unsent, news.code);
      case "read":
        if (news.userId !== this.#me) this.#markSeen(news.seq);
        return;
      case "typing":
        return this.#showTyping();
      case "hidden":
        for (const item of this.#items()) if (seq(item) < news.firstSeq) item.remove();
        return;
      case "match_ended":
        say("This match has ended.");
        return go("/matches");
    }
  }

  markRead(): void {
    if (this.#last > 0 && document.visibilityState === "visible")
      live.read(this.match.id, this.#last);
  }

  toEnd(): void {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  // --- messages -------------------------------------------------------------------------------

  #items(): HTMLElement[] {
    return [...this.#log.children] as HTMLElement[];
  }

  /** Put a message in its place by `seq`; it replaces the bubble with its client_id. */
  #place(message: live.Message): void {
    const { client_id, seq: number, sender_id } = message;
    this.#last = Math.max(this.#last, number);
    const item = this.#item(client_id, sender_id === this.#me, content(message, this.match.id));
    item.dataset.seq = String(number);
    item.append(h("time", { datetime: message.sent_at }, hour(message.sent_at)));
    this.#find(client_id)?.remove();
    this.#log.insertBefore(item, this.#items().find((other) => seq(other) > number) ?? null);
    if (number <= this.#seen) this.#markSeen(this.#seen);
  }

  #bubble({ client_id, content }: live.Unsent): void {
    if (this.#find(client_id)) return;
    const item = this.#item(
      client_id,
      true,
      h("p", "text" in content ? content.text : "◎ A place"),
    );
    const state = h("small", "Sending …");
    setTimeout(() => fill(state, "Not sent yet. Still trying …"), LATE_MS);
    item.dataset.state = "sending";
    item.append(state);
    this.#log.append(item);
  }

  #fail({ client_id, content }: live.Unsent, code: string): void {
    const item = this.#find(client_id);
    if (!item) return;
    item.dataset.state = "failed";
    item.lastChild?.remove();
    const drop = () => {
      this.#input.focus();
      item.remove();
    };
    const again = () => {
      drop();
      return live.send(this.match.id, content);
    };
    item.append(
      h("small", { role: "alert" }, `Not sent: ${words(code).toLowerCase()}.`),
      h("div.tools", action("Send again", again), action("Delete", drop, { class: "quiet" })),
    );
  }

  #item(clientId: string, isMine: boolean, body: Child): HTMLLIElement {
    const name = isMine ? "You" : this.match.partner.name;
    const props = { class: isMine ? "mine" : "theirs", "data-client-id": clientId };
    return h("li", props, h("span.sr", `${name}: `), body);
  }

  #find(clientId: string): HTMLElement | undefined {
    return this.#items().find((item) => item.dataset.clientId === clientId);
  }

  #markSeen(upTo: number): void {
    this.#seen = Math.max(this.#seen, upTo);
    for (const mark of this.#log.querySelectorAll(".seen")) mark.remove();
    const mine = this.#items().filter((item) => item.matches(".mine") && seq(item) <= this.#seen);
    mine.at(-1)?.append(h("small.seen", "Seen"));
  }

  #showTyping(): void {
    clearTimeout(this.#typed);
    fill(this.#typing, `${this.match.partner.name} is typing …`);
    this.#typed = setTimeout(() => fill(this.#typing), TYPED_MS);
  }

  // --- around them ----------------------------------------------------------------------------

  #head(): HTMLElement {
    const { id, partner } = this.match;
    return h(
      "p.chat-head",
      avatar(partner.photo_url, partner.name),
      h("a", { href: `#/matches/${id}` }, "Profile"),
      h("a", { href: `#/matches/${id}/plan` }, "Plan a meeting"),
    );
  }

  #older({ messages, has_more }: Schemas["MessagePage"]): Child {
    let before_seq = messages[0]?.seq ?? 1;
    const load = async () => {
      const params = { path: { match_id: this.match.id }, query: { before_seq } };
      const page = await done(api.GET("/api/conversations/{match_id}/messages", { params }));
      for (const message of page.messages) this.#place(message);
      before_seq = page.messages[0]?.seq ?? before_seq;
      if (page.has_more) return;
      this.#log.focus();
      made.remove();
    };
    const made = action("Earlier messages", load, { class: "quiet" });
    return has_more && made;
  }

  #composer(): HTMLElement {
    const input = this.#input;
    const send = async (event: Event) => {
      event.preventDefault();
      const text = input.value.trim();
      input.value = "";
      input.focus();
      if (text) await live.send(this.match.id, { text });
    };
    input.addEventListener("input", () => live.typing(this.match.id));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) void send(event);
    });
    const place = () => sharePlace(this.match.id);
    return h(
      "form.composer",
      { onsubmit: send },
      action("+", place, { "aria-label": "Share a place" }),
      h("label.sr", { for: "message" }, "Message"),
      input,
      h("button.primary", "Send"),
    );
  }
}

const seq = (item: HTMLElement) => Number(item.dataset.seq ?? Infinity);
const hour = (date: string) => new Date(date).toLocaleTimeString(undefined, { timeStyle: "short" });

function content({ text, playground }: live.Message, matchId: string): Child {
  if (!playground) return h("p", text ?? "This message cannot be shown.");
  const plan = `#/matches/${matchId}/plan?${new URLSearchParams({ venue: playground.name })}`;
  return h("p", `◎ ${playground.name} `, h("a", { href: plan }, "Meet here"));
}

/** Find a playground by its name, and send it. */
function sharePlace(matchId: string): void {
  const results = h("ul.rows", { "aria-live": "polite" });
  const row = ({ id, name }: Schemas["Playground"]) => {
    const share = () => {
      shown.close();
      return live.send(matchId, { playground_id: id });
    };
    const tools = h("div.tools", action("Share", share, { "aria-label": `Share ${name}` }));
    return h("li.row", h("b", name), tools);
  };
  const name = field("Name of the playground", "q", { required: true, maxlength: 200 });
  const search = form("Search", name, async ({ q = "" }) => {
    const params = { query: { q, limit: 10 } };
    const { playgrounds } = await done(api.GET("/api/playgrounds", { params }));
    const none = playgrounds.length === 0 && h("li", "No playground of this name.");
    fill(results, playgrounds.map(row), none);
  });
  const shown = dialog("Share a place", search, results);
}

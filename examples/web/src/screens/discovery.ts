// One card at a time: like, pass, undo.

import { api, ApiError, at, done, type Schemas } from "../api.js";
import { fill, h, type Child } from "../dom.js";
import { go, type Screen } from "../router.js";
import { action, dialog, say } from "../ui.js";
import { invite } from "./matches.js";
import { face } from "./profile.js";
import { more } from "./safety.js";

type Found = Schemas["DiscoveredProfile"];
type Step = { kind: "likes" | "passes"; card: Found };

const STAGES: Record<Schemas["Stage"], string> = {
  preferred: "These fit what you are looking for.",
  wider: "Fewer fit exactly, so these are a little further away or of other ages.",
  anywhere: "No one near you is left, so these are from anywhere.",
};

export async function discover(): Promise<Screen> {
  const deck = new Deck();
  try {
    await deck.load();
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "profile_incomplete")) throw error;
    return { title: "Discover", body: incomplete() };
  }
  return { title: "Discover", body: deck.node };
}

const incomplete = () =>
  h(
    "div.card.empty",
    h("p", "Others want to see you first: your profile is not complete, or hidden."),
    h("a.button.primary", { href: "#/profile" }, "Complete your profile"),
  );

class Deck {
  readonly node = h("div.deck");
  #cards: Found[] = [];
  #cursor: string | null = null;
  #stage: Schemas["Stage"] = "preferred";
  #last: Step | undefined;

  async load(cursor?: string): Promise<void> {
    const query = { limit: 20, ...(cursor && { cursor }) };
    const page = await done(api.GET("/api/discovery", { params: { query } }));
    this.#cards = page.profiles;
    this.#cursor = page.next_cursor;
    this.#stage = page.stage;
    this.#show();
  }

  #show(): void {
    const hadFocus = this.node.contains(document.activeElement);
    const [card] = this.#cards;
    fill(this.node, card ? this.#card(card) : this.#empty(), this.#undo());
    if (hadFocus) this.node.querySelector<HTMLElement>("[tabindex='-1']")?.focus();
  }

  #card(card: Found): Child {
    const { user_id, display_name: name } = card;
    const meet = () => invite(user_id, name);
    const round = (label: string, work: () => Promise<void>, look: string) =>
      action(label.split(" ")[0], work, {
        class: `round ${look}`,
        "aria-label": `${label} ${name}`,
      });
    return [
      h("p.stage", STAGES[this.#stage]),
      h(
        "article.card.profile",
        { "aria-label": name, tabindex: -1 },
        face(card, card.reasons),
        h(
          "p.links",
          action("Invite to meet", meet, { class: "quiet" }),
          more(user_id, name, () => this.#next()),
        ),
      ),
      h(
        "div.swipe",
        round("Pass on", () => this.#pass(card), ""),
        round("Like", () => this.#like(card), "primary"),
      ),
    ];
  }

  #empty(): Child {
    return h(
      "div.card.empty",
      h("h2", { tabindex: -1 }, "You have seen everyone for now"),
      h("p", "New people come every day. A greater distance or more ages show you more of them."),
      h("a.button.primary", { href: "#/settings" }, "Change what you look for"),
      action("Look again", () => this.load()),
    );
  }

  #undo(): Child {
    const step = this.#last;
    if (!step) return null;
    const did = step.kind === "likes" ? "liked" : "passed on";
    const label = `Undo: you ${did} ${step.card.display_name}`;
    return action(label, () => this.#takeBack(step), { class: "quiet undo" });
  }

  async #like(card: Found): Promise<void> {
    const { user_id, display_name } = card;
    const { match } = await done(api.PUT("/api/likes/{user_id}", at({ user_id })));
    this.#last = { kind: "likes", card };
    await this.#next();
    if (match) matched(display_name, match.id);
    else say(`You like ${display_name}.`);
  }

  async #pass(card: Found): Promise<void> {
    const { user_id, display_name } = card;
    await done(api.PUT("/api/passes/{user_id}", at({ user_id })));
    this.#last = { kind: "passes", card };
    await this.#next();
    say(`You passed on ${display_name}.`);
  }

  async #takeBack({ kind, card }: Step): Promise<void> {
    await done(api.DELETE(`/api/${kind}/{user_id}`, at({ user_id: card.user_id })));
    this.#last = undefined;
    this.#cards.unshift(card);
    this.#show();
    say(`${card.display_name} is back.`);
  }

  async #next(): Promise<void> {
    this.#cards.shift();
    if (this.#cards.length > 0) this.#show();
    else await this.load(this.#cursor ?? undefined).catch(() => this.load());
    scrollTo(0, 0);
  }
}

export function matched(name: string, matchId: string): void {
  const hello = () => {
    shown.close();
    go(`/conversations/${matchId}`);
  };
  const open = action("Say hello", hello, { class: "primary" });
  const shown = dialog("It's a match!", h("p", `You and ${name} like each other.`), open);
}

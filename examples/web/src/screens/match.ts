// One match: the partner, its state, and the next steps.

import { api, at, done, type Schemas } from "../api.js";
import { h, type Child } from "../dom.js";
import { listen } from "../live.js";
import { go, show, type Screen } from "../router.js";
import { action, ask, say, words } from "../ui.js";
import { invitation } from "./matches.js";
import { list } from "./meetings.js";
import { others } from "./profile.js";
import { more } from "./safety.js";

export async function match(match_id: string): Promise<Screen> {
  const [found, { sessions }] = await Promise.all([
    done(api.GET("/api/matches/{match_id}", at({ match_id }))),
    done(api.GET("/api/sessions", { params: { query: { limit: 100 } } })),
  ]);
  const { user_id, name } = found.partner;
  const profile = await others(user_id);
  const onLeave = listen((news) => {
    if (news.kind.startsWith("match") && "matchId" in news && news.matchId === match_id)
      void show();
  });
  return {
    title: name,
    back: "/matches",
    onLeave,
    body: [
      standing(found),
      list(
        "Meetings",
        sessions.filter((each) => each.match_id === match_id),
      ),
      h("div.card.profile", profile),
      more(user_id, name, () => go("/matches")),
    ],
  };
}

function standing(found: Schemas["Match"]): Child {
  const { id: match_id, status, partner } = found;
  if (status === "pending") return h("ul.card.rows", invitation(found, show));
  if (status !== "accepted") return h("p.note", `${words(status)}.`);
  const text = `You and ${partner.name} cannot write to each other any more, and stay apart.`;
  const unmatch = () => done(api.POST("/api/matches/{match_id}/unmatch", at({ match_id })));
  const ended = () => {
    say("The match has ended.");
    go("/matches");
  };
  const end = () => ask("End the match?", text, "End it", unmatch, ended);
  return h(
    "div.tools",
    h("a.button.primary", { href: `#/conversations/${match_id}` }, "Write"),
    h("a.button", { href: `#/matches/${match_id}/plan` }, "Plan a meeting"),
    action("End the match", end, { class: "quiet" }),
  );
}

// Blocking and reporting, wherever another user is shown.

import { api, at, done, type Schemas } from "../api.js";
import { h } from "../dom.js";
import { action, ask, askFor, choice, dialog, field, say, words } from "../ui.js";

const REASONS = ["spam", "harassment", "fake", "underage", "nudity", "other"] as const;

/** Block or report this user. `gone` is called once the user must not be shown any more. */
export function more(user_id: string, name: string, gone: () => unknown): HTMLElement {
  const choose = () => {
    const step = (next: () => void) => () => {
      shown.close();
      next();
    };
    const shown = dialog(
      name,
      h("p", "Blocking ends the match and hides you from each other. They are not notified."),
      action("Block", step(block), { class: "danger" }),
      action("Report", step(report)),
    );
  };
  const block = () =>
    ask(
      `Block ${name}?`,
      "You will not see each other any more.",
      "Block",
      () => done(api.PUT("/api/blocks/{user_id}", at({ user_id }))),
      () => {
        say(`${name} is blocked.`);
        return gone();
      },
    );
  const report = () => {
    const fields = [
      choice(
        "Reason",
        "reason",
        REASONS.map((reason) => [reason, words(reason)]),
        "spam",
      ),
      field("Details", "details", { type: "textarea", maxlength: 1000 }),
    ];
    const send = (about: Pick<Schemas["NewReport"], "reason" | "details">) =>
      done(api.POST("/api/reports", { body: { user_id, ...about } }));
    const thank = () => say("Thank you. A person will look at your report.");
    askFor(`Report ${name}`, fields, "Send report", send, thank);
  };
  return action("Block or report", choose, { class: "quiet" });
}

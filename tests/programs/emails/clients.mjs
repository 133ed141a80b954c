// Writes what caniemail reports about HTML files: {feature: {client: "no" | "partly"}}.
import { readFileSync } from "node:fs";
import { caniemail } from "../../../local/node_modules/caniemail/dist/index.js";

const [clients, ...files] = process.argv.slice(2);
const found = {};
for (const file of files) {
  const { issues } = caniemail({ clients: clients.split(","), html: readFileSync(file, "utf8") });
  for (const [level, word] of [["warnings", "partly"], ["errors", "no"]]) {
    for (const [client, features] of issues[level]) {
      for (const { title } of features) {
        (found[title] ??= {})[client] = word;
      }
    }
  }
}
process.stdout.write(JSON.stringify(found));

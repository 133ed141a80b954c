// Reads a JSON list of calendar files; writes what ical.js and node-ical find in each.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(new URL("../../../local/node_modules/", import.meta.url));
const ICAL = require("ical.js");
const nodeIcal = require("node-ical");

function readByIcalJs(file) {
  const calendar = new ICAL.Component(ICAL.parse(file));
  const event = calendar.getFirstSubcomponent("vevent");
  const value = (name) => event.getFirstPropertyValue(name) ?? null;
  return {
    method: calendar.getFirstPropertyValue("method"),
    uid: value("uid"),
    sequence: value("sequence"),
    status: value("status"),
    start: value("dtstart").toJSDate().toISOString(),
    end: value("dtend").toJSDate().toISOString(),
    summary: value("summary"),
    location: value("location"),
    description: value("description"),
  };
}

function readByNodeIcal(file) {
  const parsed = nodeIcal.sync.parseICS(file);
  const event = Object.values(parsed).find((part) => part.type === "VEVENT");
  return {
    method: event.method,
    uid: event.uid,
    sequence: Number(event.sequence),
    status: event.status,
    start: event.start.toISOString(),
    end: event.end.toISOString(),
    summary: event.summary,
    location: event.location,
    description: event.description ?? null,
  };
}

const files = JSON.parse(await text(process.stdin));
const found = files.map((file) => ({ "ical.js": readByIcalJs(file), "node-ical": readByNodeIcal(file) }));
process.stdout.write(JSON.stringify(found));

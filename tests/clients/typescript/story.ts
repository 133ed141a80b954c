// The story of docs/clients in steps: Maya uses this app; Leo and Ada use their own.

import { createInterface } from "node:readline/promises";
import { confirm, logIn, register } from "./account.js";
import { openChat } from "./chat.js";
import { api, type Api } from "./client.js";
import { discover } from "./discovery.js";
import { Refused, sentence } from "./errors.js";
import { start } from "./graphql.js";
import { answer, invite } from "./invitations.js";
import { deleteAccount, exported } from "./leaving.js";
import { like, pass, undoPass } from "./likes.js";
import { calendar, confirmMeeting, plan, reputation } from "./meetings.js";
import { openFeed, registerDevice } from "./notifications.js";
import { upload } from "./photos.js";
import { addPlayground, playgroundsAround, share } from "./playgrounds.js";
import { choose } from "./preferences.js";
import { introduce, locate } from "./profile.js";
import type { Message } from "./realtime/protocol.js";
import { patient } from "./retries.js";
import { reportAndBlock } from "./safety.js";
import { Session, type Saved } from "./session.js";

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const BASE = env("API_URL");
const [latitude, longitude] = [Number(env("LATITUDE")), Number(env("LONGITUDE"))];
const [EMAIL, PASSWORD] = [env("EMAIL"), env("PASSWORD")];
const LEO = env("LEO_ID");
const ADA = env("ADA_ID");

function expect(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`);
}

// --- the test's part in the story: it opens the email, and lets time pass ----------------------

const test = createInterface({ input: process.stdin });
const replies = test[Symbol.asyncIterator]();

async function ask(question: string): Promise<string> {
  process.stdout.write(`${question}\n`);
  return String((await replies.next()).value);
}

/** Another user's app, with a token that the test has made. */
function other(token: string): Api {
  return api(BASE, (request) => {
    request.headers.set("Authorization", `Bearer ${token}`);
    return patient(request);
  });
}

class MemoryStore {
  tokens: Saved | undefined;
  load = async () => this.tokens;
  save = async (tokens: Saved | undefined) => void (this.tokens = tokens);
}

class MemoryStorage {
  readonly #items = new Map<string, string>();
  getItem = (key: string) => this.#items.get(key) ?? null;
  setItem = (key: string, item: string) => void this.#items.set(key, item);
}

/** Wait until a condition holds. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 1800) throw new Error(`${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// --- the story -----------------------------------------------------------------------------

let isOver = false;
const store = new MemoryStore();
const end = () => void (isOver = true);

const open = api(BASE, patient);
await register(open, EMAIL, PASSWORD);
const link = await ask("link");
expect("before the link", await logIn(open, EMAIL, PASSWORD), "not confirmed");
await confirm(open, link);
expect("a wrong password", await logIn(open, EMAIL, "wrong"), "wrong");
const tokens = await logIn(open, EMAIL, PASSWORD);
if (typeof tokens === "string") throw new Error(tokens);
await Session.begin(BASE, tokens, store, end);
const session = await Session.restore(BASE, store, end);
if (!session) throw new Error("the session is not restored");
const before = await session.accessToken();
const [renewed] = await Promise.all([session.accessToken(before), session.accessToken(before)]);
expect("another token", renewed !== before, true);
expect("the stored token", store.tokens?.access_token, renewed);
const maya = api(BASE, session.fetch);
const leo = other(env("LEO_TOKEN"));
const ada = other(env("ADA_TOKEN"));

expect("missing", (await introduce(maya)).join(), "photos,location");
await locate(maya, latitude, longitude);
const file = new File([Buffer.from(env("PHOTO"), "base64")], "bruno.png", { type: "image/png" });
const photos = await Promise.all([upload(maya, file), upload(maya, file)]);
expect("photos", photos.map((photo) => photo.status).join(), "ready,ready");
expect("published", (await maya.GET("/api/profile")).data?.published, true);
const text = new File(["no picture"], "notes.png", { type: "image/png" });
expect("a text", (await upload(maya, text)).rejection, "unsupported_type");

const found: string[] = [];
for await (const profile of discover(maya)) {
  if (found.push(profile.user_id) === 2) break;
}
expect("discovered", found.sort().join(), [LEO, ADA].sort().join());
await pass(maya, ADA);
await undoPass(maya, ADA);
expect("one like", await like(maya, LEO), null);
const match = await like(leo, session.userId);
expect("the match", match?.origin, "mutual_like");
const matchId = match!.id;

const key = crypto.randomUUID();
const invited = await invite(maya, ADA, key);
if (typeof invited === "string") throw new Error(invited);
const again = await invite(maya, ADA, key);
expect("the same invitation", typeof again === "object" && again.id, invited.id);
expect("a second one", await invite(maya, ADA, crypto.randomUUID()), "open");
expect("declined", (await answer(ada, invited.id, "decline")).status, "declined");

const shown: Message[] = [];
let isConnected = false;
let read = 0;
const screen = {
  lastSeq: () => shown.at(-1)?.seq,
  show: (message: Message) => void shown.push(message),
  notSent: (_: string, code: string) => expect("sent", code, ""),
  partnerHasRead: (_: string, seq: number) => void (read = seq),
  partnerTypes: () => {},
  removeBefore: () => {},
  newMatch: () => {},
  matchEnded: () => {},
  connected: (value: boolean) => void (isConnected = value),
};
const chat = await openChat(BASE, session, screen, new MemoryStorage());
await until("the connection", () => isConnected);
await chat.send(matchId, { text: "Hi! Does Luna like water?" });
await until("the own message", () => shown.length === 1);
const path = { match_id: matchId };
const reply = { client_id: crypto.randomUUID(), text: "She loves it." };
await leo.POST("/api/conversations/{match_id}/messages", { params: { path }, body: reply });
await leo.PUT("/api/conversations/{match_id}/read", { params: { path }, body: { seq: 1 } });
await until("the answer", () => shown.length === 2 && read === 1);
const place = await addPlayground(maya, latitude, longitude);
expect("around", (await playgroundsAround(maya, latitude, longitude))[0]?.id, place.id);
await share(chat, matchId, place.id);
await until("the playground", () => shown.at(-1)?.playground?.id === place.id);
expect("the order", shown.map((message) => message.seq).join(), "1,2,3");
chat.stop();

const meeting = await plan(maya, matchId, place.name, new Date(Date.now() + 3 * 86_400_000));
expect("a calendar", (await calendar(maya, meeting.id)).slice(0, 15), "BEGIN:VCALENDAR");
await ask(`begin ${meeting.id}`);
expect("one side", (await confirmMeeting(maya, meeting.id)).status, "in_progress");
expect("both sides", (await confirmMeeting(leo, meeting.id)).status, "completed");
expect("the score", (await reputation(maya, LEO)).score, 1);

await registerDevice(maya, crypto.randomUUID(), `web-${crypto.randomUUID()}`);
const kinds = (await openFeed(maya)).map((notification) => notification.kind);
expect("the feed", kinds.length > 0, true);
expect("read", (await maya.GET("/api/notifications")).data?.unread, 0);
await choose(maya, session.userId);
const first = await start(BASE, session.fetch);
expect("in one request", first.conversations.nodes[0]?.matchId, matchId);
await start(BASE, patient).then(
  () => expect("a refusal", "none", "unauthenticated"),
  (error: Refused) => expect("a refusal", error.problem.code, "unauthenticated"),
);

let said = "";
while (!said) await locate(maya, latitude, longitude).catch((error) => (said = sentence(error)));
expect("a limit", /^Please wait \d+ seconds\.$/.test(said), true);
await locate(leo, 91, 0).catch((error) => (said = sentence(error)));
expect("a field", said.startsWith("latitude: "), true);

const elsewhere = await logIn(open, EMAIL, PASSWORD);
if (typeof elsewhere === "string") throw new Error(elsewhere);
let ends = 0;
const tablet = await Session.begin(BASE, elsewhere, new MemoryStore(), () => void (ends += 1));
await tablet.logOut();
await introduce(api(BASE, tablet.fetch)).catch((error: Refused) => (said = error.problem.code));
expect("logged out", said, "invalid_refresh_token");
expect("ended by logging out, and again by a refusal", ends, 2);

await reportAndBlock(maya, ADA);
expect("blocked", (await maya.GET("/api/blocks")).data?.blocks[0]?.user_id, ADA);
expect("the export", (await exported(maya)).account !== null, true);
expect("a wrong password", await deleteAccount(maya, "wrong"), false);
expect("deleted", await deleteAccount(maya, PASSWORD), true);
await introduce(maya).catch(() => {});
expect("the end of the session", isOver, true);
test.close();

// The console: signing in, the list of calls, and one call.

import { ApiError, follow, messageOf, send, token } from "./api.js";
import { advice } from "./advice.js";
import { banner } from "./banner.js";
import { Call } from "./call.js";
import { calls } from "./calls.js";
import { checklist } from "./checklist.js";
import { showDocument, showKeys } from "./dialogs.js";
import { button, byId, clock, dialog, el, fill, set, text } from "./dom.js";
import { note } from "./note.js";
import { player } from "./player.js";
import { question } from "./question.js";
import { finish, isBack, leaveFor, provider } from "./sign_in.js";
import { transcript } from "./transcript.js";

/** @import { Link, Me, Part, Shown } from "./types.js" */

const KEYS = { asked: "Alt+A", none: "Alt+N", role: "Alt+S", complete: "Alt+E" };
/** @type {Record<Link, (seconds: number) => string>} */
const LINKS = {
  live: () => "Live",
  lost: (seconds) => `No link for ${seconds} s: this may be old`,
  "signed-out": () => "Signed out: this may be old",
  over: () => "This call is not yours, or was erased",
};
const HELP = [
  ["Alt+1", "Type what was said"],
  ["Alt+2", "Next question"],
  ["Alt+3", "Checklist"],
  ["Alt+4", "Tell the caller"],
  ["Alt+5", "Note"],
  ["Alt+A", "I asked the next question"],
  ["Alt+N", "No to all of the next question"],
  ["Alt+S", "Change the speaker"],
  ["Alt+E", "Complete the call, or open its note"],
  ["Alt+C", "New call"],
  ["↑ ↓ Y N U", "In the checklist: move, yes, no, unsure"],
];
const main = byId("main");
/** @type {Me | null} */
let me = null;
let leave = () => {};
/** @type {Record<string, () => void>} */
let keys = {};

/** @param {...Node} nodes */
function show(...nodes) {
  leave();
  leave = () => {};
  keys = {};
  fill(main, ...nodes);
}

async function signIn(problem = "") {
  me = null;
  const offered = await provider().catch(() => null);
  const input = el("input", { id: "token", type: "password", autocomplete: "off", required: true, spellcheck: "false" });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    token.set(input.value.trim());
    start();
  };
  const there = offered ? button("Sign in with your work account", () => leaveFor(offered).catch((error) => signIn(error.message)), { class: "main" }) : null;
  header(null);
  show(
    el(
      "section",
      { class: "sign-in card", "aria-labelledby": "sign-in-title" },
      el("h2", { id: "sign-in-title" }, "Sign in"),
      there,
      offered && el("p", { class: "hint" }, `You go to ${new URL(offered.authorize_url).host} and come back here.`),
      el("form", { onsubmit: submit }, el("label", { for: "token" }, there ? "Or your token" : "Your token"), input, el("button", { class: there ? "" : "main" }, "Sign in")),
      el("p", { class: "problem", role: "alert" }, problem),
    ),
  );
  (there ?? input).focus();
}

function signInAgain() {
  token.forget();
  signIn("Your sign-in has run out. Please sign in again.");
}

/** @param {Call | null} call */
function header(call) {
  byId("sign-out").hidden = !me;
  byId("to-calls").hidden = !call;
  if (!call) {
    text(byId("about"), me?.name ?? "");
    text(byId("link"), "");
    set(byId("link"), { "data-link": null });
  }
}

async function start() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    token.set(given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  try {
    if (isBack()) token.set(await finish());
    if (!token.get()) return signIn();
    me = await send("GET", "me");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) token.forget();
    return signIn(messageOf(error));
  }
  if (!me?.roles.some((role) => role === "agent" || role === "supervisor")) {
    token.forget();
    return signIn("Your account does not take calls here. Ask your supervisor to add you.");
  }
  const wanted = new URLSearchParams(location.search).get("call");
  return wanted ? openCall(wanted) : listCalls();
}

function listCalls() {
  if (!me) return signIn();
  header(null);
  history.replaceState(null, "", location.pathname);
  const list = calls(me, openCall, signInAgain);
  show(list.node);
  leave = list.stop;
  keys = { "alt+c": list.begin };
  byId("new-call").focus();
}

/** @param {string} id */
function openCall(id) {
  if (!me) return signIn();
  history.replaceState(null, "", `${location.pathname}?call=${encodeURIComponent(id)}`);
  const call = new Call(id);
  const problem = el("p", { class: "problem", role: "alert" });
  /** @type {string | null} */
  let told = null;
  const again = button("Sign in again", signInAgain, { class: "main" });
  const parts = {
    banner: banner(),
    question: question(call, KEYS),
    transcript: transcript(call, KEYS),
    checklist: checklist(call),
    advice: advice(call),
    note: note(call, KEYS, complete),
  };
  const tabs = sideTabs(parts);
  const play = el("div", { class: "play-place" });
  const body = el(
    "div",
    { class: "call", "data-tab": "checklist" },
    el("div", { class: "top" }, parts.banner.node, parts.question.node, problem),
    tabs.node,
    el("div", { class: "column heard" }, parts.transcript.node, play),
    el("div", { class: "column" }, parts.checklist.node),
    el("div", { class: "column" }, parts.advice.node, parts.note.node),
  );
  tabs.of(body);
  show(body);
  header(call);
  if (me.recordings) player(call).then((node) => fill(play, node));

  call.watch((shown) => {
    Object.values(parts).forEach((part) => part.render(shown));
    if (told !== call.problem) fill(problem, (told = call.problem), call.signedOut && again);
    text(byId("about"), aboutText(shown));
  });

  let warned = false;
  async function complete() {
    if (!call.state) return;
    await parts.note.save();
    const { triage } = call.state;
    if (!call.closed && triage?.open && triage.supported !== "emergency" && !warned) {
      warned = true;
      call.problem = `${triage.open} questions are still open. Press again to complete the call all the same.`;
      call.tell();
      return;
    }
    try {
      showDocument(await call.complete(), listCalls);
    } catch (error) {
      call.fail(error);
    }
  }

  const link = byId("link");
  const stop = follow(id, me.heartbeat_seconds, (data) => call.take(data), (how, seconds) => {
    set(link, { "data-link": how });
    if (how === "signed-out") call.fail(new ApiError(401, null));
    body.classList.toggle("stale", how !== "live");
    text(link, LINKS[how](seconds));
  });
  leave = stop;
  const go = (/** @type {string} */ name, /** @type {() => void} */ focus) => () => (tabs.choose(name), focus());
  keys = {
    "alt+1": go("transcript", parts.transcript.focus),
    "alt+2": () => parts.question.node.focus(),
    "alt+3": go("checklist", parts.checklist.focus),
    "alt+4": go("advice", () => parts.advice.node.focus()),
    "alt+5": go("note", () => parts.note.node.focus()),
    "alt+a": parts.question.ask,
    "alt+n": parts.question.noToAll,
    "alt+s": () => parts.transcript.swap(),
    "alt+e": complete,
  };
  parts.transcript.focus();
  // In a side panel another part is shown at first, and what is hidden takes no focus.
  if (!body.contains(document.activeElement)) parts.question.node.focus();
}

/** @param {Shown} call */
function aboutText({ state, closed }) {
  const { age, duration_days: days } = state.numbers ?? {};
  return [
    state.owner,
    `since ${clock(state.opened_at)}`,
    state.speaking_for ? `patient: ${state.speaking_for.replaceAll("_", " ")}` : "caller is the patient",
    age ? `${age.value} years` : "",
    days ? `${Math.round(days.value * 10) / 10} days of pain` : "",
    closed ? "completed" : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

// In a side panel one part is shown at a time.
/** @param {Record<string, Part>} parts */
function sideTabs(parts) {
  const names = { transcript: "Transcript", checklist: "Checklist", advice: "Tell", note: "Note" };
  /** @type {HTMLElement | null} */
  let body = null;
  const controls = Object.entries(names).map(([name, label]) =>
    el("button", { type: "button", "aria-controls": parts[name].node.id, "aria-pressed": String(name === "checklist"), "data-name": name, onclick: () => choose(name) }, label),
  );
  /** @param {string} name */
  function choose(name) {
    if (body) body.dataset.tab = name;
    for (const control of controls) set(control, { "aria-pressed": String(control.dataset.name === name) });
  }
  return { node: el("nav", { class: "tabs", "aria-label": "Parts of the call" }, controls), choose, of: (/** @type {HTMLElement} */ node) => (body = node) };
}

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || dialog.open) return;
  // By the key's place: with Alt some keyboards write other characters.
  const name = `alt+${event.code.replace(/^Key|^Digit/, "").toLowerCase()}`;
  if (!keys[name]) return;
  event.preventDefault();
  keys[name]();
});

byId("help").addEventListener("click", () => showKeys(HELP));
byId("to-calls").addEventListener("click", listCalls);
byId("sign-out").addEventListener("click", () => {
  token.forget();
  signIn();
});

// A link with a token, opened where the console is open already.
addEventListener("hashchange", start);
start();

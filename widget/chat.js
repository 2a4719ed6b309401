// <backsignal-chat>: the launcher, the panel and what happens in it.
import { bodyPicture } from "./body.js";
import { callLink, dataOf, message } from "./cards.js";
import { setAccent } from "./colours.js";
import { Connection, device, tab } from "./connection.js";
import { h, tel } from "./dom.js";
import { icon } from "./drawings.js";
import { LOCALES, fill, stringsOf } from "./strings.js";
import { asNodes, print, save, summaryOf } from "./summary.js";

/** @typedef {import("./connection.js").Entry} Entry */

const STYLE = `/* widget.css */`;
const MOST_CHARACTERS = 2000;
const NARROW = "(max-width: 32rem), (max-height: 28rem)";
const HOME = new URL(import.meta.url).origin;

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

class Chat {
  /** @param {HTMLElement} host @param {ShadowRoot} root */
  constructor(host, root) {
    this.host = host;
    this.root = root;
    this.drawn = 0;
    this.offerKey = "";
    this.begun = false;
    this.alerted = "";
    this.pointing = false;
    this.unread = false;
    this.follow = false;
    this.over = false;
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    const words = (this.words = stringsOf(host.getAttribute("locale") ?? (document.documentElement.lang || "en")));
    const server = new URL(host.getAttribute("server") ?? "/", host.hasAttribute("server") ? location.href : HOME);
    const storage = this.host.getAttribute("remember") === "device" ? device() : tab();
    this.connection = new Connection(server.href.replace(/\/+$/, ""), storage, () => this.render());

    this.launcher = h(
      "button", { type: "button", class: "launcher", part: "launcher", "aria-haspopup": "dialog", onclick: () => this.show(true) },
      icon("chat"), h("span", {}, words.launcher),
    );
    this.badge = h("span", { class: "badge", role: "status" });
    this.heading = h("h2", { tabindex: "-1" });
    this.menuButton = h(
      "button", { type: "button", class: "plain", "aria-expanded": "false", "aria-controls": "menu", "aria-label": words.menu, onclick: () => this.toggleMenu() },
      icon("menu"),
    );
    const close = h("button", { type: "button", class: "plain", "aria-label": words.close, onclick: () => this.hide() }, icon("close"));
    this.menu = h("ul", { id: "menu", class: "menu", hidden: true }, ...this.menuItems().map((item) => h("li", {}, item)));
    this.alarm = h("div", { class: "alarm", role: "alert" });
    this.network = h("div", { class: "network", role: "status" });
    this.log = h("div", { class: "log", role: "log", "aria-label": words.log, "aria-live": "off", "aria-relevant": "additions" });
    this.waiting = h("div", { class: "waiting" });
    this.typing = h("div", { class: "typing", hidden: true }, h("i"), h("i"), h("i"));
    this.status = h("p", { class: "hidden", role: "status" });
    this.answers = h("div", { class: "answers" });
    this.scroller = h(
      "div", { class: "scroller", tabindex: "0", role: "region", "aria-label": words.log },
      this.log, this.waiting, this.typing, this.answers,
    );
    this.input = h("textarea", {
      rows: "1", maxlength: MOST_CHARACTERS, "aria-label": words.input, placeholder: words.placeholder, enterkeyhint: "send",
      oninput: () => this.keepDraft(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.inputKey(event),
    });
    this.input.value = this.draft().text ?? "";
    this.pointButton = h(
      "button", { type: "button", class: "plain", "aria-expanded": "false", "aria-label": words.point, title: words.point, onclick: () => this.togglePicture() },
      icon("body"),
    );
    const composer = h(
      "form", { class: "composer", onsubmit: (/** @type {Event} */ event) => this.submit(event) },
      this.pointButton, this.input, h("button", { class: "primary send", "aria-label": words.send }, icon("send")),
    );
    this.panel = h(
      "dialog", { class: "panel", part: "panel", onkeydown: (/** @type {KeyboardEvent} */ event) => this.panelKey(event) },
      h("div", { class: "head" }, this.heading, this.menuButton, close), this.menu, this.alarm, this.network, this.scroller, composer, this.status,
    );
    this.panel.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.hide();
    });
    this.asking = h("dialog", { class: "asking" });
    this.frame = h("div", { class: "frame" }, h("div", { class: "corner" }, this.launcher, this.badge), this.panel, this.asking);
    root.append(this.frame);
  }

  attach() {
    this.dark.addEventListener("change", this.restyle);
    addEventListener("online", this.rerender);
    addEventListener("offline", this.rerender);
    document.addEventListener("visibilitychange", this.rest);
    this.restyle();
    if (this.connection.ready) this.connection.listen();
    else if (this.isOpen) this.show(false);
    else if (this.connection.resumable) this.begin();
    else this.connection.learn();
  }

  detach() {
    this.dark.removeEventListener("change", this.restyle);
    removeEventListener("online", this.rerender);
    removeEventListener("offline", this.rerender);
    document.removeEventListener("visibilitychange", this.rest);
    this.connection.close();
  }

  rerender = () => this.render();

  // A hidden tab does not listen: browsers have few connections to a server for all their tabs together.
  rest = () => {
    if (document.hidden) this.connection.close();
    else if (this.connection.ready) this.connection.listen();
  };

  get isOpen() {
    return this.host.hasAttribute("open");
  }

  restyle = () => {
    const theme = this.host.getAttribute("theme");
    this.frame.classList.toggle("dark", theme ? theme === "dark" : this.dark.matches);
    this.frame.classList.toggle("start", this.host.getAttribute("position") === "start");
    setAccent(this.frame, this.host.getAttribute("accent") ?? "#0b6470");
    this.label();
  };

  label() {
    const clinic = this.host.getAttribute("clinic") ?? this.connection.facts?.clinic;
    this.heading.textContent = this.words.title;
    this.panel.setAttribute("aria-label", clinic ? fill(this.words.panel, { clinic }) : this.words.title);
  }

  // Opening and closing

  /** @param {boolean} byPerson then the focus goes into the panel */
  show(byPerson) {
    if (this.panel.open) return;
    this.host.setAttribute("open", "");
    // On a small screen the panel covers the page, so the page is put out of reach.
    if (matchMedia(NARROW).matches) this.panel.showModal();
    else this.panel.setAttribute("open", "");
    this.launcher.hidden = true;
    this.unread = false;
    if (byPerson) this.focusFirst();
    this.begin();
    this.render();
    this.scroll();
  }

  hide() {
    const inside = this.panel.contains(this.root.activeElement);
    if (this.panel.open) this.panel.close();
    this.host.removeAttribute("open");
    this.launcher.hidden = false;
    if (inside) this.launcher.focus();
  }

  begin() {
    if (this.begun) return;
    this.begun = true;
    this.connection.open();
  }

  // A keyboard on the screen would hide half of the chat: there the heading takes the focus.
  focusFirst() {
    if (matchMedia("(pointer: fine)").matches) this.input.focus();
    else this.heading.focus();
  }

  /** @param {KeyboardEvent} event */
  panelKey(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (!this.menu.hidden) this.toggleMenu();
    else if (this.pointing) this.togglePicture();
    else this.hide();
  }

  // The menu

  menuItems() {
    const words = this.words;
    /** @type {[string, () => void][]} */
    const items = [
      [words.person, () => this.connection.facts && this.connection.send(this.connection.facts.asks.person)],
      [words.summary, () => this.showSummary()],
      [words.restart, () => this.ask(words.restartAsk, words.restartMore, words.restart, () => this.restart())],
      [words.forget, () => this.askForget()],
    ];
    return items.map(([name, act]) => h("button", { type: "button", onclick: () => (this.toggleMenu(), act()) }, name));
  }

  askForget() {
    this.ask(this.words.forgetAsk, this.words.forgetMore, this.words.forgetYes, () => this.forget());
  }

  toggleMenu() {
    this.menu.hidden = !this.menu.hidden;
    this.menuButton.setAttribute("aria-expanded", String(!this.menu.hidden));
    if (this.menu.hidden) this.menuButton.focus();
    else this.menu.querySelector("button")?.focus();
  }

  /** Ask before something is lost. @param {string} title @param {string} more @param {string} yes @param {() => void} act */
  ask(title, more, yes, act) {
    const cancel = h("button", { type: "button", onclick: () => this.asking.close() }, this.words.cancel);
    const sure = h("button", { type: "button", class: "primary", onclick: () => (this.asking.close(), act()) }, yes);
    this.present(title, [h("p", {}, more)], [cancel, sure]);
  }

  /** @param {string} title @param {Node[]} content @param {HTMLElement[]} buttons */
  present(title, content, buttons) {
    this.asking.setAttribute("aria-label", title);
    this.asking.replaceChildren(h("h2", {}, title), ...content, h("div", { class: "buttons" }, ...buttons));
    this.asking.showModal();
    buttons[0].focus();
  }

  showSummary() {
    const { entries, facts } = this.connection;
    if (!facts) return;
    const summary = summaryOf(entries, facts, this.words);
    // The title stands above it.
    const [, ...nodes] = asNodes(summary);
    this.present(this.words.summaryTitle, [h("div", { class: "sheet", tabindex: "0", role: "region", "aria-label": this.words.summaryTitle }, ...nodes)], [
      h("button", { type: "button", class: "primary", onclick: () => print(summary, this.root) }, this.words.print),
      h("button", { type: "button", onclick: () => save(summary, this.words.summaryFile, this.asking) }, this.words.save),
      h("button", { type: "button", onclick: () => this.asking.close() }, this.words.done),
    ]);
  }

  async restart() {
    this.clear();
    await this.connection.restart();
    this.focusFirst();
  }

  async forget() {
    try {
      await this.connection.forget();
    } catch {
      this.notice(fill(this.words.failed, { number: this.emergencyNumber }));
      return;
    }
    this.input.value = "";
    this.keepDraft();
  }

  /** The conversation was erased: nothing of it stays in sight. */
  showOver() {
    if (this.over) return;
    const focused = this.panel.contains(this.root.activeElement);
    this.clear();
    this.waiting.replaceChildren();
    this.over = true;
    this.notice(this.words.forgotten);
    const again = h("button", { type: "button", class: "chip", onclick: () => this.beginAnew() }, this.words.restart);
    this.answers.replaceChildren(again);
    if (focused) again.focus();
  }

  beginAnew() {
    this.over = false;
    this.clear();
    this.connection.open();
    this.focusFirst();
  }

  clear() {
    this.log.replaceChildren();
    this.log.setAttribute("aria-live", "off");
    this.drawn = 0;
    this.offerKey = "";
    this.pointing = false;
    this.answers.replaceChildren();
  }

  /** A sentence of the widget itself, in the log. @param {string} text */
  notice(text) {
    this.log.setAttribute("aria-live", "polite");
    this.log.append(h("p", { class: "notice" }, text));
    this.scroll();
  }

  // Writing

  /** @param {Event} event */
  submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.keepDraft();
    this.connection.send(text);
  }

  /** @param {KeyboardEvent} event */
  inputKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event);
  }

  keepDraft() {
    this.input.style.height = "";
    if (this.input.value) this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 140)}px`;
    const ticks = [...this.answers.querySelectorAll("input:checked")].map((box) => /** @type {HTMLInputElement} */ (box).value);
    const draft = { text: this.input.value, key: this.offerKey, ticks };
    try {
      tab()?.setItem("backsignal draft", JSON.stringify(draft));
    } catch {
      // Without storage a reload forgets the draft.
    }
  }

  /** What was begun and not sent before a reload. @returns {{ text?: string, key?: string, ticks?: string[] }} */
  draft() {
    try {
      return JSON.parse(tab()?.getItem("backsignal draft") ?? "{}");
    } catch {
      return {};
    }
  }

  /** Send what was chosen below the conversation; the focus follows to the next answers. @param {string[]} payloads */
  answer(payloads) {
    this.follow = true;
    this.connection.send(payloads.join("; "), payloads);
  }

  // Showing

  get emergencyNumber() {
    return this.connection.facts?.emergency_number ?? this.words.emergencyNumber;
  }

  render() {
    const { entries, pending, facts, busy, ready } = this.connection;
    if (!facts || !this.begun) {
      this.showNetwork();
      return;
    }
    this.label();
    if (this.connection.over) this.showOver();
    if (entries.length < this.drawn) this.clear();
    const fresh = entries.slice(this.drawn);
    const first = this.log.childElementCount;
    if (fresh.length) {
      if (this.connection.ended) this.notice(this.words.ended);
      this.connection.ended = false;
      this.log.append(...fresh.map((entry) => message(entry, facts, this.words, !this.followsAdvice(entry))));
      if (fresh.some((entry) => entry.from === "assistant" && entry.n >= this.connection.seen)) this.unread = !this.isOpen;
      this.drawn = entries.length;
      // What was there before is not read out; what comes from now on is.
      requestAnimationFrame(() => this.log.setAttribute("aria-live", "polite"));
    }
    // Not only with news: the stream can bring the answer before the session is told to last.
    if (this.connection.kept) this.notice(this.words.kept);
    this.connection.kept = false;
    if (this.isOpen && this.connection.seen !== entries.length) this.connection.see();
    this.waiting.replaceChildren(...pending.map((each) => this.pendingMessage(each)));
    const writing = (busy && !this.connection.offline && !pending.every((each) => each.error)) || (this.begun && !ready && this.connection.opening);
    this.typing.hidden = !writing;
    this.status.textContent = writing ? this.words.writing : "";
    this.badge.textContent = this.unread && !this.isOpen ? this.words.unread : "";
    this.showAlarm();
    this.showNetwork();
    this.showAnswers();
    if (fresh.length || pending.length) this.scroll(fresh.length ? first : undefined);
  }

  /** Whether other advice stands right before. @param {Entry} entry */
  followsAdvice(entry) {
    const before = this.connection.entries[entry.n - 1];
    return before !== undefined && dataOf(before).type === "advice";
  }

  /** @param {import("./connection.js").Pending} each */
  pendingMessage(each) {
    const state = each.error ? `${this.words.notSent} ${each.error}` : this.connection.offline ? this.words.waiting : "";
    return h(
      "div", { class: "message person pending" },
      h("span", { class: "hidden" }, this.words.you, " "),
      h("div", { class: "bubble" }, h("p", {}, each.text)),
      state && h("p", { class: each.error ? "error" : "state", role: each.error ? "alert" : false }, state, " ",
        each.error && h("button", { type: "button", class: "link", onclick: () => this.connection.retry(each.id) }, this.words.tryAgain)),
    );
  }

  // While an emergency stands, it stays in sight above the conversation.
  showAlarm() {
    const last = this.connection.entries.findLast((entry) => ["emergency", "triage", "question"].includes(dataOf(entry).type));
    const data = last ? dataOf(last) : {};
    const number = data.type === "emergency" || data.level === "emergency" ? data.call || this.emergencyNumber : "";
    if (this.alerted === number) return;
    this.alerted = number;
    this.alarm.replaceChildren(...(number ? [h("strong", {}, this.words.emergency), callLink(number, this.words)] : []));
  }

  showNetwork() {
    const { reachable, problem } = this.connection;
    const text = !navigator.onLine ? this.words.offline : reachable ? problem : this.words.reconnecting;
    if (this.network.dataset.text === text) return;
    if (!text && this.network.dataset.text) this.status.textContent = this.words.back;
    this.network.dataset.text = text;
    const [before, after = ""] = text.split("{number}");
    const number = this.connection.facts?.emergency_number;
    this.network.replaceChildren(...(text ? [before, number ? tel(number, number) : this.words.emergencyNumber, after] : []));
  }

  showAnswers() {
    const { entries, pending, facts, ready } = this.connection;
    const start = entries.findLastIndex((entry) => entry.from === "person") + 1;
    const offers = entries.slice(start).filter((entry) => entry.buttons?.length || dataOf(entry).options?.length);
    const offer = pending.length || !ready ? undefined : offers.at(-1);
    const erasable = ready && !pending.length && entries.slice(start).some((entry) => dataOf(entry).type === "forget_me");
    const key = `${this.pointing} ${start ? "" : "first"} ${offer ? `${offer.n} ${offer.at}` : ""} ${erasable} ${ready}`;
    if (key === this.offerKey || !facts || this.over) return;
    this.offerKey = key;
    const focused = this.answers.contains(this.root.activeElement);
    const nodes = offer ? this.controls(offer) : [];
    if (erasable) nodes.unshift(h("button", { type: "button", class: "chip", onclick: () => this.askForget() }, this.words.forget));
    if (this.pointing) nodes.push(bodyPicture(facts.pointing, this.words, (text) => this.point(text)));
    else if (!start && !pending.length && entries.length) {
      nodes.push(h("button", { type: "button", class: "chip", onclick: () => this.togglePicture() }, icon("body"), this.words.point));
    }
    this.answers.replaceChildren(...nodes);
    if (focused) this.scroller.focus({ preventScroll: true });
    if (this.follow && ready && !pending.length) {
      this.follow = false;
      const control = /** @type {HTMLElement | null} */ (this.answers.querySelector("button, input"));
      if (control) control.focus({ preventScroll: true });
      else this.focusFirst();
    }
  }

  /** Buttons or ticks for what is on offer. @param {Entry} offer @returns {Node[]} */
  controls(offer) {
    const data = dataOf(offer);
    const options = /** @type {import("./connection.js").Option[]} */ (data.options ?? offer.buttons ?? []);
    const nodes = data.steps ? [this.progress(data)] : [];
    if (data.multiple) return [...nodes, this.ticks(options, data)];
    const chips = options.map((option) =>
      h("button", { type: "button", class: "chip", onclick: () => this.answer([option.payload]) }, option.title),
    );
    return [...nodes, h("div", { class: "chips", role: "group", "aria-label": this.words.answers }, ...chips)];
  }

  /** @param {Record<string, any>} data */
  progress(data) {
    const steps = Math.max(data.step, data.steps);
    const text = fill(this.words.progress, { step: data.step, steps });
    return h("div", { class: "progress" }, h("span", {}, text), h("progress", { value: data.step, max: steps, "aria-label": text }));
  }

  /** @param {import("./connection.js").Option[]} options @param {Record<string, any>} data */
  ticks(options, data) {
    const draft = this.draft();
    const kept = draft.key === this.offerKey ? draft.ticks ?? [] : [];
    // The last options ("none of these", "not sure") exclude the findings before them.
    const alone = options.slice(data.findings?.length ?? options.length).map((option) => option.payload);
    const send = h("button", { class: "primary" }, this.words.sendTicks);
    const boxes = options.map((option) =>
      h("input", { type: "checkbox", value: option.payload, checked: kept.includes(option.payload), onchange: (/** @type {Event} */ event) => change(event) }),
    );
    const labels = options.map((option, index) => h("label", { class: alone.includes(option.payload) ? "alone" : "" }, boxes[index], h("span", {}, option.title)));
    const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
    const change = (/** @type {Event} */ event) => {
      const changed = /** @type {HTMLInputElement} */ (event.target);
      for (const box of changed.checked ? boxes : []) {
        if (box !== changed && (alone.includes(changed.value) || alone.includes(box.value))) box.checked = false;
      }
      send.disabled = !chosen().length;
      this.keepDraft();
    };
    send.disabled = !chosen().length;
    return h(
      "form", { class: "ticks", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), chosen().length && this.answer(chosen())) },
      h("fieldset", {}, h("legend", {}, this.words.tickAll), ...labels), send,
    );
  }

  togglePicture() {
    this.pointing = !this.pointing;
    this.pointButton.setAttribute("aria-expanded", String(this.pointing));
    this.showAnswers();
    if (this.pointing) {
      this.answers.querySelector(".pointing")?.scrollIntoView({ block: "nearest" });
      /** @type {SVGElement | null} */ (this.answers.querySelector(".place"))?.focus();
    } else this.pointButton.focus();
  }

  /** @param {string} text */
  point(text) {
    this.pointing = false;
    this.pointButton.setAttribute("aria-expanded", "false");
    this.follow = true;
    this.connection.send(text);
  }

  /** Bring what is new into sight: its beginning where it is long. @param {number} [index] of the first new message */
  scroll(index) {
    const target = index === undefined ? null : /** @type {HTMLElement} */ (this.log.children[index]);
    const top = target ? target.offsetTop - 12 : this.scroller.scrollHeight;
    const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: Math.min(top, this.scroller.scrollHeight), behavior: smooth ? "smooth" : "auto" });
  }
}

/**
 * The chat, on any page.
 *
 * Attributes: `server` (where the channel is; the widget's own origin otherwise), `clinic` (the name in the
 * title), `accent` (a CSS colour), `position` ("end" or "start"), `theme` ("light", "dark"; the system's
 * otherwise), `locale`, `remember` ("device" keeps the conversation beyond the tab), `open`.
 */
export class BacksignalChat extends HTMLElement {
  static observedAttributes = ["open", "accent", "position", "theme", "clinic"];
  /** Strings by locale; a page may add its own. */
  static locales = LOCALES;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    /** @type {Chat | null} */
    this.chat = null;
  }

  connectedCallback() {
    this.chat ??= new Chat(this, /** @type {ShadowRoot} */ (this.shadowRoot));
    this.chat.attach();
  }

  disconnectedCallback() {
    this.chat?.detach();
  }

  /** @param {string} name @param {string | null} before @param {string | null} after */
  attributeChangedCallback(name, before, after) {
    if (!this.chat || before === after) return;
    if (name !== "open") this.chat.restyle();
    else if (after === null) this.chat.hide();
    else this.chat.show(false);
  }
}

if (!customElements.get("backsignal-chat")) customElements.define("backsignal-chat", BacksignalChat);

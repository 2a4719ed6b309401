// What the widget itself says. All that is clinical comes from the server.

/** @typedef {typeof EN} Strings */

const EN = {
  launcher: "Ask about your back",
  title: "Back-pain assistant",
  panel: "Back-pain assistant of {clinic}",
  opening: "Opening the chat …",
  close: "Close the chat",
  menu: "More",
  log: "Conversation",
  you: "You:",
  assistant: "Assistant:",
  input: "Your message",
  placeholder: "Tell me in your own words …",
  send: "Send",
  sendTicks: "Send my answer",
  answers: "Answers to choose from",
  tickAll: "Tick all that apply",
  progress: "Question {step} of about {steps}",
  writing: "The assistant is writing",
  waiting: "Waiting to be sent",
  notSent: "Not sent.",
  tryAgain: "Try again",
  call: "Call {number}",
  offline: "You are offline. What you write is sent when you are back. In an emergency call {number}.",
  reconnecting: "The chat cannot reach the clinic. It keeps trying. In an emergency call {number}.",
  emergencyNumber: "your emergency number",
  back: "You are connected again.",
  failed: "Something went wrong. Please try again. In an emergency call {number}.",
  emergency: "Emergency",
  sources: "Where this comes from",
  source: "Source",
  yourWords: "Your words",
  offered: "Advice for you",
  withheld: "Not for you for now",
  ask_first: "To be checked first",
  point: "Point at where it hurts",
  pointHint: "Choose one or more places, then send. This is your back, seen from behind.",
  left: "Left",
  right: "Right",
  chosen: "Chosen: {places}",
  chosenNone: "Nothing chosen yet",
  person: "Talk to a person",
  summary: "Summary to print or save",
  restart: "Start again",
  forget: "Forget me",
  reference: "Your reference",
  note: "The note to read out",
  summaryTitle: "Summary of your chat",
  summaryResult: "Result",
  summaryAdvice: "Advice",
  summaryTold: "What you wrote",
  summaryNone: "There is no result yet. The questions are not finished.",
  print: "Print",
  save: "Save as a file",
  summaryFile: "back-pain-summary.txt",
  cancel: "Cancel",
  done: "Close",
  restartAsk: "Start again from the beginning?",
  restartMore: "The questions begin anew. What you wrote before is kept until you choose “Forget me”.",
  forgetAsk: "Erase this conversation?",
  forgetMore: "All that you wrote here and every answer is erased from our server at once. This cannot be undone. You may want to save the summary first.",
  forgetYes: "Erase it all",
  forgotten: "Your conversation is erased: from our server and from this page.",
  ended: "This chat has ended, so a new one was started.",
  kept: "My question will stand here: open this page again in this browser. Until then this chat is kept on this device. If others use it, choose “Forget me” when you are done.",
  unread: "New message",
};

/** The widget's strings by language; a page may add its own: `customElements.get("backsignal-chat").locales`. */
export const LOCALES = /** @type {Record<string, Partial<Strings>>} */ ({ en: EN });

/** The strings of a locale; what it lacks is English. @param {string} locale @returns {Strings} */
export function stringsOf(locale) {
  const language = locale.toLowerCase().split("-")[0];
  return { ...EN, ...LOCALES[language], ...LOCALES[locale] };
}

/** Fill in `{marks}`. @param {string} text @param {Record<string, string | number>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (mark, name) => String(values[name] ?? mark));
}

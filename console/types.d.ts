// What the service sends: docs/assist-openapi.yml in TypeScript's words. Read by the type checker alone.

export type Level = "self_care" | "soon" | "urgent" | "emergency";
export type Role = "caller" | "agent";
export type Answer = "present" | "absent" | "unsure";
export type Because = "misheard" | "taken_back";

export interface Me {
  id: string;
  name: string;
  roles: string[];
  recordings: boolean;
  heartbeat_seconds: number;
}

/** How the event stream stands. */
export type Link = "live" | "lost" | "signed-out" | "over";

/** The clinic's sign-in provider, as the service tells of it. */
export interface Provider {
  issuer: string;
  authorize_url: string;
  token_url: string;
  client_id: string;
  scope: string;
}

/** What a sign-in's answer is held against. */
export interface Flow {
  state: string;
  nonce: string;
  verifier: string;
  page: string;
}

export interface Summary {
  id: string;
  owner: string;
  opened_at: string;
  turns: number;
  level: Level;
  supported: Level;
  open: number;
}

/** What is sent of a turn: `final` is false while the words may still change. */
export interface Said {
  role: Role;
  text: string;
  request_id: string;
  segment?: string;
  final?: boolean;
}

export interface Turn {
  id: string;
  number: number;
  role: Role;
  text: string;
  at: string;
  started: number | null;
  corrected: boolean;
  read: boolean;
  asks: string[];
  version: number;
}

/** A turn that is still being spoken. */
export interface Speaking {
  segment: string;
  role: Role;
  text: string;
}

export interface Tick {
  status: Answer;
  by: string;
  at: string;
  because: Because | null;
}

export interface Row {
  finding: string;
  label: string;
  say: string;
  group: string;
  group_title: string;
  level: Level | null;
  status: Answer | "not_asked" | "asked";
  quote: string;
  side: "left" | "right" | "both" | null;
  machine: { status: Answer | null; quote: string; turn: string | null };
  tick: Tick | null;
  contradicted: string | null;
  suspected: boolean;
  newer_than_tick: boolean;
}

export interface Question {
  id: string;
  findings: string[];
  text: string;
  why: string;
  kind: "sure" | "ask" | "number" | "advice";
  asked: boolean;
}

export interface Reason {
  level: Level;
  why: string;
  quote: string;
}

export interface Triage {
  level: Level;
  label: string;
  supported: Level;
  supported_label: string;
  highest: Level;
  open: number;
  all: number;
  reasons: Reason[];
  say: string;
  safety_net: string[];
  history: { at: string; level: Level }[];
}

export interface Emergency {
  do: string;
  until_then: string;
  tell: string;
}

export interface Advice {
  topic: string;
  title: string;
  status: "offered" | "withheld" | "ask_first";
  because: string[];
  instead: string[];
  say: string[];
  movements: string[];
  dont: string[];
  stop_if: string[];
  given: string | null;
}

/** All of a call but its turns. A part that could not be made is null. */
export interface State {
  id: string;
  version: number;
  owner: string;
  opened_at: string;
  closed_at: string | null;
  speaking_for: string | null;
  remarks: string;
  said: Record<string, string>;
  checklist: Row[] | null;
  next_question: Question | null;
  triage: Triage | null;
  emergency: Emergency | null;
  advice: Advice[] | null;
  numbers: Record<string, { value: number }> | null;
  note: string | null;
  failed: string[];
}

/** News of a call: its state with what of the turns is new. */
export interface News extends State {
  turns?: Turn[];
  partials?: Record<string, Speaking>;
}

export interface Completed {
  note: string;
  fhir: object;
}

export interface Recording {
  id: string;
  title: string;
  turns: { role: Role; text: string; started: number }[];
}

/** What is shown of a call: what it draws, and where the focus goes. */
export interface Part {
  node: HTMLElement;
  render(call: Shown): void;
}

/** A call whose state has come. */
export type Shown = import("./call.js").Call & { state: State };

export type Keys = Record<"asked" | "none" | "role" | "complete", string>;

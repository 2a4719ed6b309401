// Signing in with the clinic's OpenID Connect provider: authorization code flow with PKCE.

import { send } from "./api.js";

/** @import { Flow, Provider } from "./types.js" */

const FLOW = "backsignal.sign-in";
const LEEWAY_SECONDS = 30;
const FAILED = "The sign-in could not be completed. Please try again.";

// The provider that the service names, null where it names none.
/** @returns {Promise<Provider | null>} */
export async function provider() {
  return (await send("GET", "sign-in")).provider;
}

// Leaves for the provider's page. What its answer will be held against waits in this tab alone.
/** @param {Provider} offered */
export async function leaveFor(offered) {
  if (!isSecureContext) throw new Error("This works over https only. Please tell whoever runs this service.");
  const flow = { state: secret(), nonce: secret(), verifier: secret(), page: location.search };
  sessionStorage.setItem(FLOW, JSON.stringify(flow));
  const address = new URL(offered.authorize_url);
  const asked = {
    response_type: "code",
    client_id: offered.client_id,
    redirect_uri: returnAddress(),
    scope: offered.scope,
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(flow.verifier))),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  location.assign(address.href);
}

// Whether the page's address holds a provider's answer.
export function isBack() {
  const given = new URLSearchParams(location.search);
  return given.has("state") && (given.has("code") || given.has("error"));
}

// The access token for the answer in the page's address. Throws where this tab did not ask for this answer.
export async function finish() {
  const given = new URLSearchParams(location.search);
  /** @type {Flow | null} */
  const flow = JSON.parse(sessionStorage.getItem(FLOW) ?? "null");
  sessionStorage.removeItem(FLOW);
  const code = given.get("code");
  const ours = flow !== null && given.get("state") === flow.state;
  // A code belongs in no history, and an answer is tried once.
  history.replaceState(null, "", location.pathname + (ours ? flow.page : ""));
  if (!ours) throw new Error("This sign-in was not begun here. Please sign in again.");
  if (given.has("error")) throw new Error(`The sign-in was not completed (${given.get("error")}).`);
  const offered = await provider();
  if (!offered || code === null) throw new Error(FAILED);
  const tokens = await exchange(offered, code, flow.verifier);
  if (!isMeant(tokens.id_token, offered, flow.nonce)) throw new Error("The sign-in was answered for somebody else. Please sign in again.");
  return tokens.access_token;
}

/** @param {Provider} offered @param {string} code @param {string} verifier */
async function exchange(offered, code, verifier) {
  const form = { grant_type: "authorization_code", code, redirect_uri: returnAddress(), client_id: offered.client_id, code_verifier: verifier };
  const answer = await fetch(offered.token_url, {
    method: "POST",
    body: new URLSearchParams(form),
    credentials: "omit",
    redirect: "error",
    cache: "no-store",
  }).catch(() => null);
  if (!answer?.ok) throw new Error(FAILED);
  return answer.json();
}

// Whether the identity token is this provider's, for this console and this very sign-in. It came from the
// provider itself, so its signature says nothing more; the access token's is checked by the service.
/** @param {string} idToken @param {Provider} offered @param {string} nonce */
function isMeant(idToken, offered, nonce) {
  const claims = claimsOf(idToken);
  const audience = [claims?.aud].flat();
  return (
    claims?.iss === offered.issuer &&
    audience.includes(offered.client_id) &&
    (audience.length === 1 || claims.azp === offered.client_id) &&
    claims.exp > Date.now() / 1000 - LEEWAY_SECONDS &&
    claims.nonce === nonce
  );
}

/** @param {string} idToken */
function claimsOf(idToken) {
  try {
    const body = atob(idToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(body, (sign) => sign.charCodeAt(0))));
  } catch {
    return null;
  }
}

const returnAddress = () => location.origin + location.pathname;
const secret = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** @param {ArrayBuffer | Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

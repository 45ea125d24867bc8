/**
 * The scene of every attack: a company whose identity provider is pinned, attacker@corp.example who has an account there,
 * and the door (the core as the ACS uses it) that must never let him in as victim@corp.example.
 */
import {
  type Certificate,
  decideResponse,
  importDecryptionKey,
  type ResponseExpectations,
  readCertificates,
  type SamlRefusalCode,
  type VerifiedAssertion,
} from "../../../src/saml/index.ts";
import {
  type Attributes,
  createIdentityProvider,
  entraClaims,
  guidFor,
  type IdentityProvider,
  type ResponseOptions,
  type SentResponse,
  toBase64,
} from "../identity-provider.ts";
import { type KeyPair, keyPair } from "./keys.ts";

export const NOW = Date.UTC(2026, 10, 20, 9, 0, 0);
export const ORIGIN = "https://corp.vestibule.example";
export const ACS = `${ORIGIN}/sso/acs`;
export const ENTITY_ID = `${ORIGIN}/sso/metadata`;
export const REQUEST = "_request-1";
export const ATTACKER = "attacker@corp.example";
export const VICTIM = "victim@corp.example";
export const attackerClaims = () => entraClaims({ email: ATTACKER, givenName: "Mallory", surname: "Attacker" });
export const victimClaims = () => entraClaims({ email: VICTIM, givenName: "Vera", surname: "Victim" });

/** Every word that tells the attacker from the victim, changed. */
export function asVictim(xml: string): string {
  return xml
    .replaceAll(ATTACKER, VICTIM)
    .replaceAll(guidFor(ATTACKER), guidFor(VICTIM))
    .replaceAll("Mallory", "Vera")
    .replaceAll(">Attacker<", ">Victim<");
}

export type Overrides = Partial<ResponseExpectations>;
export type Recipe = Partial<ResponseOptions>;

export interface Scene {
  readonly idp: IdentityProvider;
  /** Another identity provider, with a key that nobody pinned (and the same entityId unless told otherwise). */
  readonly mallory: IdentityProvider;
  readonly sp: KeyPair;
  readonly expectations: ResponseExpectations;
  readonly options: ResponseOptions;
  /** A genuine response for the attacker. */
  own(recipe?: Recipe): Promise<SentResponse>;
  /** What the identity provider would say for the victim: only for things that were stolen, or signed unusually. */
  victims(recipe?: Recipe): Promise<SentResponse>;
}

export async function certificateOf(idp: IdentityProvider): Promise<Certificate> {
  const read = await readCertificates(idp.certificate);
  const certificate = read.ok ? read.value[0] : undefined;
  if (!certificate) throw new Error("the certificate of the tests is not readable");
  return certificate;
}

const scenes = new Map<string, Promise<Scene>>();

export function scene(keyKind: "RSA-2048" | "P-256" | "P-384" = "RSA-2048"): Promise<Scene> {
  const known = scenes.get(keyKind);
  if (known) return known;
  const made = makeScene(keyKind);
  scenes.set(keyKind, made);
  return made;
}

async function makeScene(keyKind: "RSA-2048" | "P-256" | "P-384"): Promise<Scene> {
  const idp = await createIdentityProvider({ keyKind });
  const mallory = await createIdentityProvider({ keyKind, keyName: "mallory" });
  const sp = await keyPair("RSA-2048", "sp");
  const options: ResponseOptions = {
    acsUrl: ACS,
    spEntityId: ENTITY_ID,
    now: NOW,
    inResponseTo: REQUEST,
    nameID: ATTACKER,
    attributes: attackerClaims(),
  };
  const expectations: ResponseExpectations = {
    now: NOW + 2_000,
    clockSkewSeconds: 120,
    spEntityId: ENTITY_ID,
    acsUrl: ACS,
    idpEntityIds: [idp.entityId],
    certificates: [await certificateOf(idp)],
    allowSha1: false,
    wantEncryptedAssertions: false,
    decryptionKeys: [await importDecryptionKey(sp.pkcs8)],
    allowIdpInitiated: false,
    authnInstantNotBefore: null,
    requestedAuthnContext: [],
  };
  return {
    idp,
    mallory,
    sp,
    expectations,
    options,
    own: (recipe) => idp.respond({ ...options, ...recipe }),
    victims: (recipe) => idp.respond({ ...options, nameID: VICTIM, attributes: victimClaims(), ...recipe }),
  };
}

export type Outcome =
  | { readonly ok: true; readonly assertion: VerifiedAssertion }
  | { readonly ok: false; readonly code: string; readonly expected?: string; readonly received?: string };

/** One ACS: the core, then what the ACS itself owes (the pending request answered once, the assertion used once). */
export class Door {
  readonly #used = new Set<string>();
  #pending: string | null;
  readonly #expectations: ResponseExpectations;

  constructor(expectations: ResponseExpectations, pending: string | null = REQUEST) {
    this.#expectations = expectations;
    this.#pending = pending;
  }

  /** A new sign-in was started. */
  expectAnswerTo(request: string): void {
    this.#pending = request;
  }

  async present(samlResponse: string): Promise<Outcome> {
    const decision = await decideResponse(samlResponse, this.#expectations);
    if (!decision.ok) return { ok: false, ...decision.refusal };
    const { assertion } = decision;
    if (assertion.inResponseTo !== this.#pending) return { ok: false, code: "in_response_to_mismatch" };
    const use = JSON.stringify([assertion.issuer, assertion.id]);
    if (this.#used.has(use)) return { ok: false, code: "assertion_used" };
    this.#used.add(use);
    this.#pending = null;
    return { ok: true, assertion };
  }
}

/** Everything that an accepted assertion claims, as text that compares byte for byte. */
export function claimsOf(assertion: VerifiedAssertion): string {
  const { attributes, certificateSha256: _c, signatureAlgorithm: _s, ...rest } = assertion;
  return JSON.stringify({ ...rest, attributes: [...attributes] });
}

/** An XML text or a whole form field, by what it begins with. */
export const fieldOf = (message: string | Uint8Array | SentResponse) =>
  typeof message === "string" && !/^\s*<|^\ufeff/.test(message)
    ? message
    : toBase64(typeof message === "object" && "xml" in message ? message.xml : message);

export async function outcomeOf(
  message: string | Uint8Array | SentResponse,
  s: Scene,
  overrides: Overrides = {},
): Promise<Outcome> {
  return new Door({ ...s.expectations, ...overrides }).present(fieldOf(message));
}

export async function mustAccept(
  message: string | Uint8Array | SentResponse,
  s: Scene,
  overrides: Overrides = {},
): Promise<VerifiedAssertion> {
  const outcome = await outcomeOf(message, s, overrides);
  if (!outcome.ok) throw new Error(`an honest message was refused: ${JSON.stringify(outcome)}`);
  return outcome.assertion;
}

export type Code = SamlRefusalCode | "assertion_used";

export async function mustRefuse(
  message: string | Uint8Array | SentResponse,
  codes: readonly Code[],
  s: Scene,
  overrides: Overrides = {},
): Promise<void> {
  const outcome = await outcomeOf(message, s, overrides);
  if (outcome.ok)
    throw new Error(`ATTACK ACCEPTED as ${outcome.assertion.nameID.value}: ${claimsOf(outcome.assertion)}`);
  if (!codes.includes(outcome.code as Code)) {
    throw new Error(`refused, but for another reason than ${codes.join(" or ")}: ${JSON.stringify(outcome)}`);
  }
}

/** "Accept as self or refuse": what is accepted equals, byte for byte, what the given genuine message claims. */
export async function asSelfOrRefused(
  message: string | Uint8Array | SentResponse,
  genuine: SentResponse,
  s: Scene,
  overrides: Overrides = {},
): Promise<"self" | string> {
  const self = claimsOf(await mustAccept(genuine, s, overrides));
  const outcome = await outcomeOf(message, s, overrides);
  if (!outcome.ok) return outcome.code;
  if (claimsOf(outcome.assertion) !== self)
    throw new Error(`ATTACK ACCEPTED: ${claimsOf(outcome.assertion)} is not ${self}`);
  return "self";
}

export function asLists(attributes: Attributes): Record<string, string[]> {
  return Object.fromEntries(Object.entries(attributes).map(([name, values]) => [name, [values].flat()]));
}
